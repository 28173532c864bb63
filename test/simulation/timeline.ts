/** Something that happens later, unless it is called off before. */
export interface Planned {
  at: number
  order: number
  run: (() => void) | undefined
}

/** Virtual time: what is planned happens in the order of its time, and no real time passes in between. */
export class Timeline {
  /** Milliseconds since 1970. */
  now: number
  steps = 0
  private readonly heap: Planned[] = []
  private order = 0

  constructor(start: number) {
    this.now = start
  }

  after(milliseconds: number, run: () => void): Planned {
    this.order += 1
    const planned = { at: this.now + Math.max(0, milliseconds), order: this.order, run }
    this.push(planned)
    return planned
  }

  /** What was planned does not happen, and costs no step. */
  callOff(planned: Planned): void {
    planned.run = undefined
  }

  /** Does what comes next, and gives whether there was anything. The caller lets the promises settle afterwards. */
  step(): boolean {
    let next = this.pop()
    while (next && !next.run) next = this.pop()
    if (!next?.run) return false
    this.now = next.at
    this.steps += 1
    next.run()
    return true
  }

  private push(planned: Planned): void {
    const { heap } = this
    let place = heap.length
    heap.push(planned)
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (!before(planned, heap[parent] as Planned)) break
      heap[place] = heap[parent] as Planned
      place = parent
    }
    heap[place] = planned
  }

  private pop(): Planned | undefined {
    const { heap } = this
    const first = heap[0]
    const last = heap.pop()
    if (!first || !last || heap.length === 0) return first
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1] as Planned, heap[child] as Planned)) child += 1
      if (!before(heap[child] as Planned, last)) break
      heap[place] = heap[child] as Planned
      place = child
    }
    heap[place] = last
    return first
  }
}

const before = (a: Planned, b: Planned) => a.at < b.at || (a.at === b.at && a.order < b.order)

/**
 * Lets every promise that can go on go on, until all of them wait for the timeline.
 *
 * Node runs a tick only when no promise is left to go on, and asks the kernel for nothing meanwhile: a turn of its
 * event loop costs a system call. What a tick lets go on in turn is waited for by the second one.
 */
export const settled = (): Promise<void> =>
  new Promise((resolve) => process.nextTick(() => process.nextTick(resolve)))

/** Lets what the event loop has for this thread come in. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

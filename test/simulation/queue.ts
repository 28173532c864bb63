import type { Found } from './evidence.js'
import type { Functions, Result } from './functions.js'
import type { Timeline } from './timeline.js'

/** infra/bus.yml: how long SQS hides a message that was taken, and how often it gives it out. */
const HIDDEN = 360_000
const RECEIVES_MAX = 5
const BATCH_MAX = 10

interface Message<Event> {
  event: Event
  raw: Found
  visibleAt: number
  receives: number
}

interface World<Event> {
  timeline: Timeline
  functions: Functions
  stage: string
  took(event: Event): void
  received(event: Event, result: Result): void
  /** A message leaves the queue: done, or given up after its last receive. */
  left(event: Event, givenUp: boolean): void
}

/** SQS in front of a function: batches, a visibility time-out, partial answers, and an end to the receives. */
export class Queue<Event> {
  private readonly messages: Message<Event>[] = []

  constructor(private readonly world: World<Event>) {}

  put(event: Event, raw: Found, delay: number): void {
    const { timeline } = this.world
    this.messages.push({ event, raw, visibleAt: timeline.now + delay, receives: 0 })
    timeline.after(delay + 20, () => this.poll())
  }

  /** Takes what is visible, a batch at a time. */
  private poll(): void {
    const { timeline, functions, stage, took } = this.world
    const batch = this.messages.filter(({ visibleAt }) => visibleAt <= timeline.now).slice(0, BATCH_MAX)
    if (batch.length === 0) return
    const Records = batch.map(({ raw }, place) => ({ messageId: String(place), body: JSON.stringify(raw) }))
    for (const message of batch) {
      message.visibleAt = timeline.now + HIDDEN
      message.receives += 1
      took(message.event)
    }
    functions.invoke(stage, { Records }, (result, answer) => this.answered(batch, result, answer as Found))
  }

  private answered(batch: Message<Event>[], result: Result, answer: Found): void {
    const { timeline, received, left } = this.world
    const items = (result === 'done' ? answer.batchItemFailures : []) as { itemIdentifier: string }[]
    const back = new Set(items.map(({ itemIdentifier }) => itemIdentifier))
    for (const [place, message] of batch.entries()) {
      const failed = result === 'done' && back.has(String(place))
      received(message.event, failed ? 'threw' : result)
      const again = failed || result !== 'done'
      if (again && message.receives < RECEIVES_MAX) {
        timeline.after(message.visibleAt - timeline.now + 10, () => this.poll())
        continue
      }
      this.messages.splice(this.messages.indexOf(message), 1)
      left(message.event, again)
    }
  }
}

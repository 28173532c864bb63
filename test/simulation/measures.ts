import type { Item } from '../../shared/ledger.js'
import type { SimEvent, SimJob } from './evidence.js'
import { LANES } from './project.js'

/** The longest that something that was lost stayed unnoticed, in virtual milliseconds, with the seed of it. */
export interface Longest {
  milliseconds: number
  seed: number
  what: string
  /** How many were measured. */
  count: number
}
/** How long the worst case took: an event that was lost, the end of an ECS task, the end of a Glue run. */
export type Worst = Record<'lost event' | 'ECS end' | 'Glue end', Longest>

const none = (): Longest => ({ milliseconds: 0, seed: -1, what: '', count: 0 })
export const newWorst = (): Worst => ({ 'lost event': none(), 'ECS end': none(), 'Glue end': none() })
/**
 * The bars in milliseconds, from the loss or the end on. A Glue run promises no more than its time-out and ten minutes;
 * held is what a task promises. A start that stood still, clocks that differ and a pass just missed add up to 10.2 minutes.
 */
export const BARS: Record<keyof Worst, number> = {
  'lost event': 600_000,
  'ECS end': 900_000,
  'Glue end': 900_000,
}

type Get = (PK: string, SK: string) => Item | undefined

interface Watched {
  kind: keyof Worst
  since: number
  what: string
  /** The event by its name and run, for when it is put once more. */
  again?: string
  /** Whether the ledger shows by now that somebody took it in hand. */
  noticed(get: Get): boolean
}

/** Watches what was lost until the ledger shows that it was noticed, and keeps the worst case. */
export class Measures {
  private watched: Watched[] = []

  constructor(
    private readonly seed: number,
    private readonly worst: Worst,
  ) {}

  lost(event: SimEvent, now: number, get: Get, fileId: (key: string) => string | undefined): void {
    const { name, detail, id } = event
    const key = keysOf(name, detail, get, fileId)
    if (key)
      this.watched.push({
        kind: 'lost event',
        since: now,
        what: `${id} ${name}`,
        again: `${name} ${detail.runId}`,
        ...key,
      })
  }

  ended(job: SimJob, now: number): void {
    const kind = job.service === 'ecs' ? 'ECS end' : 'Glue end'
    const noticed: Watched['noticed'] = (get) => {
      const run = get(`RUN#${job.runId}`, 'META')
      return run?.state !== 'RUNNING' || run.attempt !== job.attempt
    }
    this.watched.push({ kind, since: now, what: `${job.job} of ${job.runId}/${job.attempt}`, noticed })
  }

  /** The same event once more: it is driven again, whether or not it is heard this time. */
  announced({ name, detail }: SimEvent, now: number): void {
    const again = `${name} ${detail.runId}`
    this.end(now, (one) => one.again !== again)
  }

  /** Looks at the ledger after a change. */
  look(now: number, get: Get): void {
    if (this.watched.length === 0) return
    this.end(now, (one) => !one.noticed(get))
  }

  private end(now: number, goesOn: (one: Watched) => boolean): void {
    this.watched = this.watched.filter((one) => {
      if (goesOn(one)) return true
      const longest = this.worst[one.kind]
      longest.count += 1
      const milliseconds = now - one.since
      if (milliseconds > longest.milliseconds)
        Object.assign(longest, { milliseconds, seed: this.seed, what: one.what })
      return false
    })
  }
}

/** Where the ledger shows that an event's business step was taken, whoever took it. */
function keysOf(
  name: string,
  detail: SimEvent['detail'],
  now: Get,
  fileId: (key: string) => string | undefined,
): Pick<Watched, 'noticed'> | undefined {
  const run = (get: Get) => get(`RUN#${detail.runId}`, 'META')
  const steps = (item: Item | undefined) => (item?.history as unknown[] | undefined)?.length ?? 0
  if (['Batch Ready', 'Build Ready', 'Extract Ready'].includes(name)) {
    // Somebody else was faster, or the run rests on purpose before its next attempt.
    if (!['FILLING', 'READY'].includes(String(run(now)?.state)) || run(now)?.notBefore) return undefined
    const before = steps(run(now))
    return { noticed: (get) => steps(run(get)) > before }
  }
  const entries = entriesOf(name, detail)
  if (entries.length > 0) return { noticed: (get) => entries.some((PK) => get(PK, 'META') !== undefined) }
  if (name !== 'Object Created') return undefined
  return { noticed: (get) => known(get, fileId(detail.object.key)) }
}

/** The records that one consumer or another has heard of it. */
function entriesOf(name: string, { runId, domains = [] }: SimEvent['detail']): string[] {
  if (name === 'Silver Updated') return LANES.map((lane) => `ENTRY#build:${lane}#silver:${runId}`)
  if (name === 'Gold Built') return domains.map((domain: string) => `ENTRY#publish:${domain}#gold:${runId}`)
  return name === 'Stage Failed' || name === 'Gate Failed' ? [`ENTRY#alert#run:${runId}`] : []
}

const known = (get: Get, id: string | undefined) =>
  id === undefined || get(`FILE#${id}`, 'META') !== undefined

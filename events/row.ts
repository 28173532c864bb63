import type * as ours from './catalog.js'
import type { Right } from './rights.js'

/** One row of the chain: a stage with what wakes it, what it starts, what it emits and what it may touch. */
export interface Row {
  stage: string
  phase: 'ingest' | 'cleanse' | 'transform' | 'publish' | 'operate' | 'serve'
  does: string
  on: readonly Trigger[]
  starts?: readonly Work[]
  emits?: readonly ours.EventName[]
  /** What the role allows beyond logging and the events above; `rights.ts` spells each one out. */
  may: readonly Right[]
}

export type Work =
  | 'cleanse task'
  | 'cleanse job'
  | 'dbt task'
  | 'extract task'
  | 'compact task'
  | 'compact job'

/** `schedules` name who is asked by the clock: EventBridge Scheduler puts one of our events, which the row hears too. */
export type Trigger =
  | { event: ours.EventName }
  | { landing: 'bronze' }
  | { queue: 'later' }
  | { ended: Work }
  | { alarm: 'dead letters' }
  | { everyMinutes: number }
  | { schedules: Schedules }
  | { http: readonly string[] }

type Schedules = 'sources' | 'builds' | 'editions' | 'compaction'

/** The trigger of an event of ours. */
export const on = (event: ours.Event): Trigger => ({ event: event.name })

import type { Engine, RunState } from './run.js'

/**
 * How long each thing may take before somebody looks, all in one place; `docs/failures.md` shows them. The reconciler
 * passes every five minutes, so the worst case of each is its own bound and one pass more.
 */
export const PASS_SECONDS = 300

/** Seconds that a run may rest in a state before the reconciler looks after it. */
export const DUE_SECONDS = {
  FILLING: 60,
  READY: 60,
  /** The lease of an intent without a job: longer than the 60 s time-out of the function that starts it. */
  RUNNING: 120,
  COMMITTING: 240,
  COMMITTED: 120,
  PARKED: 120,
  REPLAYED: 'never',
} as const satisfies Record<RunState, number | 'never'>
/**
 * A job whose start nobody can repeat is asked for within this time after its intent, or not at all: the reconciler lives
 * for longer than the lease, and a call that stands still for a minute must have been made before the lease is over.
 */
export const START_WITHIN_SECONDS = 40
/** How often the reconciler asks after a job whose end nobody announced. */
export const JOB_ASKED_SECONDS = 240
/** Seconds until a job that does not end is given up. */
export const JOB_SECONDS_MAX = {
  duckdb: 3_600,
  spark: 7_200,
  dbt: 3_600,
  /** An extraction goes at the pace that its source allows. */
  dlt: 14_400,
  'dbt-platform': 14_400,
} as const satisfies Record<Engine, number>
/** A run that waits for Glue is woken by the end of another; this late it looks for itself. */
export const TOKEN_SECONDS = 120
/** After a telling or a drive that failed the run goes to the end of the line; it is late again by the next pass. */
export const POSTPONED_SECONDS = 60

/** What one pass may touch, so that its cost and time are bounded; the next pass goes on where this one stopped. */
export const PASS = {
  runs: 500,
  runsPerPage: 100,
  runsAtOnce: 8,
  lanesPerPage: 500,
  lanePages: 10,
  readsAtOnce: 16,
  /** No new run is taken on when a pass has lasted this long; its function lives for 240 s. */
  seconds: 180,
  /** Hours of bronze that are listed: those since the last complete listing, at least and at most. */
  hoursMin: 3,
  hoursMax: 48,
  /** An extraction writes all of its files below the hour in which it began, and may take four. */
  hoursOfExtract: 6,
  /** Landings that came this long before the last complete listing are asked for again: clocks differ. */
  overlapSeconds: 600,
  /** Pages of what lies in those hours, of one folder of a source. */
  pagesPerFeed: 150,
  /** Of a folder that names no date. */
  pagesUndated: 2,
  /** Object versions of all of bronze that a pass looks at, whatever their hour and source, page after page. */
  swept: 200,
} as const

interface Bound {
  state: string
  lateSeconds: number
  does: string
}

/** What is late, and what the reconciler does about it: the table of the page. */
export const BOUNDS: readonly Bound[] = [
  { state: 'a landing without its event', lateSeconds: 0, does: 'lets the file join its lane' },
  { state: 'a lane without holder in which something waits', lateSeconds: 0, does: 'claims it' },
  { state: '`FILLING`', lateSeconds: DUE_SECONDS.FILLING, does: 'seals the run with what it has' },
  { state: '`READY`', lateSeconds: DUE_SECONDS.READY, does: 'starts the run' },
  { state: '`READY`, waiting for Glue', lateSeconds: TOKEN_SECONDS, does: 'tries again, in its old place' },
  {
    state: '`RUNNING` without a job',
    lateSeconds: DUE_SECONDS.RUNNING,
    does: 'looks for the job or repeats the request, which finds it',
  },
  {
    state: '`RUNNING` with a job',
    lateSeconds: JOB_ASKED_SECONDS,
    does: 'asks ECS, Glue or the dbt platform; takes the end in, or asks again later',
  },
  { state: '`COMMITTING`', lateSeconds: DUE_SECONDS.COMMITTING, does: 'goes on with the commit' },
  {
    state: '`COMMITTED`, not heard by every consumer',
    lateSeconds: DUE_SECONDS.COMMITTED,
    does: 'announces it again',
  },
  { state: '`PARKED`, in no incident', lateSeconds: DUE_SECONDS.PARKED, does: 'announces it again' },
]

import type { Engine, RunState } from './run.js'

/**
 * How long each thing may take before somebody looks, all in one place; `docs/failures.md` shows them, by `late.ts`. The
 * reconciler passes every five minutes, so the worst case of each is its own bound and one pass more.
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
/**
 * What a service says of its jobs may lag behind their start: ECS is eventually consistent (its API reference, RunTask).
 * A job that it does not know is asked for once more after this time, and only then lost.
 */
export const UNKNOWN_SECONDS = 60
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

/** How long after a finished sync the reconciler looks whether its consumers have heard of it, and how long after that. */
export const SYNC_HEARD_SECONDS = 120
export const SYNC_HEARD_AGAIN_SECONDS = 300
/** The same for a sync that its source's API has still to confirm; the stage asks three times in the meantime. */
export const SYNC_CONFIRMED_SECONDS = 300
export const SYNC_CONFIRMED_AGAIN_SECONDS = 900
/** A sync that its source's API has not confirmed within a day does not count. */
export const SYNC_UNCONFIRMED_SECONDS_MAX = 24 * 3_600

/** Seconds until the reconciler looks after a backfill of which nobody heard. */
export const BACKFILL_DUE_SECONDS = 240
/** Seconds until the stage looks again after a backfill that live traffic holds back. */
export const HELD_SECONDS = 60

/** Seconds until the reconciler asks again for a rollback whose tables have not followed. */
export const FOLLOWED_WITHIN_SECONDS = 120
/**
 * How long whoever tells people may take to be heard of: longer than the two tries that Lambda makes after the first.
 * Then the event counts as lost, for the record of its consumer ends a telling, not our PutEvents.
 */
export const UNHEARD_SECONDS = 240

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

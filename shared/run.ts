import type { FailureClass } from '../events/catalog.js'
import { DUE_SECONDS } from './bounds.js'
import { type Clock, iso } from './clock.js'
import type { Priority } from './declared.js'
import { absent, type Condition, INDEXED, type Item, is, type Key, type Value, type Write } from './ledger.js'
import { type Failure, POLICIES } from './policies.js'

/**
 * A run is one unit of heavy work: a cleanse of one entity's batch, a dbt build of one lane of domains, a compaction of
 * one entity's silver, or an extraction from one source, which may be a job of another engine that Sluice only starts.
 */
export type RunKind = 'cleanse' | 'build' | 'extract' | 'compact'
export const RUN_STATES = [
  'FILLING',
  'READY',
  'RUNNING',
  'COMMITTING',
  'COMMITTED',
  'PARKED',
  'REPLAYED',
] as const
export type RunState = (typeof RUN_STATES)[number]
export type Engine = 'duckdb' | 'spark' | 'dbt' | 'dlt' | 'dbt-platform'
/** Engines whose start takes no token: to repeat it would be a second job, so a lost one is looked for. */
export const WITHOUT_TOKEN: readonly Engine[] = ['spark', 'dbt-platform']

export type Run = Item & {
  runId: string
  kind: RunKind
  lane: string
  /** The entity of a cleanse or a compaction, the lane's domains joined by `+` of a build, the source of an extraction. */
  subject: string
  state: RunState
  /** Counts every intent to start, so it is the fence between attempts. It only grows. */
  attempt: number
  /** Attempts that failed; a service at its limit is no failure. */
  tries: number
  failures?: Failure[]
  createdAt: string
  dueAt?: string
  engine?: Engine
  job?: string
  takeUps?: number
  lastFailure?: string
  reason?: string
  /** Why a parked run was parked; absent when its gate held it back. */
  failureClass?: FailureClass
  /** A READY run rests until then. */
  notBefore?: string
  /** How many sizes above the stage's own the next attempt gets. */
  larger?: number
  /** The next attempt is not on spot capacity. */
  onDemand?: boolean
  /** When its oldest and its newest input had come to Sluice. */
  arrivedAt?: string
  newestAt?: string
  /** Which of several waiting runs goes first: the highest of its entries; normal when absent. */
  priority?: Priority
  /** What ties it to the deliveries that it goes back to (shared/correlation.ts). */
  correlationId?: string
  correlationIds?: string[]
  correlationCount?: number
  /** Its place in the queue for Glue. */
  waitingSk?: string
  /** The attempt that was stopped because it ran too long. */
  givenUp?: number
  /** The attempt whose job the service did not know when it was asked for last. */
  unknown?: number
  /** Who let this run pass its gate, and why. */
  waiver?: Waiver
}

export type Waiver = { by: string; why: string }

/** How often an intent whose starter died is taken up by repeating its request, before the run is parked. */
export const TAKE_UPS_MAX = POLICIES.never_started.attempts - 1
export const runKey = (runId: string): Key => ({ PK: `RUN#${runId}`, SK: 'META' })
export const inputKey = (runId: string, ownerPk: string): Key => ({ PK: `RUN#${runId}`, SK: `IN#${ownerPk}` })
export const attemptPath = (runId: string, attempt: number) => `runs/${runId}/attempt=${attempt}/`

/** The job's name for one attempt, as ECS's `startedBy` carries it: letters, digits, `-`, `_` and `/` are allowed there. */
export const attemptName = (runId: string, attempt: number) => `${runId}/${attempt}`
/** The run and attempt that `attemptName` made, or nothing when a task was started by somebody else. */
export function parseAttemptName(name: string | undefined): { runId: string; attempt: number } | undefined {
  const match = /^([0-9a-z]{26})\/([0-9]{1,6})$/.exec(name ?? '')
  return match ? { runId: match[1] as string, attempt: Number(match[2]) } : undefined
}

export interface Move {
  set?: Record<string, Value>
  append?: Record<string, Value[]>
  remove?: string[]
  when: Condition[]
  /** Seconds from now until the reconciler looks, instead of the state's own bound; `never` when nobody has to. */
  dueSeconds?: number | 'never'
}

/** The write that moves a run to a state: sets its bound, and appends the step to its history. */
export function moveRun(clock: Clock, runId: string, state: RunState, move: Move): Write {
  const now = clock.now()
  const { attempt, reason } = move.set ?? {}
  const step = { at: iso(now), state, ...(attempt !== undefined && { attempt }), ...(reason && { reason }) }
  const seconds = move.dueSeconds ?? DUE_SECONDS[state]
  const due: Record<string, Value> =
    seconds === 'never' ? {} : { duePk: INDEXED, dueAt: dueAt(clock, seconds) }
  return {
    update: runKey(runId),
    set: { state, ...due, ...move.set },
    append: { history: [step], ...move.append },
    remove: [...(move.remove ?? []), ...(seconds === 'never' ? ['duePk', 'dueAt'] : [])],
    when: move.when,
  }
}

export const dueAt = (clock: Clock, seconds: number) => iso(clock.now() + seconds * 1_000)

/** The condition that a run is still in this state and attempt. */
export const stillAt = (state: RunState, attempt: number): Condition[] => [
  is('state', state),
  is('attempt', attempt),
]
export const unlinked = absent('job')

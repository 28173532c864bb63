import { BACKFILL_DUE_SECONDS } from '../bounds.js'
import { type Clock, iso } from '../clock.js'
import { absent, INDEXED, type Item, type Key, type LedgerReader, type Value, type Write } from '../ledger.js'
import { dueAt } from '../run.js'
import { type Chunked, chunkCount } from './range.js'

/**
 * A backfill: one item that says how far it got, changed by one conditional write at a time (`version`), and an item for
 * each chunk that was ever let go. A chunk that was not is no item: the range says which there are.
 */
type BackfillState = 'running' | 'paused' | 'done' | 'cancelled' | 'failed'

/** A chunk under way, by the number of the lane `extract:<source>:<slot>` that is its own meanwhile. */
export type Slot = {
  place: number
  /** How often it was let go since the backfill was last resumed. */
  tries: number
  releasedAt: string
  /** The parked run that must be put back for this try: it failed before. */
  again?: string
}

/** A chunk that failed and is not under way. */
export type FailedChunk = {
  place: number
  slot: number
  tries: number
  /** The parked run, which is put back when the chunk runs again. */
  runId: string
  reason: string
  /** Another try may help, as the policy of its failure says. */
  mayHelp: boolean
}

/** What the chunks that are done have taken, so that the next backfill of the source can be estimated. */
export type Spent = { chunks: number; days: number; seconds: number; files: number; rows: number }

export type Ask = 'pause' | 'resume' | 'cancel'
type Asked = { what: Ask; by: string; at: string; why?: string }
export const ASKS_MAX = 20

export type Backfill = Chunked & {
  backfillId: string
  source: string
  parallel: number
  state: BackfillState
  /** Grows with every change, and every change names the one before it. */
  version: number
  /** How many chunks the range has, and how many of them, oldest first, were let go at least once. */
  chunks: number
  released: number
  done: number
  slots: { [slot: string]: Slot }
  failed: FailedChunk[]
  /** Chunks that failed since the last one that ended well. */
  failedInRow: number
  spent: Spent
  /** It holds the one place of its source: backfills of one source run one after another. */
  holdsSource: boolean
  /** Why it rests though chunks wait. */
  heldBy?: string
  /** Why it ended as it did. */
  reason?: string
  by: string
  why?: string
  /** Its own id: all that its chunks bring carries it to gold. */
  correlationId: string
  /** What persons asked of it, the newest 20. */
  asks?: Asked[]
  createdAt: string
  endedAt?: string
  dueAt?: string
  heldUntil?: number
}

/** As many chunks as one backfill has under way: two writes each fit into one transaction of 100. */
export const PARALLEL_MAX = 40
/** For a source that declares no limit. */
export const PARALLEL_DEFAULT = 4
/** How often a chunk runs before a person must say `resume`, beyond the tries that each of its runs has. */
export const CHUNK_TRIES_MAX = 3
/** As many failed chunks as a backfill carries along; then it stops, for something is wrong with all of them. */
export const FAILED_MAX = 100
/** So many chunks that fail one after another, and the ones under way, stop a backfill: the source is away. */
export const FAILED_IN_ROW_MAX = 5

/** The partition of the index `recent` in which backfills stand, newest last. */
export const BACKFILLS = 'backfills'

export const backfillKey = (backfillId: string): Key => ({ PK: `BACKFILL#${backfillId}`, SK: 'META' })
export const chunkKey = (backfillId: string, from: string): Key => ({
  PK: backfillKey(backfillId).PK,
  SK: `CHUNK#${from}`,
})

/** The identity of a chunk's step: the same for all its tries, so that a repeated request has no effect. */
export const chunkRequestId = (backfillId: string, from: string): string => `backfill:${backfillId}:${from}`
/** Whether a backfill has nothing under way and lets nothing go. */
export const isAtRest = ({ state, slots, holdsSource }: Backfill): boolean =>
  state !== 'running' && Object.keys(slots).length === 0 && !holdsSource

/** Whether somebody must still look after it. */
const needsLook = (backfill: Backfill): boolean => !isAtRest(backfill)

/** A backfill as the ledger has it, strongly consistent. */
export async function backfillOf(
  ledger: Pick<LedgerReader, 'get'>,
  backfillId: string,
): Promise<Backfill | undefined> {
  return (await ledger.get(backfillKey(backfillId))) as Backfill | undefined
}

/** Whether a chunk's run must not begin any more, because a person cancelled its backfill. */
export async function isCancelled(ledger: Pick<LedgerReader, 'get'>, backfillId: string): Promise<boolean> {
  return (await backfillOf(ledger, backfillId))?.state === 'cancelled'
}

export interface Wanted extends Chunked {
  source: string
  parallel: number
  by: string
  why?: string | undefined
}

/** The write that creates a backfill: nothing is under way until the stage has looked after it. */
export function newBackfill(clock: Clock, backfillId: string, wanted: Wanted): Write {
  const createdAt = iso(clock.now())
  const { why, ...rest } = wanted
  const backfill: Backfill = {
    ...rest,
    ...(why && { why }),
    backfillId,
    state: 'running',
    version: 1,
    chunks: chunkCount(wanted),
    released: 0,
    done: 0,
    slots: {},
    failed: [],
    failedInRow: 0,
    spent: { chunks: 0, days: 0, seconds: 0, files: 0, rows: 0 },
    holdsSource: false,
    createdAt,
    correlationId: backfillId,
  }
  const index = { recentPk: BACKFILLS, recentAt: `${createdAt}#${backfillId}`, ...due(clock) }
  return { put: { ...backfillKey(backfillId), ...backfill, ...index } as Item, when: [absent('PK')] }
}

const due = (clock: Clock) => ({ duePk: INDEXED, dueAt: dueAt(clock, BACKFILL_DUE_SECONDS) })

/** What a change writes of a backfill: all that can change, and whether the reconciler must look. */
export function changed(clock: Clock, backfill: Backfill): { set: Record<string, Value>; remove: string[] } {
  const { state, released, done, slots, failed, failedInRow, spent, holdsSource } = backfill
  const { heldBy, reason, endedAt, asks } = backfill
  const optional = { heldBy, reason, endedAt }
  const present = Object.entries(optional).filter(([, value]) => value !== undefined) as [string, string][]
  const gone = Object.keys(optional).filter((name) => optional[name as keyof typeof optional] === undefined)
  const looked = needsLook(backfill)
  return {
    set: {
      ...{ state, released, done, slots, failed, failedInRow, spent, holdsSource },
      ...Object.fromEntries(present),
      ...(asks && { asks }),
      version: backfill.version + 1,
      ...(looked && due(clock)),
    },
    remove: [...gone, 'heldUntil', ...(looked ? [] : ['duePk', 'dueAt'])],
  }
}

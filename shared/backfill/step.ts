import { iso } from '../clock.js'
import {
  type Backfill,
  CHUNK_TRIES_MAX,
  chunkRequestId,
  FAILED_IN_ROW_MAX,
  FAILED_MAX,
  type FailedChunk,
  type Slot,
} from './backfill.js'
import { chunkAt, daysOf } from './range.js'

/** What became of a chunk under way, as the ledger tells. */
export type Seen =
  /** Nobody has heard of the request: it was lost, or is on its way. */
  | { is: 'unheard' }
  | { is: 'under way' }
  /** The run that failed before has not been put back yet. */
  | { is: 'not put back'; runId: string }
  | { is: 'done'; runId: string; seconds: number; files: number; rows: number }
  | { is: 'failed'; runId: string; reason: string; mayHelp: boolean }
  /** Its run began nothing, because the backfill had been cancelled. */
  | { is: 'dropped'; runId: string }

type ChunkState = 'running' | 'done' | 'failed' | 'cancelled'
/** What the ledger keeps of a chunk that was let go. */
export type Chunk = {
  from: string
  to: string
  state: ChunkState
  requestId: string
  slot: number
  tries: number
  releasedAt: string
  endedAt?: string
  runId?: string
  seconds?: number
  files?: number
  rows?: number
  reason?: string
}

export interface Step {
  backfill: Backfill
  /** The chunks that changed, by their place. */
  chunks: Map<number, Chunk>
  /** The slots that were filled. */
  filled: string[]
  isChanged: boolean
}

export interface Room {
  /** As many chunks as may be under way now. */
  chunks: number
  /** Why that is fewer than the backfill asks for. */
  because?: string
}

/**
 * One step of a backfill: takes in how chunks under way ended, lets others go as far as there is room, and finds out
 * whether it has ended. Pure: the same input gives the same step.
 */
export function step(before: Backfill, seen: { [slot: string]: Seen }, room: Room, now: number): Step {
  const backfill: Backfill = {
    ...before,
    slots: { ...before.slots },
    failed: [...before.failed],
    spent: { ...before.spent },
  }
  const chunks: Step['chunks'] = new Map()
  let isChanged = false
  for (const [slot, what] of Object.entries(seen)) {
    const chunk = ended(backfill, slot, what, now)
    if (!chunk) continue
    isChanged = true
    chunks.set((before.slots[slot] as Slot).place, chunk)
  }
  const filled = backfill.state === 'running' ? release(backfill, room, chunks, now) : []
  end(backfill, now)
  const waits = backfill.state === 'running' && toRelease(backfill) ? room.because : undefined
  delete backfill.heldBy
  if (waits && Object.keys(backfill.slots).length < backfill.parallel) backfill.heldBy = waits
  isChanged ||= filled.length > 0 || backfill.state !== before.state
  isChanged ||= backfill.heldBy !== before.heldBy
  return { backfill, chunks, filled, isChanged }
}

/** Takes in one end: frees the slot and counts. Gives the chunk as it is now, or nothing while it is under way. */
function ended(backfill: Backfill, slot: string, seen: Seen, now: number): Chunk | undefined {
  const taken = backfill.slots[slot]
  if (!taken || isUnderWay(seen, backfill)) return undefined
  const { place, tries } = taken
  const window = chunkAt(backfill, place)
  delete backfill.slots[slot]
  const chunk = { ...chunkOf(backfill, Number(slot), taken), endedAt: iso(now) }
  // Nobody has heard of it, or its run began nothing: it ran never.
  if (seen.is === 'unheard' || (seen.is === 'dropped' && backfill.state === 'cancelled'))
    return { ...chunk, state: 'cancelled' }
  if (seen.is === 'done') {
    const { seconds, files, rows } = seen
    const { spent } = backfill
    backfill.done += 1
    backfill.failedInRow = 0
    backfill.spent = {
      chunks: spent.chunks + 1,
      days: spent.days + daysOf(window),
      seconds: spent.seconds + seconds,
      files: spent.files + files,
      rows: spent.rows + rows,
    }
    return { ...chunk, state: 'done', runId: seen.runId, seconds, files, rows }
  }
  const { runId } = seen
  const { reason, mayHelp } = seen.is === 'failed' ? seen : { reason: BEGAN_NOTHING, mayHelp: false }
  const failed = { place, slot: Number(slot), tries, runId, reason: reason.slice(0, REASON_MAX) }
  backfill.failed.push({ ...failed, mayHelp })
  backfill.failedInRow += 1
  return { ...chunk, state: 'failed', runId, reason: failed.reason }
}

const BEGAN_NOTHING = 'its run had nothing to do'
/** As much of a reason as a backfill carries along for each failed chunk. */
const REASON_MAX = 200

type UnderWay = Extract<Seen, { is: 'under way' | 'not put back' }>
/** A request that nobody has heard of is made again, but for a backfill that was cancelled. */
const isUnderWay = (seen: Seen, { state }: Backfill): seen is UnderWay =>
  seen.is === 'under way' || seen.is === 'not put back' || (seen.is === 'unheard' && state !== 'cancelled')

const chunkOf = (backfill: Backfill, slot: number, { place, tries, releasedAt }: Slot): Chunk => {
  const window = chunkAt(backfill, place)
  const requestId = chunkRequestId(backfill.backfillId, window.from)
  return { ...window, state: 'running', requestId, slot, tries, releasedAt }
}

/** Lets chunks go while there is room: those that never ran, oldest first, then those that failed. */
function release(backfill: Backfill, room: Room, chunks: Step['chunks'], now: number): string[] {
  const filled: string[] = []
  const most = Math.min(room.chunks, backfill.parallel)
  for (let slot = 0; slot < backfill.parallel; slot += 1) {
    if (Object.keys(backfill.slots).length >= most || isAway(backfill)) break
    if (backfill.slots[slot]) continue
    const taken = fresh(backfill, now) ?? again(backfill, slot, now)
    if (!taken) continue
    backfill.slots[slot] = taken
    chunks.set(taken.place, chunkOf(backfill, slot, taken))
    filled.push(String(slot))
  }
  return filled
}

function fresh(backfill: Backfill, now: number): Slot | undefined {
  const place = backfill.released
  if (!mayGoOn(backfill)) return undefined
  backfill.released += 1
  return { place, tries: 1, releasedAt: iso(now) }
}

/** A chunk that failed runs again in the lane in which its parked run lies. */
function again(backfill: Backfill, slot: number, now: number): Slot | undefined {
  const chosen = backfill.failed.find((failed) => failed.slot === slot && mayRunAgain(failed))
  if (!chosen) return undefined
  backfill.failed = backfill.failed.filter((failed) => failed !== chosen)
  const { place, tries, runId } = chosen
  return { place, tries: tries + 1, releasedAt: iso(now), again: runId }
}

const mayRunAgain = ({ tries, mayHelp }: FailedChunk) => tries < CHUNK_TRIES_MAX && mayHelp

/** Whether so many failed one after another that the next one would most likely fail too. */
const isAway = ({ failedInRow, parallel }: Backfill): boolean => failedInRow >= FAILED_IN_ROW_MAX + parallel

/** Whether a chunk may be let go that never ran. */
const mayGoOn = ({ released, chunks, failed }: Backfill): boolean =>
  released < chunks && failed.length < FAILED_MAX

/** Whether a running backfill has anything left to let go. */
const toRelease = (backfill: Backfill): boolean =>
  !isAway(backfill) && (mayGoOn(backfill) || backfill.failed.some(mayRunAgain))

function end(backfill: Backfill, now: number): void {
  const { state, slots, failed, done, chunks } = backfill
  if (Object.keys(slots).length > 0 || backfill.endedAt) return
  if (state === 'cancelled') backfill.endedAt = iso(now)
  const isOver = state === 'running' ? !toRelease(backfill) : state === 'paused' && done === chunks
  if (!isOver) return
  backfill.state = done < chunks ? 'failed' : 'done'
  backfill.endedAt = iso(now)
  if (failed.length > 0) backfill.reason = whyFailed(backfill)
}

function whyFailed({ failed, released, chunks }: Backfill): string {
  const last = failed.at(-1)?.reason ?? 'nobody knows why'
  if (released >= chunks) return `${failed.length} of ${chunks} chunks failed, the last one: ${last}`
  return `stopped with ${chunks - released} chunks to go, for ${failed.length} failed, the last one: ${last}`
}

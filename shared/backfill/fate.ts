import type { FailureClass } from '../../events/catalog.js'
import { extractLane, requestKey } from '../extract.js'
import type { LedgerReader } from '../ledger.js'
import { type Run, runKey } from '../run.js'
import { type Backfill, chunkRequestId, type Slot } from './backfill.js'
import { chunkAt } from './range.js'
import type { Seen } from './step.js'

type Reader = Pick<LedgerReader, 'get'>

/** As often as a run may have been put back into another. */
const REPLAYS_MAX = 20

/** Failures that come back however often a chunk runs, until a person has done something. */
const FINAL: readonly FailureClass[] = ['configuration', 'reported', 'stopped']

/**
 * What became of a chunk under way. It is derived from the ledger, from the request's owner through its run: events are
 * only hints to look, so one that is lost, doubled or late changes nothing.
 */
export async function chunkFate(
  ledger: Reader,
  backfill: Backfill,
  number: string,
  slot: Slot,
): Promise<Seen> {
  const { from } = chunkAt(backfill, slot.place)
  const lane = extractLane(backfill.source, Number(number))
  const owner = await ledger.get(requestKey(lane, chunkRequestId(backfill.backfillId, from)))
  if (!owner) return { is: 'unheard' }
  const run = typeof owner.run === 'string' ? await lastRun(ledger, owner.run) : undefined
  return run ? runFate(run, slot) : { is: 'under way' }
}

/** The run that works on it now: one that was put back lives on in the run that took it. */
async function lastRun(ledger: Reader, runId: string): Promise<Run | undefined> {
  let run = (await ledger.get(runKey(runId))) as Run | undefined
  for (let replays = 0; run?.state === 'REPLAYED'; replays += 1) {
    if (typeof run.into !== 'string' || replays === REPLAYS_MAX) return undefined
    run = (await ledger.get(runKey(run.into))) as Run | undefined
  }
  return run
}

function runFate(run: Run, { again }: Slot): Seen {
  const { runId, state, unchanged } = run
  if (state === 'PARKED' && runId === again) return { is: 'not put back', runId }
  if (state === 'PARKED') return { is: 'failed', runId, ...whyParked(run) }
  if (state !== 'COMMITTED') return { is: 'under way' }
  if (unchanged) return { is: 'dropped', runId }
  const rows = run.rows as { out?: number } | undefined
  return { is: 'done', runId, seconds: took(run), files: count(run.files), rows: count(rows?.out) }
}

const whyParked = ({ reason, failureClass = 'crashed' }: Run) => ({
  reason: String(reason),
  mayHelp: !FINAL.includes(failureClass),
})

const count = (value: unknown): number => (typeof value === 'number' ? value : 0)

/** Seconds from the first start of its job to the end, tries in between included. */
function took({ createdAt, startedAt, endedAt }: Run): number {
  const begun = Date.parse(String(startedAt ?? createdAt))
  return Math.max(0, Math.round((Date.parse(String(endedAt)) - begun) / 1_000))
}

import {
  BACKFILLS,
  type Backfill,
  backfillKey,
  backfillOf,
  chunkKey,
} from '../../../shared/backfill/backfill.js'
import { chunkAt } from '../../../shared/backfill/range.js'
import type { Chunk } from '../../../shared/backfill/step.js'
import type { Item, LedgerReader } from '../../../shared/ledger.js'
import { encodeNext, newestOf } from './paging.js'

interface BackfillsQuery {
  limit: number
  next?: string | undefined
  source?: string | undefined
}

/** Backfills, newest first, as far as they match; `next` continues where the answer stops. */
export async function backfillsView({ ledger }: { ledger: LedgerReader }, query: BackfillsQuery) {
  const wanted = ({ source }: Item) => !query.source || source === query.source
  const { items, next } = await newestOf(ledger, 'recent', { ...query, of: BACKFILLS }, wanted)
  return { backfills: (items as unknown as Backfill[]).map(summary), next }
}

/** What one sees of a backfill at a glance: every chunk is in exactly one of the counts. */
function summary(backfill: Backfill) {
  const { backfillId, source, from, to, chunkDays, parallel, state, by, createdAt, spent } = backfill
  const { why, heldBy, reason, endedAt, chunks, released, done, failed } = backfill
  const underWay = Object.keys(backfill.slots).length
  const cancelled = released - done - failed.length - underWay
  return {
    ...{ backfillId, source, from, to, chunkDays, parallel, state, by, why, createdAt, endedAt },
    ...{ heldBy, reason, spent },
    counts: { chunks, done, underWay, failed: failed.length, cancelled, waiting: chunks - released },
  }
}

/** One backfill with a page of its chunks, oldest first; nothing when there is none. A chunk that waits is no item yet. */
export async function backfillView(
  { ledger }: { ledger: LedgerReader },
  backfillId: string,
  { limit, place }: { limit: number; place: number },
) {
  const backfill = await knownBackfill(ledger, backfillId)
  if (!backfill) return undefined
  const last = Math.min(place + limit, backfill.chunks)
  const kept = await keptChunks(ledger, backfill, place, last)
  const windows = Array.from({ length: Math.max(0, last - place) }, (_, at) => chunkAt(backfill, place + at))
  return {
    ...summary(backfill),
    failedChunks: backfill.failed.map(({ place: at, tries, runId, reason }) => ({
      ...chunkAt(backfill, at),
      ...{ tries, runId, reason },
    })),
    asks: backfill.asks ?? [],
    chunks: windows.map((window) => ({ ...window, ...shown(kept.get(window.from)) })),
    next: last < backfill.chunks ? encodeNext(JSON.stringify({ place: last })) : undefined,
  }
}

/** The backfill of an id, if it is one. */
export async function knownBackfill(
  ledger: Pick<LedgerReader, 'get'>,
  backfillId: string,
): Promise<Backfill | undefined> {
  return /^[0-9a-z]{26}$/.test(backfillId) ? backfillOf(ledger, backfillId) : undefined
}

const shown = (chunk: Chunk | undefined) => {
  if (!chunk) return { state: 'waiting' as const }
  const { state, slot, tries, runId, files, rows, seconds, reason, releasedAt, endedAt } = chunk
  return { state, slot, tries, runId, files, rows, seconds, reason, releasedAt, endedAt }
}

/** The chunks of some places that were let go once, by their first day. */
async function keptChunks(ledger: LedgerReader, backfill: Backfill, first: number, last: number) {
  const { backfillId } = backfill
  const kept = new Map<string, Chunk>()
  const start = first === 0 ? undefined : chunkKey(backfillId, chunkAt(backfill, first - 1).from)
  let after = start && JSON.stringify(start)
  do {
    const page = await ledger.query(backfillKey(backfillId).PK, {
      ...{ prefix: 'CHUNK#', limit: last - first - kept.size },
      ...(after && { after }),
    })
    for (const item of page.items) kept.set(String(item.from), item as unknown as Chunk)
    after = page.next
  } while (after && kept.size < last - first)
  return kept
}

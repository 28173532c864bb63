import * as z from 'zod'
import { BadInput } from '../../../shared/errors.js'
import type { IndexName, IndexQuery, Item, LedgerReader } from '../../../shared/ledger.js'

const text = z.string().min(1).max(1_024)
/** Where a page of runs stopped: the key of its last item in the index. */
export const runMark = z.strictObject({ PK: text, SK: text, recentPk: text, recentAt: text })
/** The same of what is in quarantine, and of incidents. */
export const fileMark = z.strictObject({ PK: text, SK: text, quarantinedPk: text, quarantinedAt: text })
export const incidentMark = z.strictObject({ PK: text, SK: text, incidentsPk: text, incidentsAt: text })
/** Where a page of editions stopped: the key of its last item. */
export const editionMark = z.strictObject({ PK: text, SK: text })
/** Where a page of rejected rows stopped: which of the run's files, and at which of its bytes. */
export const rejectedMark = z.strictObject({
  place: z.number().int().min(0).max(10_000),
  offset: z.number().int().min(0),
})
/** Where a page of a backfill's chunks stopped: the place of the next one. */
export const chunkMark = z.strictObject({ place: z.number().int().min(0).max(10_000) })
/** Where a page of gold stopped: a stored query result and the place in it. */
export const resultMark = z.strictObject({
  queryId: z.string().regex(/^[\w-]{1,128}$/),
  token: z.string().min(1).max(1_024),
  edition: z.string().min(1).max(100),
})

/** A page mark for callers: opaque text that `decodeNext` takes back. */
export const encodeNext = (mark: string | undefined): string | undefined =>
  mark === undefined ? undefined : Buffer.from(mark).toString('base64url')

/** The mark of a `next` that a caller sent back. Throws `BadInput` when it is none of ours. */
export function decodeNext<S extends z.ZodType>(next: string, schema: S): z.infer<S> {
  const answer = schema.safeParse(json(Buffer.from(next, 'base64url').toString()))
  if (answer.success) return answer.data
  throw new BadInput('this query cannot be answered', ['next: take it unchanged from the answer before'])
}

/** Index pages that one request may read while it looks for what matches. */
const PAGES_MAX = 20

/** The newest items of an index that match, `limit` at the most; `next` continues where they stop. */
export async function newestOf(
  ledger: LedgerReader,
  index: IndexName,
  query: Pick<IndexQuery, 'of' | 'limit'> & { next?: string | undefined },
  matches: (item: Item) => boolean,
): Promise<{ items: Item[]; next: string | undefined }> {
  const { of, limit } = query
  const items: Item[] = []
  let after = query.next
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const page = await ledger.index(index, {
      ...{ limit: limit - items.length, newestFirst: true },
      ...(of && { of }),
      ...(after && { after }),
    })
    items.push(...page.items.filter(matches))
    after = page.next
    if (!after || items.length >= limit) break
  }
  return { items, next: encodeNext(after) }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

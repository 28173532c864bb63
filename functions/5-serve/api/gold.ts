import { NotFoundError } from '@aws-lambda-powertools/event-handler/http'
import { editionKey, goldPointerKey } from '../../../shared/build.js'
import type { Column } from '../../../shared/declared.js'
import { type Edition, editionTableName, newestVersions } from '../../../shared/editions.js'
import { BadInput } from '../../../shared/errors.js'
import type { LedgerReader } from '../../../shared/ledger.js'
import { decodeNext, encodeNext, resultMark } from './paging.js'
import { type Statement, statement } from './statement.js'

export interface Page {
  rows: (string | null)[][]
  /** The query and the place in its result from which the next page reads; the result never changes. */
  next?: { queryId: string; token: string }
}

export interface GoldRows {
  start(statement: Statement, limit: number): Promise<Page>
  continue(mark: { queryId: string; token: string }, limit: number): Promise<Page>
}

/** An edition that does not hold a dataset. */
export class NotHeld extends NotFoundError {}

const LIMIT_MAX = 999

/**
 * Rows of a published dataset: one page of the edition that the pointer names, filtered by equality and range on its own
 * columns. A further page is of the edition of the first one, whatever is published meanwhile.
 */
export async function goldQuery(
  { ledger, goldRows }: { ledger: LedgerReader; goldRows: GoldRows },
  { domain, dataset }: { domain: string; dataset: string },
  query: URLSearchParams,
) {
  const next = query.get('next')
  const mark = next ? decodeNext(next, resultMark) : undefined
  const limit = limitOf(query.get('limit') ?? '100')
  const edition = mark?.edition ?? (await ledger.get(goldPointerKey(domain)))?.edition
  if (!edition) return { domain, dataset, edition: null, rows: [], next: undefined }
  const held = await heldBy(ledger, String(edition), { domain, dataset })
  const page = mark
    ? await goldRows.continue(mark, limit)
    : await goldRows.start(statement(held, query), limit)
  return {
    domain,
    dataset,
    edition,
    rows: page.rows.map((values) => asObject(held.columns, values)),
    next: encodeNext(page.next && JSON.stringify({ ...page.next, edition })),
  }
}

/** The first rows of a dataset as one edition has them, in an order: what is sorted is cut where it is computed. */
export async function editionRows(
  { ledger, goldRows }: { ledger: Pick<LedgerReader, 'get'>; goldRows: Pick<GoldRows, 'start'> },
  read: { domain: string; dataset: string; edition: string; order: string; limit: number },
) {
  const { order, limit } = read
  const held = await heldBy(ledger, read.edition, read)
  const { sql, parameters } = statement(held, new URLSearchParams({ order }))
  const page = await goldRows.start({ sql: `${sql} LIMIT ${limit}`, parameters }, limit)
  return page.rows.map((values) => asObject(held.columns, values))
}

/** The dataset as an edition holds it: its own table there, and its own columns. */
async function heldBy(
  ledger: Pick<LedgerReader, 'get'>,
  edition: string,
  { domain, dataset }: { domain: string; dataset: string },
) {
  const item = (await ledger.get(editionKey(domain, edition))) as Edition | undefined
  const found = newestVersions(item?.datasets ?? []).find((one) => one.dataset === dataset)
  if (!found?.columns) throw new NotHeld(`edition ${edition} of ${domain} holds no dataset "${dataset}"`)
  return { table: editionTableName(found, edition), columns: found.columns }
}

function limitOf(text: string): number {
  const limit = Number(text)
  if (Number.isInteger(limit) && limit >= 1 && limit <= LIMIT_MAX) return limit
  throw new BadInput('this query cannot be answered', [
    `limit: a whole number from 1 to ${LIMIT_MAX}, not "${text}"`,
  ])
}

/** A row by column name: whole numbers and doubles as numbers, decimals as exact text, nothing as null. */
function asObject(columns: Column[], values: (string | null)[]) {
  return Object.fromEntries(
    columns.map(({ name, glueType }, place) => [name, typed(glueType, values[place] ?? null)]),
  )
}

function typed(glueType: string, value: string | null) {
  if (value === null) return null
  if (/^(bigint|int|smallint|tinyint|double|float)$/.test(glueType)) return Number(value)
  return glueType === 'boolean' ? value === 'true' : value
}

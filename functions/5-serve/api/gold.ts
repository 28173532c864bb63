import type { Column, Dataset } from '../../../shared/declared.js'
import { BadInput } from '../../../shared/errors.js'
import type { LedgerReader } from '../../../shared/ledger.js'
import { goldPointerKey } from '../../4-publish/publish-gold/publish-gold.js'
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

const LIMIT_MAX = 999

/** Rows of a published dataset: one page of one edition, filtered by equality and range on its own columns. */
export async function goldQuery(
  { ledger, goldRows }: { ledger: LedgerReader; goldRows: GoldRows },
  dataset: Dataset,
  query: URLSearchParams,
) {
  const pointer = await ledger.get(goldPointerKey(dataset.domain))
  if (!pointer)
    return { domain: dataset.domain, dataset: dataset.dataset, edition: null, rows: [], next: undefined }
  const limit = limitOf(query.get('limit') ?? '100')
  const next = query.get('next')
  const page = next
    ? await goldRows.continue(decodeNext(next, resultMark), limit)
    : await goldRows.start(statement(dataset, query), limit)
  const rows = page.rows.map((values) => asObject(dataset.columns, values))
  return {
    domain: dataset.domain,
    dataset: dataset.dataset,
    edition: rows[0]?._edition ?? pointer.edition,
    rows,
    next: encodeNext(page.next && JSON.stringify(page.next)),
  }
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

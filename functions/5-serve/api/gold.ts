import * as z from 'zod'
import type { Column, Dataset } from '../../../shared/declared.js'
import { BadInput } from '../../../shared/errors.js'
import type { LedgerReader } from '../../../shared/ledger.js'
import { goldPointerKey, goldTableName } from '../../4-publish/publish-gold/publish-gold.js'
import { decodeNext, encodeNext } from './paging.js'

export interface Statement {
  /** SQL made of our own words and of column names that the dataset declares; values are question marks. */
  sql: string
  /** The values, as Athena wants execution parameters: SQL literals. */
  parameters: string[]
}

export interface Page {
  rows: (string | null)[][]
  /** The query and the place in its result from which the next page reads; the result never changes. */
  next?: { queryId: string; token: string }
}

export interface GoldRows {
  start(statement: Statement, limit: number): Promise<Page>
  continue(mark: { queryId: string; token: string }, limit: number): Promise<Page>
}

const OPERATORS: Record<string, string> = { eq: '=', gt: '>', gte: '>=', lt: '<', lte: '<=' }
const LIMIT_MAX = 999
const FILTERS_MAX = 20
const RESERVED = ['limit', 'next', 'order']
const mark = z.strictObject({ queryId: z.string().regex(/^[\w-]{1,128}$/), token: z.string().max(1_024) })

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
    ? await goldRows.continue(mark.parse(JSON.parse(decodeNext(next))), limit)
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

/** The statement of a query. Throws `BadInput` that names each parameter that is no filter on a column. */
export function statement(dataset: Dataset, query: URLSearchParams): Statement {
  const problems: string[] = []
  const clauses: string[] = []
  const parameters: string[] = []
  for (const [name, text] of query) {
    if (RESERVED.includes(name)) continue
    const [columnName, operator = 'eq'] = name.split('.')
    const column = dataset.columns.find((candidate) => candidate.name === columnName)
    const symbol = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined
    const literal = column && asLiteral(column.glueType, text)
    if (!column) problems.push(`${name}: no such column; there are ${names(dataset.columns)}`)
    else if (!symbol) problems.push(`${name}: "${operator}" is none of ${Object.keys(OPERATORS).join(', ')}`)
    else if (literal === undefined) problems.push(`${name}: "${text}" is not a ${column.glueType}`)
    else {
      clauses.push(`"${column.name}" ${symbol} CAST(? AS ${athenaType(column.glueType)})`)
      parameters.push(literal)
    }
  }
  if (clauses.length > FILTERS_MAX) problems.push(`query: at most ${FILTERS_MAX} filters`)
  const order = orderOf(dataset, query.get('order'), problems)
  if (problems.length > 0) throw new BadInput('this query cannot be answered', problems)
  const table = goldTableName(dataset.dataset, dataset.version)
  const where = clauses.length > 0 ? ` WHERE ${clauses.join(' AND ')}` : ''
  const columns = dataset.columns.map(({ name }) => `"${name}"`).join(', ')
  return { sql: `SELECT ${columns} FROM "${table}"${where}${order}`, parameters }
}

const names = (columns: Column[]) => columns.map(({ name }) => name).join(', ')

/** `order=summary_date,-market_value`: columns of the dataset, descending with a minus. */
function orderOf(dataset: Dataset, order: string | null, problems: string[]): string {
  if (!order) return ''
  const terms = order.split(',').map((term) => {
    const name = term.replace(/^-/, '')
    if (!dataset.columns.some((column) => column.name === name)) {
      problems.push(`order: no column "${name}"; there are ${names(dataset.columns)}`)
    }
    return `"${name}"${term.startsWith('-') ? ' DESC' : ''}`
  })
  return ` ORDER BY ${terms.join(', ')}`
}

const NUMBER = /^[+-]?\d{1,30}(\.\d{1,18})?$/
const FORMS: [type: RegExp, form: RegExp][] = [
  [/^(bigint|int|smallint|tinyint)$/, /^[+-]?\d{1,18}$/],
  [/^(double|float|decimal.*)$/, NUMBER],
  [/^date$/, /^\d{4}-\d{2}-\d{2}$/],
  [/^timestamp$/, /^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(\.\d{1,6})?$/],
  [/^boolean$/, /^(true|false)$/],
]
const TEXT_MAX = 500

/** A value as an SQL literal of text that is cast in the statement; nothing when it does not fit the column's type. */
function asLiteral(glueType: string, text: string): string | undefined {
  const form = FORMS.find(([type]) => type.test(glueType))?.[1]
  if (form ? !form.test(text) : text.length > TEXT_MAX) return undefined
  return `'${text.replace('T', form && glueType === 'timestamp' ? ' ' : 'T').replaceAll("'", "''")}'`
}

const athenaType = (glueType: string) =>
  glueType === 'string' ? 'varchar' : glueType === 'int' ? 'integer' : glueType

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

import type { Column } from '../../../shared/declared.js'
import { BadInput } from '../../../shared/errors.js'

/** A catalog table with its columns, as the ledger knows them. */
export interface Queried {
  table: string
  columns: Column[]
}

export interface Statement {
  /** SQL made of our own words and of column names that the dataset declares; values are question marks. */
  sql: string
  /** The values, as Athena wants execution parameters: SQL literals. */
  parameters: string[]
}

const OPERATORS: Record<string, string> = { eq: '=', gt: '>', gte: '>=', lt: '<', lte: '<=' }
const FILTERS_MAX = 20
/** Parameters of a query that are no filters. */
const RESERVED = ['limit', 'next', 'order']

/** The statement of a query. Throws `BadInput` that names each parameter that is no filter on a column. */
export function statement({ table, columns: known }: Queried, query: URLSearchParams): Statement {
  const problems: string[] = []
  const filters = [...query].filter(([name]) => !RESERVED.includes(name))
  if (filters.length > FILTERS_MAX) problems.push(`query: at most ${FILTERS_MAX} filters`)
  const clauses = filters.flatMap(([name, text]) => clause(known, name, text, problems) ?? [])
  const order = orderOf(known, query.get('order'), problems)
  if (problems.length > 0) throw new BadInput('this query cannot be answered', problems)
  const where = clauses.length > 0 ? ` WHERE ${clauses.map(({ sql }) => sql).join(' AND ')}` : ''
  const columns = known.map(({ name }) => `"${name}"`).join(', ')
  return {
    sql: `SELECT ${columns} FROM "${table}"${where}${order}`,
    parameters: clauses.map(({ literal }) => literal),
  }
}

const names = (columns: Column[]) => columns.map(({ name }) => name).join(', ')

/** One filter, `column=value` or `column.operator=value`, or nothing and one more problem. */
function clause(columns: Column[], name: string, text: string, problems: string[]) {
  const [columnName, operator = 'eq', ...more] = name.split('.')
  const column = columns.find((candidate) => candidate.name === columnName)
  const symbol = Object.hasOwn(OPERATORS, operator) && more.length === 0 ? OPERATORS[operator] : undefined
  const value = column && canonical(column.glueType, text)
  if (!column) problems.push(`${name}: no such column; there are ${names(columns)}`)
  else if (!symbol) {
    const given = [operator, ...more].join('.')
    problems.push(`${name}: "${given}" is none of ${Object.keys(OPERATORS).join(', ')}`)
  } else if (value === undefined) problems.push(`${name}: "${text}" is not a ${column.glueType}`)
  else {
    const sql = `"${column.name}" ${symbol} CAST(? AS ${athenaType(column.glueType)})`
    return { sql, literal: `'${value.replaceAll("'", "''")}'` }
  }
  return undefined
}

/** `order=summary_date,-market_value`: columns of the dataset, descending with a minus. */
function orderOf(columns: Column[], order: string | null, problems: string[]): string {
  if (!order) return ''
  const terms = order.split(',').map((term) => {
    const name = term.replace(/^-/, '')
    if (!columns.some((column) => column.name === name)) {
      problems.push(`order: no column "${name}"; there are ${names(columns)}`)
    }
    return `"${name}"${term.startsWith('-') ? ' DESC' : ''}`
  })
  return ` ORDER BY ${terms.join(', ')}`
}

type Canonical = (text: string) => string | undefined

const matching =
  (form: RegExp): Canonical =>
  (text) =>
    form.test(text) ? text : undefined

const wholeNumber =
  (bits: 8 | 16 | 32 | 64): Canonical =>
  (text) =>
    /^[+-]?\d{1,19}$/.test(text) &&
    BigInt.asIntN(bits, BigInt(text.replace('+', ''))) === BigInt(text.replace('+', ''))
      ? text
      : undefined

/** A day that the calendar has: JavaScript would take 30 February for 2 March. */
const date: Canonical = (text) =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.slice(0, 10) === text
    ? text
    : undefined

const timestamp: Canonical = (text) => {
  const [, day, time] = /^([^ T]+)[ T]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?)$/.exec(text) ?? []
  return day && time && date(day) ? `${day} ${time}` : undefined
}

const TEXT_MAX = 500
const TYPES: [type: RegExp, canonical: Canonical][] = [
  [/^bigint$/, wholeNumber(64)],
  [/^int$/, wholeNumber(32)],
  [/^smallint$/, wholeNumber(16)],
  [/^tinyint$/, wholeNumber(8)],
  [/^(double|float|decimal.*)$/, matching(/^[+-]?\d{1,30}(\.\d{1,18})?$/)],
  [/^date$/, date],
  [/^timestamp$/, timestamp],
  [/^boolean$/, matching(/^(true|false)$/)],
]

/** A value in the form that its cast reads, or nothing when it does not fit the column's type. */
function canonical(glueType: string, text: string): string | undefined {
  const known = TYPES.find(([type]) => type.test(glueType))
  if (known) return known[1](text)
  return text.length > TEXT_MAX ? undefined : text
}

const ATHENA_NAMES: Record<string, string> = { string: 'varchar', int: 'integer', float: 'real' }
const athenaType = (glueType: string) => ATHENA_NAMES[glueType] ?? glueType

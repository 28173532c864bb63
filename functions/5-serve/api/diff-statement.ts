import type { Column } from '../../../shared/declared.js'
import type { Statement } from './statement.js'

/** Two tables of one dataset, and what of them can be compared: names from the ledger, never a caller’s words. */
export interface Comparison {
  from: string
  to: string
  /** Columns that one row is known by; whole rows are compared where there are none. */
  key: string[]
  /** Columns that both have, with one type, beside the key. */
  columns: string[]
}

/** What a comparison counts, before the changes of each column. */
export const COUNTS = ['added', 'removed', 'changed', 'same', 'repeated'] as const

/** Columns that both tables have with one type, and what else became of columns. The edition’s own name differs always. */
export function columnsOf(from: Column[], to: Column[]) {
  const before = new Map(from.map(({ name, glueType }) => [name, glueType]))
  const after = new Map(to.map(({ name, glueType }) => [name, glueType]))
  const both = to.filter(({ name }) => before.has(name) && name !== '_edition')
  return {
    added: to.filter(({ name }) => !before.has(name)).map(({ name }) => name),
    removed: from.filter(({ name }) => !after.has(name)).map(({ name }) => name),
    retyped: both.flatMap(({ name, glueType }) => {
      const was = String(before.get(name))
      return was === glueType ? [] : [{ column: name, from: was, to: glueType }]
    }),
    shared: both.filter(({ name, glueType }) => before.get(name) === glueType).map(({ name }) => name),
  }
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`
const sum = (when: string) => `SUM(CASE WHEN ${when} THEN 1 ELSE 0 END)`

/**
 * One statement that puts the rows of both tables beside one another by key and counts: rows that only one has, rows of
 * both with another value, rows of both that are alike, keys that a table has more than once; then the changes of each
 * column. It reads each table once, treats two nulls as alike, and its plain SQL runs on Trino as on DuckDB.
 */
export function diffStatement({ from, to, key, columns }: Comparison): Statement {
  const names = key.length > 0 ? key : columns
  const values = key.length > 0 ? columns : []
  const both = '"_old" > 0 AND "_new" > 0'
  const differs = values.map((_, place) => `"_o${place}" IS DISTINCT FROM "_n${place}"`)
  const anyDiffers = differs.length > 0 ? `(${differs.join(' OR ')})` : '1 = 0'
  const counts = key.length > 0 ? byKey(both, anyDiffers) : byRow
  const changes = differs.map((one, place) => `${sum(`${both} AND ${one}`)} AS "_c${place}"`)
  const sides = values.map((name, place) =>
    [
      `MAX(CASE WHEN "_is_new" = 0 THEN ${quoted(name)} END) AS "_o${place}"`,
      `MAX(CASE WHEN "_is_new" = 1 THEN ${quoted(name)} END) AS "_n${place}"`,
    ].join(', '),
  )
  const read = [...names, ...values].map(quoted).join(', ')
  const rows =
    `SELECT ${read}, 0 AS "_is_new" FROM ${quoted(from)}` +
    ` UNION ALL SELECT ${read}, 1 AS "_is_new" FROM ${quoted(to)}`
  const grouped = ['SUM(1 - "_is_new") AS "_old"', 'SUM("_is_new") AS "_new"', ...sides].join(', ')
  return {
    sql:
      `SELECT ${[...counts, ...changes].join(', ')} FROM ` +
      `(SELECT ${grouped} FROM (${rows}) AS "_rows" GROUP BY ${names.map(quoted).join(', ')}) AS "_keys"`,
    parameters: [],
  }
}

const byKey = (both: string, anyDiffers: string) => [
  `${sum('"_old" = 0')} AS "added"`,
  `${sum('"_new" = 0')} AS "removed"`,
  `${sum(`${both} AND ${anyDiffers}`)} AS "changed"`,
  `${sum(`${both} AND NOT ${anyDiffers}`)} AS "same"`,
  `${sum('"_old" > 1 OR "_new" > 1')} AS "repeated"`,
]

/** Without a key a row is its values, as often as it occurs; a changed one is one that went and one that came. */
const byRow = [
  'SUM(CASE WHEN "_new" > "_old" THEN "_new" - "_old" ELSE 0 END) AS "added"',
  'SUM(CASE WHEN "_old" > "_new" THEN "_old" - "_new" ELSE 0 END) AS "removed"',
  '0 AS "changed"',
  'SUM(CASE WHEN "_old" < "_new" THEN "_old" ELSE "_new" END) AS "same"',
  '0 AS "repeated"',
]

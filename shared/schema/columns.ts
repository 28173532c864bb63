import type { Item, Key, LedgerReader, Write } from '../ledger.js'

/** Columns that came without being declared: each is recorded once per entity, with the run that saw it first. */
const columnPk = (entity: string) => `SCHEMA#${entity}`
const columnKey = (entity: string, column: string): Key => ({
  PK: columnPk(entity),
  SK: `COLUMN#${column}`,
})

/** A producer that invents names row by row must not fill the ledger: beyond so many, reports alone keep them. */
export const COLUMNS_MAX = 100
/** As many as one transaction takes beside what a commit writes. */
const NEW_MAX = 50
const NAME_MAX = 200

export interface Seen {
  column: string
  rows: number
  first_file?: unknown
}

/** The columns of a report that this entity never had before, as the writes that record them. */
export async function newColumns(
  ledger: Pick<LedgerReader, 'query'>,
  entity: string,
  run: { runId: string; at: string },
  drift: readonly Seen[],
): Promise<{ names: string[]; writes: Write[] }> {
  if (drift.length === 0) return { names: [], writes: [] }
  const known = await knownColumns(ledger, entity)
  const names = new Set(known.map(({ SK }) => SK.slice('COLUMN#'.length)))
  const room = Math.max(0, Math.min(NEW_MAX, COLUMNS_MAX - names.size))
  const found = drift.filter(({ column }) => column.length <= NAME_MAX && !names.has(column)).slice(0, room)
  const writes = found.map(({ column, rows, first_file }) => ({
    put: {
      ...columnKey(entity, column),
      ...{ runId: run.runId, at: run.at, rows, file: String(first_file ?? '') },
    },
  }))
  return { names: found.map(({ column }) => column), writes }
}

/** The undeclared columns of an entity that are recorded, by name. */
export async function knownColumns(ledger: Pick<LedgerReader, 'query'>, entity: string): Promise<Item[]> {
  const { items } = await ledger.query(columnPk(entity), { prefix: 'COLUMN#', limit: COLUMNS_MAX })
  return items
}

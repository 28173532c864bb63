import type { Evidence, SimRow } from '../evidence.js'
import { type Item, runsOf, takenBy } from './reading.js'

/** One row of the outside truth. */
export interface Row extends SimRow {
  id: string
  file: string
  landedAt: string
}

/** What one committed cleanse run was given, and what became of it. */
export interface Batch {
  run: Item
  rows: Row[]
  /** Runs whose rejected rows were put back into this one. */
  rejectedOf: string[]
  silver: string[]
  rejected: string[]
}

export const isFinal = (key: string) => !key.startsWith('_pending/')
export const rowId = (key: string, versionId: string, line: number) => `${key}@${versionId}#${line}`

/** The rows that silver holds for a run, each as often as it lies there. */
export const silverOf = ({ silver }: Evidence, runId: string): string[] =>
  [...silver].flatMap(([key, object]) => (isFinal(key) && object.runId === runId ? object.rows : []))

/** The rows that the accepted attempt of a run rejected. */
export const rejectedBy = ({ quarantine }: Evidence, run: Item): string[] =>
  [...quarantine.values()]
    .filter(({ runId, attempt }) => runId === run.runId && attempt === run.attempt)
    .flatMap(({ rows }) => rows.map(({ id }) => id))

export const committedCleanses = ({ ledger }: Evidence): Item[] =>
  runsOf(ledger).filter(({ kind, state }) => kind === 'cleanse' && state === 'COMMITTED')

const known = new WeakMap<Evidence, Batch[]>()

/** Every committed cleanse with the rows that it was given by the outside truth, worked out once for each evidence. */
export function batchesOf(evidence: Evidence): Batch[] {
  const before = known.get(evidence)
  if (before) return before
  const truth = new Map<string, Row>()
  for (const { key, versionId, landedAt } of evidence.landed)
    for (const row of rowsOf(evidence, { key, versionId }, landedAt)) truth.set(row.id, row)
  const runs = new Map(runsOf(evidence.ledger).map((run) => [run.runId, run]))
  const batches = committedCleanses(evidence).map((run) => {
    const { files, rejectedOf } = takenBy(evidence.ledger, run.runId)
    const putBack = rejectedOf.flatMap((of) => rejectedBy(evidence, runs.get(of) ?? { runId: of }))
    const ids = [...files.flatMap((file) => rowsOf(evidence, file, '').map(({ id }) => id)), ...putBack]
    const rows = ids.flatMap((id) => truth.get(id) ?? [])
    const silver = silverOf(evidence, run.runId)
    return { run, rows, rejectedOf, silver, rejected: rejectedBy(evidence, run) }
  })
  known.set(evidence, batches)
  return batches
}

const rowsOf = (
  { rowsOf: find }: Evidence,
  file: { key: string; versionId: string },
  landedAt: string,
): Row[] =>
  find(file.key, file.versionId).map((row) => ({
    ...row,
    id: rowId(file.key, file.versionId, row.line),
    file: `${file.key}@${file.versionId}`,
    landedAt,
  }))

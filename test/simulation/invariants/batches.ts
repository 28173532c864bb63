import type { Evidence, SilverObject, SimRow } from '../evidence.js'
import { type Item, itemAt, partitions, runsOf, takenBy } from './reading.js'

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
const rowId = (key: string, versionId: string, line: number) => `${key}@${versionId}#${line}`

type Silver = Pick<Evidence, 'silver' | 'ledger'>

/** The rows of a run that a reader of the ledger finds, each as often as they lie in the files that he is told of. */
export function silverOf({ silver, ledger }: Silver, runId: string): string[] {
  const listed = silverRuns(ledger).get(runId)
  if (!listed) return ownRows(silver, runId, () => true)
  const days = [...new Set(listed.days as string[])]
  return days.flatMap((day) => {
    const snapshot = itemAt(ledger, listed.PK, `DAY#${day}`)
    if (!snapshot || snapshot.upTo < listed.ordinal)
      return ownRows(silver, runId, (key) => key.includes(folderOf(day)))
    return (snapshot.files as { key: string }[]).flatMap(({ key }) => rowsOfRun(silver.get(key), runId))
  })
}

/** The items that list committed silver, by run. */
export const silverRuns = (ledger: Silver['ledger']) =>
  new Map(
    partitions(ledger, 'SILVER#')
      .filter(({ SK }) => SK.startsWith('RUN#'))
      .map((listed) => [String(listed.runId), listed]),
  )

export const folderOf = (day: string) => {
  const [year, month, date] = day.split('/')
  return `/year=${year}/month=${month}/day=${date}/`
}

const ownRows = (silver: Silver['silver'], runId: string, isWanted: (key: string) => boolean) =>
  [...silver].flatMap(([key, object]) =>
    isFinal(key) && isWanted(key) && object.runId === runId && !object.of ? object.rows : [],
  )

const rowsOfRun = (object: SilverObject | undefined, runId: string): readonly string[] => {
  if (!object) return []
  if (!object.of) return object.runId === runId ? object.rows : []
  return object.of.flatMap((part) => (part.runId === runId ? part.rows : []))
}

/** The rows that the accepted attempt of a run rejected. */
const rejectedBy = ({ quarantine }: Evidence, run: Item): string[] =>
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

import type { Evidence, Invariant } from '../evidence.js'
import { type Batch, batchesOf, type Row } from './batches.js'
import { few, planOf, reportOf, takenBy } from './reading.js'

const ofBatches = (name: string, judge: (batch: Batch, evidence: Evidence) => string[]): Invariant => ({
  name,
  when: 'rest',
  check: (evidence) =>
    batchesOf(evidence).flatMap((batch) =>
      judge(batch, evidence).map((what) => `run ${batch.run.runId} of ${batch.run.subject}: ${what}`),
    ),
})

/** Of the good rows of one key, those that must not be in silver beside the one that is. */
function duplicates(batch: Batch): { survivor: Row | undefined; others: Row[] }[] {
  const inSilver = new Set(batch.silver)
  const rejected = new Set(batch.rejected)
  const keys = new Map<string, Row[]>()
  for (const row of batch.rows)
    if (!rejected.has(row.id)) keys.set(row.key, [...(keys.get(row.key) ?? []), row])
  return [...keys.values()].map((rows) => {
    const survivor = rows.find(({ id }) => inSilver.has(id))
    return { survivor, others: rows.filter((row) => row !== survivor) }
  })
}

const oneFatePerRow = ofBatches(
  'each row of a committed file is in silver, a duplicate, or rejected',
  (batch) => {
    const lost = duplicates(batch).flatMap(({ survivor, others }) =>
      survivor ? [] : others.map(({ id }) => `row ${id} is nowhere`),
    )
    const rejected = new Set(batch.rejected)
    const both = batch.silver.filter((id) => rejected.has(id))
    return both.length > 0 ? [...lost, `in silver and rejected: ${few(both)}`] : lost
  },
)

const newestSurvives = ofBatches(
  'of the rows of one key in a batch the newest goes to silver, alone',
  (batch) => {
    const inSilver = new Set(batch.silver)
    return duplicates(batch).flatMap(({ survivor, others }) => {
      if (!survivor) return []
      const beside = others.filter(({ id }) => inSilver.has(id)).map(({ id }) => id)
      const newer = others.filter((row) => row.landedAt > survivor.landedAt).map(({ id }) => id)
      return [
        ...(beside.length > 0 ? [`${few([survivor.id, ...beside])} have one key and are all in silver`] : []),
        ...(newer.length > 0
          ? [`${survivor.id} is in silver, and ${few(newer)} of its key landed later`]
          : []),
      ]
    })
  },
)

const gateIsRight = ofBatches('exactly the rows that the contract rejects are rejected', (batch) => {
  const rejected = new Set(batch.rejected)
  const good = batch.rows.filter(({ id, bad }) => !bad && rejected.has(id)).map(({ id }) => id)
  // Rows that are put back meet the contract as it is then, which may let them pass.
  const corrected = batch.rejectedOf.length > 0
  const bad = corrected
    ? []
    : batch.rows.filter((row) => row.bad && !rejected.has(row.id)).map(({ id }) => id)
  return [
    ...(good.length > 0 ? [`good rows are rejected: ${few(good)}`] : []),
    ...(bad.length > 0 ? [`bad rows are not rejected: ${few(bad)}`] : []),
  ]
})

const onlyItsOwnRows = ofBatches(
  'silver and quarantine hold only rows of what the run took, each once',
  (batch) => {
    const own = new Set(batch.rows.map(({ id }) => id))
    const strange = [...batch.silver, ...batch.rejected].filter((id) => !own.has(id) && /#\d+$/.test(id))
    const twice = (ids: string[]) => ids.filter((id, place) => ids.indexOf(id) !== place)
    const doubled = [...twice(batch.silver), ...twice(batch.rejected)]
    return [
      ...(strange.length > 0 ? [`these rows are of no file that it took: ${few(strange)}`] : []),
      ...(doubled.length > 0 ? [`these rows are there twice: ${few(doubled)}`] : []),
    ]
  },
)

const reportAddsUp = ofBatches(
  'rows in = silver + duplicates + rejected, and the report says so',
  (batch, evidence) => {
    const report = reportOf(evidence, batch.run)
    if (!report) return ['its accepted attempt left no report']
    const { rows, silver, rejected } = batch
    const counted = { in: rows.length, out: silver.length, rejected: rejected.length }
    const real = { ...counted, duplicates: rows.length - silver.length - rejected.length }
    return Object.entries(real).flatMap(([name, count]) =>
      report.rows?.[name] === count
        ? []
        : [`${count} rows are ${name}, the report says ${report.rows?.[name]}`],
    )
  },
)

const rowsOnce: Invariant = {
  name: 'no row is in silver by two runs',
  when: 'rest',
  check: (evidence) => {
    const of = new Map<string, string>()
    return batchesOf(evidence).flatMap(({ run, silver }) =>
      [...new Set(silver)].flatMap((id) => {
        const other = of.get(id)
        of.set(id, run.runId)
        return other ? [`row ${id} is in silver by ${other} and by ${run.runId}`] : []
      }),
    )
  },
}

const filesOnce: Invariant = {
  name: 'no file version and no put-back is taken by two committed runs',
  when: 'rest',
  check: (evidence) => {
    const of = new Map<string, string>()
    return batchesOf(evidence).flatMap(({ run }) => {
      const { files, rejectedOf } = takenBy(evidence.ledger, run.runId)
      const taken = [
        ...files.map(({ key, versionId }) => `${key}@${versionId}`),
        ...rejectedOf.map((id) => `the rejected rows of ${id}`),
      ]
      return taken.flatMap((id) => {
        const other = of.get(id)
        of.set(id, run.runId)
        return other ? [`${id} was taken by ${other} and by ${run.runId}`] : []
      })
    })
  },
}

const planIsWhatWasTaken = ofBatches(
  'the accepted attempt read exactly what its run took',
  ({ run }, evidence) => {
    const plan = planOf(evidence, run)
    if (!plan) return ['its accepted attempt had no plan']
    const { files, rejectedOf } = takenBy(evidence.ledger, run.runId)
    const inputs: { kind?: string; key: string; version_id: string; of_run?: string }[] = plan.inputs
    const read = inputs
      .filter(({ kind }) => kind !== 'rejected')
      .map((input) => `${input.key}@${input.version_id}`)
    const readBack = inputs.filter(({ kind }) => kind === 'rejected').map(({ of_run }) => String(of_run))
    const owned = files.map(({ key, versionId }) => `${key}@${versionId}`)
    const different = (one: string[], other: string[]) => one.filter((id) => !other.includes(id))
    const unread = [
      ...different(owned, read),
      ...rejectedOf.filter((id) => !readBack.includes(id) && rejectsOf(evidence, id)),
    ]
    const strange = [...different(read, owned), ...different(readBack, rejectedOf)]
    return [
      ...(unread.length > 0 ? [`it took ${few(unread)} and did not read it`] : []),
      ...(strange.length > 0 ? [`it read ${few(strange)} and did not take it`] : []),
      ...(new Set(read).size < read.length ? ['it read a file twice'] : []),
    ]
  },
)

/** Whether the run rejected anything that could be read again. */
const rejectsOf = ({ quarantine }: Evidence, id: string) =>
  [...quarantine.values()].some(({ runId, rows }) => runId === id && rows.length > 0)

export const rowInvariants: readonly Invariant[] = [
  oneFatePerRow,
  newestSurvives,
  gateIsRight,
  onlyItsOwnRows,
  reportAddsUp,
  rowsOnce,
  filesOnce,
  planIsWhatWasTaken,
]

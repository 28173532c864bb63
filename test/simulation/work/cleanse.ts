import type { Storage } from '../aws/storage.js'
import type { Found } from '../evidence.js'
import type { End } from './endings.js'

interface Row {
  id: string
  key: string
  bad: boolean
  reason: string
  day: string
}

/**
 * A cleanse job, row by row: rejects what the contract rejects, keeps the newest row of each key, writes parts and then
 * its report. Gives the steps, so that a job can die between any two of them.
 */
export function cleanseSteps(storage: Storage, plan: Found, end: End): (() => void)[] {
  const oldestFirst = [...plan.inputs].sort((a: Found, b: Found) => (order(a) < order(b) ? -1 : 1))
  const rows: Row[] = oldestFirst.flatMap((input: Found) => readInput(storage, input))
  const rejected = rows.filter(({ bad }) => bad)
  const newest = new Map(rows.filter(({ bad }) => !bad).map((row) => [row.key, row]))
  const out = [...newest.values()]
  const days = [...new Set(out.map(({ day }) => day))].sort()
  const parts = days.flatMap((day) =>
    halves(out.filter((row) => row.day === day)).map((part) => ({ day, part })),
  )
  const files = parts.map(({ day, part }, ordinal) => {
    const [year, month, date] = day.split('-') as [string, string, string]
    const key = `${plan.pending_prefix}year=${year}/month=${month}/day=${date}/part-${ordinal}.parquet`
    return {
      key,
      rows: part.length,
      bytes: 100 * part.length,
      year,
      month,
      day: date,
      ids: part.map(({ id }) => id),
    }
  })
  const { run_id: runId, attempt } = plan
  const writeFile = files.map(
    ({ key, ids }) =>
      () =>
        storage.putSilver(key, { runId, attempt, rows: ids }),
  )
  const reasons = [...new Set(rejected.map(({ reason }) => reason))]
  const quarantine = reasons.map((reason) => {
    const found = rejected.filter((row) => row.reason === reason)
    const key = `entity=${plan.entity}/reason=${reason}/${plan.quarantine_prefix_tail}rejected.ndjson`
    return { reason, key, found, rows: found.length, bytes: 50 * found.length }
  })
  const writeRejected = quarantine.map(({ key, found, reason }) => () => {
    storage.quarantine.set(key, { runId, attempt, rows: found.map(({ id }) => ({ id, reason })) })
  })
  const counts = {
    in: rows.length,
    out: out.length,
    duplicates: rows.length - rejected.length - out.length,
    rejected: rejected.length,
  }
  const report = {
    run_id: runId,
    attempt,
    rows: counts,
    reasons: Object.fromEntries(quarantine.map(({ reason, rows }) => [reason, rows])),
    files: files.map(({ ids, ...file }) => file),
    quarantine: quarantine.map(({ found, ...object }) => object),
    drift: [],
  }
  return [...writeRejected, ...writeFile, () => leave(storage, plan, report, end)]
}

/** Oldest first, as the real job reads: of the rows of one key the last stays. */
const order = ({ landed_at, key, version_id }: Found) => `${landed_at} ${key} ${version_id}`

/** The report, or what a job that failed with open eyes leaves in its place. */
function leave(storage: Storage, plan: Found, report: Found, end: End): void {
  const key = plan.report_uri.replace('s3://artifacts/', '')
  if (end.leaves === 'report') storage.artifacts.set(key, report)
  if (end.leaves === 'bad report' || end.leaves === 'transient report') {
    const failure = { transient: end.leaves === 'transient report', message: 'the job gave up' }
    const nothing = { in: 0, out: 0, duplicates: 0, rejected: 0 }
    storage.artifacts.set(key, { ...report, rows: nothing, files: [], quarantine: [], reasons: {}, failure })
  }
}

function readInput(storage: Storage, input: Found): Row[] {
  const day = String(input.landed_at).slice(0, 10)
  if (input.kind === 'rejected') {
    const object = storage.quarantine.get(input.key)
    if (!object) throw new Error(`no quarantine object ${input.key}`)
    return object.rows.map(({ id, reason }) => ({ id, key: id, bad: true, reason, day }))
  }
  return storage.rowsOf(input.key, input.version_id).map(({ line, key, bad }) => {
    const id = `${input.key}@${input.version_id}#${line}`
    return { id, key, bad, reason: line % 2 === 0 ? 'close_missing' : 'price_range', day }
  })
}

const halves = <T>(list: T[]): T[][] =>
  list.length < 2 ? [list] : [list.slice(0, list.length >> 1), list.slice(list.length >> 1)]

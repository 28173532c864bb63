import type { Storage } from '../aws/storage.js'
import type { Found, SilverObject } from '../evidence.js'
import type { End } from './endings.js'

/** The rows of each run that an object holds. */
const partsOf = (object: SilverObject) => object.of ?? [{ runId: object.runId, rows: object.rows }]

/**
 * A compaction job: reads the files of each group, which must all be there, writes one for each, and then its report.
 * Gives the steps, so that a job can die between any two of them.
 */
export function compactSteps(
  storage: Storage,
  plan: Found,
  end: End,
  complain: (what: string) => void,
): (() => void)[] {
  const { run_id: runId, attempt } = plan
  const files: Found[] = []
  const writes = (plan.groups as Found[]).map((group, place) => () => {
    const old = (group.files as { key: string }[]).flatMap(({ key }) => {
      const object = storage.silver.get(key)
      if (!object) complain(`compaction ${runId} reads ${key}, which is not in silver`)
      return object ? [object] : []
    })
    const of = old.flatMap(partsOf)
    const rows = of.flatMap((part) => part.rows)
    const key = `${plan.pending_prefix}${place}.parquet`
    storage.putSilver(key, { runId, attempt, rows, of })
    files.push({ key, day: group.day, bytes: 90 * rows.length, rows: rows.length, files: group.files.length })
  })
  const report = () => {
    const key = plan.report_uri.replace('s3://artifacts/', '')
    const rows = files.reduce((sum, file) => sum + file.rows, 0)
    if (end.leaves === 'report') storage.artifacts.set(key, { run_id: runId, attempt, rows, files })
    if (end.leaves === 'bad report' || end.leaves === 'transient report') {
      const failure = { transient: end.leaves === 'transient report', message: 'ValuesDiffer: rows' }
      storage.artifacts.set(key, { run_id: runId, attempt, failure })
    }
  }
  return [...writes, report]
}

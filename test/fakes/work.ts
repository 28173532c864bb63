import type { BuildReport } from '../../shared/build-report.js'
import type { CleanseReport } from '../../shared/cleanse-gate.js'
import type { ExtractReport } from '../../shared/extract-end.js'
import { testProject } from './project.js'

/** What the jobs leave behind, so that a chain of fakes can run without an engine. */

export const cleansePlan = (plan: unknown) =>
  plan as {
    run_id: string
    attempt: number
    entity: string
    pending_prefix: string
    inputs: { key: string }[]
  }
export const buildPlan = (plan: unknown) =>
  plan as {
    run_id: string
    attempt: number
    edition: string
    database_out: string
    silver: Record<string, { run_id: string; files: string[] }[]>
    mode?: string
    force?: boolean
    database?: { uri: string } | null
  }

export const extractPlan = (plan: unknown) =>
  plan as {
    run_id: string
    attempt: number
    source: string
    state_uri: string | null
    next_state_uri: string | null
    window: { from: string; to: string } | null
    files_run_id: string
    created_at: string
  }

export const compactPlan = (plan: unknown) =>
  plan as {
    run_id: string
    attempt: number
    pending_prefix: string
    groups: { day: string; files: { key: string; bytes: number }[] }[]
  }

/** The report of a compaction that made one file of each group. */
export function compactReportOf({ run_id, attempt, pending_prefix, groups }: ReturnType<typeof compactPlan>) {
  const files = groups.map(({ day, files: old }, place) => ({
    ...{ key: `${pending_prefix}${place}.parquet`, day, files: old.length, rows: old.length },
    bytes: old.reduce((sum, { bytes }) => sum + bytes, 0),
  }))
  return { run_id, attempt, rows: files.reduce((sum, { rows }) => sum + rows, 0), files }
}

/** The report of an extraction that landed one file of 20 rows. */
export function extractReportOf(plan: ReturnType<typeof extractPlan>): ExtractReport {
  const { run_id, attempt, source, files_run_id, next_state_uri } = plan
  const key = `source=${source}/entity=market_data/run_id=${files_run_id}/20260302T070000Z_000000.json`
  return {
    run_id,
    attempt,
    ok: true,
    rows: 20,
    files: [{ entity: 'market_data', key, rows: 20, bytes: 200 }],
    cursors: next_state_uri === null ? {} : { market_data: `after ${run_id}` },
    state_uri: next_state_uri,
    requests: 1,
    seconds: 0.5,
  }
}

/** The report of a cleanse that read 10 rows from each input and rejected some of the first one's. */
export function cleanseReportOf(
  plan: ReturnType<typeof cleansePlan>,
  { rejected = 0, files = 2 }: { rejected?: number; files?: number } = {},
): CleanseReport {
  const rows = 10 * plan.inputs.length
  const written = Array.from({ length: files }, (_, place) => ({
    key: `${plan.pending_prefix}year=2026/month=03/day=02/part-${place}.parquet`,
    rows: 1,
    bytes: 100,
    year: '2026',
    month: '03',
    day: '02',
  }))
  return {
    run_id: plan.run_id,
    attempt: plan.attempt,
    rows: { in: rows, out: rows - rejected, duplicates: 0, rejected },
    reasons: rejected > 0 ? { close_missing: rejected } : {},
    files: written,
    quarantine: [],
    drift: [],
    schema_changes: [],
  }
}

/** Whether a build finds that nothing has changed: it was asked for what is new, and no silver is. */
const findsNothing = ({ mode, force, database, silver }: ReturnType<typeof buildPlan>) =>
  mode === 'standard' && !force && database && Object.values(silver).every((runs) => runs.length === 0)

/** The report of a build that passed, with one dataset for each domain of the lane. */
export function buildReportOf(plan: ReturnType<typeof buildPlan>): BuildReport {
  const { run_id, attempt, edition, database_out } = plan
  const same = { run_id, attempt, edition, error: null, failed_tests: [], warned_tests: [] }
  const tests = { passed: 0, warned: 0, failed: 0 }
  const left = [{ model: 'daily_summary', why: 'nothing that it reads has changed' }]
  if (findsNothing(plan))
    return { ...same, verdict: 'unchanged', tests, datasets: [], database: null, not_built: left, behind: [] }
  return {
    ...same,
    verdict: 'passed',
    tests: { ...tests, passed: 3 },
    behind: ['fast', 'test', 'ci'].includes(String(plan.mode)) ? null : [],
    datasets: (plan.mode === 'test' || plan.mode === 'ci' ? [] : (testProject.lanes[0]?.datasets ?? [])).map(
      ({ domain, dataset, version, columns }) => {
        const location = `s3://gold/domain=${domain}/dataset=${dataset}/version=${version}/edition=${edition}/`
        const key = `${location.slice('s3://gold/'.length)}year=2026/month=03/${dataset}_0.parquet`
        return {
          domain,
          dataset,
          version,
          location,
          columns: columns.map(({ name, glueType }) => ({ name, glue_type: glueType })),
          rows: 7,
          files: [{ key, rows: 7, bytes: 100 }],
        }
      },
    ),
    database: plan.mode === 'test' || plan.mode === 'ci' ? null : { uri: database_out, bytes: 1_000 },
  }
}

import * as z from 'zod'
import { checked } from './errors.js'
import { domainScore, loadedTable } from './quality.js'
import { attemptPath, type Run } from './run.js'
import type { Reports } from './work.js'

const count = z.number().int().min(0)
const failedTest = z.looseObject({ test: z.string(), model: z.string(), failures: count.nullable() })

/** The report that the dbt container leaves: its verdict, its tests, and what it exported. */
export const buildReport = z.object({
  run_id: z.string(),
  attempt: count,
  edition: z.string(),
  verdict: z.enum(['passed', 'unchanged', 'tests_failed', 'error']),
  error: z.string().nullable(),
  tests: z.object({ passed: count, warned: count, failed: count }),
  failed_tests: z.array(failedTest),
  warned_tests: z.array(failedTest),
  /** Checks that passed and failed, by domain and severity. */
  scores: z.array(domainScore).optional(),
  /** When the newest row of each source table was loaded, as far as this build has looked. */
  loaded: z.array(loadedTable).optional(),
  waived_tests: z.array(failedTest).optional(),
  datasets: z.array(
    z.object({
      domain: z.string(),
      dataset: z.string(),
      version: z.number().int(),
      location: z.string(),
      columns: z.array(z.object({ name: z.string(), glue_type: z.string() })),
      rows: count,
      files: z.array(z.object({ key: z.string(), rows: count, bytes: count })),
    }),
  ),
  database: z.object({ uri: z.string(), bytes: count }).nullable(),
  /** What went wrong beside the data, and whether another try may help. */
  failure: z.object({ transient: z.boolean(), message: z.string() }).nullish(),
  /** What a failed attempt leaves for the next one, which then repeats only what failed. */
  partial_database: z.string().nullish(),
})
export type BuildReport = z.infer<typeof buildReport>

/** What a failed attempt's report says of the database that it left. */
export const partialReport = z.looseObject({ partial_database: z.string().nullish() })

/** The report of the run's current attempt, or nothing when the task left none. */
export async function readReport(reports: Reports, run: Run): Promise<BuildReport | undefined> {
  const content = await reports.read(`${attemptPath(run.runId, run.attempt)}report.json`)
  return content === undefined ? undefined : checked(buildReport, content)
}

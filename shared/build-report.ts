import * as z from 'zod'
import type { Verdict } from './end-run.js'
import { checked } from './errors.js'
import type { Value } from './ledger.js'
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
  /** The steps in their order, and the models that were left as they were, with the reason why. */
  order: z.array(z.string()).optional(),
  not_built: z.array(z.object({ model: z.string(), why: z.string() })).optional(),
  /** Models of the lane that read something new also after this build: its selectors left them out. */
  behind: z.array(z.string()).nullish(),
  /** What a failed attempt leaves for the next one, which then repeats only what failed. */
  partial_database: z.string().nullish(),
})
export type BuildReport = z.infer<typeof buildReport>

/** What a failed attempt's report says of the database that it left. */
export const partialReport = z.looseObject({ partial_database: z.string().nullish() })

/** As many failed tests, and models that were not built, as a run shows; the report has all. */
const TESTS_SHOWN_MAX = 20
const MODELS_SHOWN_MAX = 50

/** The report of the run's current attempt, or nothing when the task left none. */
export async function readReport(reports: Reports, run: Run): Promise<BuildReport | undefined> {
  const content = await reports.read(`${attemptPath(run.runId, run.attempt)}report.json`)
  return content === undefined ? undefined : checked(buildReport, content)
}

/** What a build has to say that found nothing to do. */
const NOTHING: Partial<Record<string, string>> = {
  ci: 'nothing differs from the promoted manifest',
  test: 'no test reads what was built',
}

/** What a report means for its run: let it pass, hold it at the gate, or call the attempt failed. */
export function judge(report: BuildReport, run: Run): Verdict {
  const { verdict, tests, failed_tests, warned_tests, datasets, order, behind, not_built = [] } = report
  const told = {
    ...(order && { order }),
    ...(behind && { behind: behind.slice(0, MODELS_SHOWN_MAX) }),
    notBuilt: not_built.slice(0, MODELS_SHOWN_MAX),
    notBuiltCount: not_built.length,
  }
  const none = NOTHING[String(run.mode)] ?? 'no model reads anything new'
  if (verdict === 'unchanged') return { pass: true, shown: { ...told, unchanged: none } }
  const shown = {
    ...told,
    tests,
    failedTests: failed_tests.slice(0, TESTS_SHOWN_MAX),
    warnedTests: warned_tests.slice(0, TESTS_SHOWN_MAX),
    ...(datasets.length > 0 && { edition: report.edition }),
    domains: [...new Set(datasets.map(({ domain }) => domain))],
    datasets: datasets.map(({ domain, dataset, rows }) => ({ domain, dataset, rows })),
  } as unknown as { [name: string]: Value }
  // With a waiver failed tests are told, and gold is exported all the same.
  const waived = run.waiver && verdict === 'tests_failed' && report.database !== null
  if (verdict === 'passed' || waived) return { pass: true, shown }
  if (verdict === 'error') {
    const failed = report.failure?.message ?? report.error ?? 'dbt failed and gave no reason'
    return { failed, fromReport: true, transient: report.failure?.transient ?? false }
  }
  const rows = (failures: number | null) => (failures === null ? '' : ` (${failures} rows)`)
  const three = failed_tests.slice(0, 3)
  const failed = three.map(({ test, model, failures }) => `${test} on ${model}${rows(failures)}`)
  return { pass: false, reason: `failed tests: ${failed.join(', ')}`, shown }
}

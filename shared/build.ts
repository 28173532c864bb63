import { GoldBuilt, type Outgoing } from '../events/catalog.js'
import { arrived } from './arrivals.js'
import { type BuildReport, partialReport, readReport } from './build-report.js'
import { carried } from './correlation.js'
import type { EndEffects, Verdict } from './end-run.js'
import { TerminalError } from './errors.js'
import type { LedgerReader, Value, Write } from './ledger.js'
import { logLeftover } from './observe.js'
import { qualityWrites } from './quality.js'
import { attemptPath, type Run, type Waiver } from './run.js'
import type { Reports } from './work.js'

/**
 * Where the last good build of a lane left its database, and how many committed runs of each entity it has read.
 * Committed runs are numbered through, so the next build reads what comes after these numbers, and nothing twice.
 */
export interface BuildState {
  ordinal: number
  databaseUri: string
  silverRuns: Record<string, number>
  /** The run that left it. */
  builtBy?: string
  /** When the newest row of each source table was loaded, by `<source>.<table>`, as builds have found it. */
  loadedAt?: Record<string, string>
  /** How many compactions of each entity its database has followed. */
  compactions?: Record<string, number>
}

/** dbt's words for an entity and all that is made from it. */
export const selectorOf = (entity: string) => `source:lake.${entity}+`
export const editionOf = (runId: string, attempt: number) => `${runId}-${attempt}`
export const buildStateKey = (lane: string) => ({ PK: `LANE#${lane}`, SK: 'STATE' })
/** The published edition of a domain. */
export const goldPointerKey = (domain: string) => ({ PK: `DOMAIN#${domain}`, SK: 'GOLD' })
/** The newest edition that was built for a domain, published or not yet: editions are numbered through by it. */
export const newestEditionKey = (domain: string) => ({ PK: `DOMAIN#${domain}`, SK: 'NEWEST' })
export const editionKey = (domain: string, edition: string) => ({
  PK: `DOMAIN#${domain}`,
  SK: `EDITION#${edition}`,
})

/** The state that the last good build of a lane left, or nothing before the first. */
export async function buildState(ledger: LedgerReader, lane: string): Promise<BuildState | undefined> {
  const item = await ledger.get(buildStateKey(lane))
  return item as unknown as BuildState | undefined
}

/** As many failed tests as a run shows; the report has all. */
const TESTS_SHOWN_MAX = 20

export interface BuildEndEffects {
  ledger: LedgerReader
  reports: Reports
  /** Deletes a database that no build can start from any more. */
  removeDatabase(uri: string): Promise<void>
}

/** How a build ends: the gate on dbt's tests, the edition in the ledger, and the event for the publisher. */
export function buildEnd(effects: BuildEndEffects): Pick<EndEffects, 'judge' | 'commit' | 'outcome'> {
  return {
    async judge(run) {
      const report = await readReport(effects.reports, run)
      const verdict = report && judge(report, run.waiver)
      // A build that is held back has no edition, but its score counts.
      const held = verdict && 'pass' in verdict && !verdict.pass
      return held ? { ...verdict, writes: qualityWrites(run, report) } : verdict
    },
    commit: (run) => commit(effects, run),
    outcome: (run): Outgoing | undefined => (run.unchanged ? undefined : goldBuilt(run)),
  }
}

const goldBuilt = (run: Run): Outgoing => {
  const { runId, domains, edition } = run
  const built = { runId, domains: domains as string[], edition: String(edition), ...carried(run) }
  return { name: GoldBuilt.name, detail: built }
}

function judge(report: BuildReport, waiver?: Waiver): Verdict {
  const { verdict, tests, failed_tests, warned_tests, datasets } = report
  if (verdict === 'unchanged') return { pass: true, shown: { unchanged: 'no new data in the warehouse' } }
  const shown = {
    tests,
    failedTests: failed_tests.slice(0, TESTS_SHOWN_MAX),
    warnedTests: warned_tests.slice(0, TESTS_SHOWN_MAX),
    edition: report.edition,
    domains: [...new Set(datasets.map(({ domain }) => domain))],
    datasets: datasets.map(({ domain, dataset, rows }) => ({ domain, dataset, rows })),
  } as unknown as { [name: string]: Value }
  // With a waiver failed tests are told, and gold is exported all the same.
  const waived = waiver && verdict === 'tests_failed' && report.database !== null
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

/** What the ending transaction of a build also writes: the lane's new state and an edition for each domain. */
async function commit(
  { ledger, reports, removeDatabase }: BuildEndEffects,
  run: Run,
): Promise<{ writes: Write[] }> {
  if (run.unchanged) return { writes: [] }
  const report = await readReport(reports, run)
  if (!report?.database)
    throw new TerminalError(`run ${run.runId} is committing, but its report names no database`)
  const before = await buildState(ledger, run.lane)
  const base = Number(run.base)
  const ordinal = base + 1
  const state = {
    ordinal,
    databaseUri: report.database.uri,
    previousUri: before?.databaseUri ?? null,
    silverRuns: run.silverRuns as Record<string, number>,
    compactions: (run.compactions ?? {}) as Record<string, number>,
    builtBy: run.runId,
    loadedAt: { ...before?.loadedAt, ...loadedAt(report) },
  }
  const stale = (before as { previousUri?: string } | undefined)?.previousUri
  // Housekeeping never decides a publication: what stays behind costs storage, and the log says so.
  if (stale && before && before.ordinal <= base)
    await removeDatabase(stale).catch((error) => logLeftover(stale, error))
  await removePartials({ reports, removeDatabase }, run)
  return {
    writes: [
      {
        update: buildStateKey(run.lane),
        set: state,
        when: [{ attribute: 'ordinal', below: ordinal, orAbsent: true }],
      },
      ...(run.domains as string[]).flatMap((domain): Write[] => [
        { put: edition(domain, ordinal, run, report) },
        {
          update: newestEditionKey(domain),
          set: { ordinal },
          when: [{ attribute: 'ordinal', below: ordinal, orAbsent: true }],
        },
      ]),
      ...qualityWrites(run, report),
    ],
  }
}

const loadedAt = ({ loaded = [] }: BuildReport) =>
  Object.fromEntries(loaded.map(({ source, table, at }) => [`${source}.${table}`, at]))

/** The databases that the failed attempts before this one left: nobody starts from them once the run is good. */
async function removePartials(
  { reports, removeDatabase }: Pick<BuildEndEffects, 'reports' | 'removeDatabase'>,
  run: Run,
): Promise<void> {
  const earlier = Array.from({ length: run.attempt - 1 }, (_, before) => attemptPath(run.runId, before + 1))
  for (const path of new Set([...earlier, ...(run.retryPath ? [String(run.retryPath)] : [])])) {
    const content = await reports.read(`${path}report.json`).catch((error) => logLeftover(path, error))
    const left = partialReport.safeParse(content).data?.partial_database
    if (left) await removeDatabase(left).catch((error) => logLeftover(left, error))
  }
}

function edition(domain: string, ordinal: number, run: Run, report: BuildReport) {
  const datasets = report.datasets
    .filter((dataset) => dataset.domain === domain)
    .map(({ columns, dataset, version, rows, location }) => ({
      ...{ dataset, version, rows, location },
      columns: columns.map(({ name, glue_type }) => ({ name, glueType: glue_type })),
    }))
  const { runId, attempt, waiver, createdAt: begunAt } = run
  const built = { ordinal, runId, attempt, begunAt, state: 'passed', datasets, ...arrived(run) }
  return { ...editionKey(domain, report.edition), ...built, ...(waiver && { waiver }) }
}

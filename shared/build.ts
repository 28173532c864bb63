import { GoldBuilt, type Outgoing } from '../events/catalog.js'
import { arrived } from './arrivals.js'
import { type BuildReport, judge, partialReport, readReport } from './build-report.js'
import type { Clock } from './clock.js'
import { carried } from './correlation.js'
import { editionKey, goldPointerKey, newestEditionKey } from './editions.js'
import type { EndOfKind } from './end-run.js'
import { TerminalError } from './errors.js'
import { type Condition, type LedgerReader, present, type Value, type Write } from './ledger.js'
import type { News } from './news.js'
import { logLeftover } from './observe.js'
import { testedBy, testsPassed, testsToFollow } from './pending.js'
import { qualityWrites } from './quality.js'
import { attemptPath, type Run } from './run.js'
import type { Reports } from './work.js'

/**
 * Where the last good build of a lane left its database, and how many committed runs of each entity it has read.
 * Committed runs are numbered through, so the next build reads what comes after these numbers, and nothing twice.
 */
export interface BuildState {
  ordinal: number
  databaseUri: string
  silverRuns: Record<string, number>
  builtBy: string
  /** When the newest row of each source table was loaded, by `<source>.<table>`, as builds have found it. */
  loadedAt?: Record<string, string>
  /** Where the artifacts of the last good build lie, with the manifest that CI compares with. */
  builtAt?: string
  /** The task definition, and so the image with its project, that has found or made it up to date. */
  taskDefinition?: string
  /** How many compactions of each entity its database has followed. */
  compactions?: Record<string, number>
  /** How much of the news of each warehouse source is in all of its tables, and when and by which run that was found. */
  news?: News
  lookedAt?: string
  /** Models of which the last build said that they read something newer than they were made from. */
  behind?: string[]
  lookedBy?: string
}

/** dbt's words for an entity and all that is made from it. */
export const selectorOf = (entity: string) => `source:lake.${entity}+`
export const editionOf = (runId: string, attempt: number) => `${runId}-${attempt}`
export const buildStateKey = (lane: string) => ({ PK: `LANE#${lane}`, SK: 'STATE' })
export { editionKey, goldPointerKey, newestEditionKey }

/** The state that the last good build of a lane left, or nothing before the first. */
export async function buildState(ledger: LedgerReader, lane: string): Promise<BuildState | undefined> {
  const item = await ledger.get(buildStateKey(lane))
  return item as unknown as BuildState | undefined
}

export interface BuildEndEffects {
  ledger: LedgerReader
  clock: Clock
  reports: Reports
  /** Deletes a database that no build can start from any more. */
  removeDatabase(uri: string): Promise<void>
}

/** How a build ends: the gate on dbt's tests, the edition in the ledger, and the event for the publisher. */
export function buildEnd(effects: BuildEndEffects): EndOfKind {
  return {
    async judge(run) {
      const report = await readReport(effects.reports, run)
      const verdict = report && judge(report, run)
      // A build that is held back has no edition, but its score counts.
      const held = verdict && 'pass' in verdict && !verdict.pass
      return held ? { ...verdict, writes: scored(run, report) } : verdict
    },
    commit: (run) => commit(effects, run),
    outcome: (run): Outgoing | undefined => (publishes(run) ? goldBuilt(run) : undefined),
  }
}

/** The score of an edition: its tests may come after it, and those of a mere trial are of none. */
const scored = (run: Run, report: BuildReport): Write[] =>
  run.mode === 'ci'
    ? []
    : qualityWrites(run, { ...report, edition: testedBy(run)?.edition ?? report.edition })

/** Whether an edition comes of it: not where nothing was new, nor of tests alone, nor of what a change would do. */
const publishes = ({ unchanged, mode }: Run) => !unchanged && mode !== 'ci' && mode !== 'test'

const goldBuilt = (run: Run): Outgoing => {
  const { runId, domains, edition } = run
  const built = { runId, domains: domains as string[], edition: String(edition), ...carried(run) }
  return { name: GoldBuilt.name, detail: built }
}

/** What the ending transaction of a build also writes: the lane's new state and an edition for each domain. */
async function commit(
  { ledger, clock, reports, removeDatabase }: BuildEndEffects,
  run: Run,
): Promise<{ writes: Write[] }> {
  if (run.mode === 'ci') return { writes: [] }
  if (run.unchanged && run.mode !== 'test') return { writes: upToDate(run) }
  const report = await readReport(reports, run)
  if (run.mode === 'test')
    return { writes: [...(await tested(removeDatabase, run)), ...(report ? scored(run, report) : [])] }
  if (!report?.database)
    throw new TerminalError(`run ${run.runId} is committing, but its report names no database`)
  const base = Number(run.base)
  const editions = (run.domains as string[]).flatMap((domain) => numbered(domain, base + 1, run, report))
  await removePartials({ reports, removeDatabase }, run)
  if (run.mode === 'fast') {
    const built = { edition: report.edition, database: report.database.uri }
    return { writes: [...editions, ...testsToFollow(clock, run, built)] }
  }
  const before = await buildState(ledger, run.lane)
  const stale = (before as { previousUri?: string } | undefined)?.previousUri
  // Housekeeping never decides a publication: what stays behind costs storage, and the log says so.
  if (stale && before && before.ordinal <= base)
    await removeDatabase(stale).catch((error) => logLeftover(stale, error))
  const state = stateOf(run, base + 1, report, before)
  return { writes: [state, ...editions, ...scored(run, report)] }
}

const grows = (ordinal: number): Condition[] => [{ attribute: 'ordinal', below: ordinal, orAbsent: true }]

/** The state that a good build leaves, unless a newer one has left its own. */
const stateOf = (run: Run, ordinal: number, report: BuildReport, before?: BuildState): Write => ({
  update: buildStateKey(run.lane),
  set: {
    ...{ ordinal, databaseUri: String(report.database?.uri), previousUri: before?.databaseUri ?? null },
    ...{ silverRuns: run.silverRuns as Record<string, number>, builtBy: run.runId },
    builtAt: attemptPath(run.runId, run.attempt),
    taskDefinition: imageOf(run),
    compactions: (run.compactions ?? {}) as Record<string, number>,
    loadedAt: { ...before?.loadedAt, ...loadedAt(report) },
    ...takenIn(run),
  },
  when: grows(ordinal),
})

const loadedAt = ({ loaded = [] }: BuildReport) =>
  Object.fromEntries(loaded.map(({ source, table, at }) => [`${source}.${table}`, at]))

const imageOf = (run: Run) => (run.request as { taskDefinition?: string } | undefined)?.taskDefinition ?? null

/** The lane is as this image would have built it: the next request need not start a container to find that out. */
const upToDate = (run: Run): Write[] => [
  {
    update: buildStateKey(run.lane),
    set: { taskDefinition: imageOf(run), ...takenIn(run) },
    when: [present('databaseUri')],
  },
]

/**
 * What was told before the container began is in the tables, once it says that no model of the lane reads more than it
 * was made from. What its selectors left out, and what came while it ran, stays news.
 */
const takenIn = ({ runId, behind, news, lookedAt }: Run): Record<string, Value> => {
  if (!Array.isArray(behind)) return {}
  const looked = { news: news ?? {}, lookedAt: lookedAt ?? null, lookedBy: runId }
  return { behind, ...(behind.length === 0 && looked) }
}

/** An edition and its number. */
const numbered = (domain: string, ordinal: number, run: Run, report: BuildReport): Write[] => [
  { put: edition(domain, ordinal, run, report) },
  { update: newestEditionKey(domain), set: { ordinal }, when: grows(ordinal) },
]

/** The tests of an edition have passed: nobody needs the database any more that it was exported from. */
async function tested(removeDatabase: BuildEndEffects['removeDatabase'], run: Run): Promise<Write[]> {
  const { database, shared } = testedBy(run) ?? {}
  if (database && !shared) await removeDatabase(database).catch((error) => logLeftover(database, error))
  return testsPassed(run)
}

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
  const state = run.mode === 'fast' ? 'pending' : 'passed'
  const built = { ordinal, runId, attempt, begunAt, state, datasets, ...arrived(run) }
  return { ...editionKey(domain, report.edition), ...built, ...(waiver && { waiver }) }
}

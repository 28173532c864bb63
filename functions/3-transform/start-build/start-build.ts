import { type BuildState, editionOf, newestEditionKey, selectorOf } from '../../../shared/build.js'
import { iso } from '../../../shared/clock.js'
import { correlationOf } from '../../../shared/correlation.js'
import type { Declared } from '../../../shared/declared.js'
import type { World } from '../../../shared/lane.js'
import type { LedgerReader } from '../../../shared/ledger.js'
import { MODES } from '../../../shared/modes.js'
import { testedBy } from '../../../shared/pending.js'
import { attemptPath, type Run } from '../../../shared/run.js'
import type { Prepared, StartOfKind } from '../../../shared/start-run.js'
import { taskRequest } from '../../../shared/tasks.js'
import { refreshColumns } from '../../../shared/warehouse.js'
import type { Reports, TaskRequest, TaskSettings, Tasks } from '../../../shared/work.js'
import type { Asked } from './asked.js'
import { type Known, knownOf } from './known.js'
import { moveOn } from './move-on.js'
import { type Moved, movedDays } from './moved-days.js'
import { retryOf } from './retry-of.js'
import { newRuns, type SilverRuns } from './silver-runs.js'

interface BuildSettings {
  silverBucket: string
  goldBucket: string
  artifactsBucket: string
  /** The deployment's stage, which decides what of a person gold shows. */
  stage: string
  task: TaskSettings
}

export interface BuildStartEffects {
  ledger: LedgerReader
  world: World
  reports: Reports
  project: Declared
  settings: BuildSettings
  tasks: Tasks
  stopTask(task: string): Promise<void>
}

/** How a build starts: one dbt task over the union of what waited, unless the last good build has seen it all. */
export function buildStart(effects: BuildStartEffects): StartOfKind {
  return {
    prepare: (run, attempt) => prepare(effects, run, attempt),
    launch: (request) => effects.tasks.run(request as unknown as TaskRequest),
    find: (run) => effects.tasks.find(run.request as unknown as TaskRequest),
    stop: (job) => effects.stopTask(job),
  }
}

async function prepare(effects: BuildStartEffects, run: Run, attempt: number) {
  const { ledger, project, settings } = effects
  const lane = project.lanes.find((candidate) => candidate.lane === run.subject)
  if (!lane) return moveOn(effects, run)
  const known = await knownOf(effects, lane, run)
  const { asked, state, inputs } = known
  if (asked.mode === 'ci' && !state?.builtAt) return { unchanged: 'no build has left a manifest yet' }
  // A repeated start makes the plan that its intent promised, whatever was committed meanwhile.
  const promised = attempt === run.attempt ? (run.silverRuns as BuildState['silverRuns']) : undefined
  const moved = await movedDays(ledger, settings.silverBucket, lane.entities, state)
  const silver: SilverRuns = {}
  for (const entity of lane.entities) {
    const built = state?.silverRuns[entity] ?? 0
    const upTo = promised?.[entity] ?? (reads(asked, state, entity) ? undefined : built)
    silver[entity] = await newRuns(ledger, settings.silverBucket, entity, { after: built, upTo })
  }
  const unbuilt = lane.entities.filter((entity) => silver[entity]?.length)
  if (unbuilt.length === 0 && known.idle) return { unchanged: known.idle }
  // Silver that came after these entries is in the plan too, so its readers are built with it.
  const also = MODES[asked.mode].selectors ? [] : unbuilt.map(selectorOf)
  const selectors = [...new Set([...asked.selectors, ...also])].sort()
  const base = await lastOrdinal(ledger, lane.domains, state)
  const facts = {
    ...known,
    domains: lane.domains,
    selectors,
    silver,
    moved,
    silverRuns: countRuns(silver, state),
    base,
    columns: refreshColumns(project, lane),
    tested: asked.mode === 'test' ? testedBy(inputs[0]?.input ?? {}) : undefined,
    syncedFrom: sourcesOf(inputs),
  }
  const goesOn = asked.mode !== 'ci' && asked.mode !== 'test'
  return prepared(effects, run, attempt, {
    ...facts,
    retryOf: goesOn ? await retryOf(effects, run, attempt, facts) : undefined,
  })
}

/**
 * Whether a build reads what is new of an entity. A full refresh of some models leaves alone what none of them is made
 * from: the entry of that silver still waits, and its readers stay incremental.
 */
function reads({ mode, whole, selectors }: Asked, state: BuildState | undefined, entity: string): boolean {
  if (mode === 'test' || mode === 'ci') return false
  return mode !== 'full-refresh' || whole || !state || selectors.includes(selectorOf(entity))
}

/** Whose finished syncs the run answers, by name: their data came past silver, so no selector says it. */
const sourcesOf = (inputs: Known['inputs']): string[] =>
  [
    ...new Set(inputs.flatMap(({ input }) => (input.syncId && input.source ? [String(input.source)] : []))),
  ].sort()

interface Facts extends Pick<Known, 'asked' | 'state' | 'news' | 'now' | 'looksBecause'> {
  domains: string[]
  selectors: string[]
  silver: SilverRuns
  moved: Moved
  /** How many runs of each entity there are with these. */
  silverRuns: BuildState['silverRuns']
  /** By which its container sees whether others have loaded something new. */
  columns: string[]
  /** Which edition was published before its tests, which this run brings. */
  tested?: ReturnType<typeof testedBy>
  syncedFrom: string[]
  /** Where the failed attempt lies of which only what failed is repeated. */
  retryOf?: string | undefined
  /** The ordinal of the newest edition so far; this build's is the next. */
  base: number
}

function prepared({ settings }: BuildStartEffects, run: Run, attempt: number, facts: Facts): Prepared {
  const path = attemptPath(run.runId, attempt)
  const planUri = `s3://${settings.artifactsBucket}/${path}plan.json`
  const edition = editionOf(run.runId, attempt)
  const { domains, asked, selectors, silver, state, retryOf, columns, tested } = facts
  const { mode, order } = asked
  const database = tested?.database ?? state?.databaseUri
  return {
    engine: 'dbt',
    request: { ...taskRequest(settings.task, run, attempt, 'dbt', planUri) },
    plan: {
      version: 1,
      kind: 'build',
      run_id: run.runId,
      attempt,
      correlation_id: correlationOf(run),
      lane: run.subject,
      domains,
      target: 'duckdb',
      stage: settings.stage,
      mode: asked.plannedAs,
      selectors,
      ...(order.length > 0 && { order }),
      edition,
      silver,
      ...(Object.keys(facts.moved.days).length > 0 && { moved: facts.moved.days }),
      database: database ? { uri: database } : null,
      database_out: `s3://${settings.artifactsBucket}/dbt/duckdb/${run.subject}/${edition}.duckdb`,
      // Where the tables lie that others load into a warehouse, on the target that has none of its own.
      raw_uri: `s3://${settings.silverBucket}/raw/`,
      ...(columns.length > 0 && { refresh_columns: columns }),
      ...(asked.force && { force: true }),
      ...(tested && { tested_edition: tested.edition }),
      ...(mode === 'ci' && { state_uri: `s3://${settings.artifactsBucket}/${state?.builtAt}` }),
      gold_bucket: settings.goldBucket,
      artifacts_prefix: `s3://${settings.artifactsBucket}/${path}`,
      ...(retryOf && { retry_of: `s3://${settings.artifactsBucket}/${retryOf}` }),
      ...(run.waiver && { waive_tests: true }),
    },
    shown: {
      ...{ selectors, mode, silverRuns: facts.silverRuns, base: facts.base },
      ...(facts.syncedFrom.length > 0 && { syncedFrom: facts.syncedFrom }),
      compactions: facts.moved.compactions,
      ...{ news: facts.news, lookedAt: iso(facts.now), looksBecause: facts.looksBecause ?? null },
      retryPath: retryOf ?? null,
      ...(tested && { tested: { ...tested } }),
    },
  }
}

/**
 * Editions of a domain are numbered through, also when a deployment gave the domain another lane, and whether or not the
 * newest one is published yet.
 */
async function lastOrdinal(
  ledger: LedgerReader,
  domains: string[],
  state: BuildState | undefined,
): Promise<number> {
  const newest = await Promise.all(domains.map((domain) => ledger.get(newestEditionKey(domain))))
  return Math.max(state?.ordinal ?? 0, ...newest.map((edition) => Number(edition?.ordinal ?? 0)))
}

const countRuns = (silver: SilverRuns, state: BuildState | undefined): BuildState['silverRuns'] =>
  Object.fromEntries(
    Object.entries(silver).map(([entity, runs]) => [entity, (state?.silverRuns[entity] ?? 0) + runs.length]),
  )

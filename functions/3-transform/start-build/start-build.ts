import {
  type BuildState,
  buildState,
  editionOf,
  newestEditionKey,
  selectorOf,
} from '../../../shared/build.js'
import { silverKey, silverPk, silverRunKey } from '../../../shared/cleanse.js'
import { correlationOf } from '../../../shared/correlation.js'
import type { Declared } from '../../../shared/declared.js'
import { TerminalError } from '../../../shared/errors.js'
import { inputsOf } from '../../../shared/inputs.js'
import { join, laneName, registerLane, type World } from '../../../shared/lane.js'
import type { Item, LedgerReader } from '../../../shared/ledger.js'
import { attemptPath, type Run } from '../../../shared/run.js'
import type { Prepared, StartEffects } from '../../../shared/start-run.js'
import { taskRequest } from '../../../shared/tasks.js'
import type { Reports, TaskRequest, TaskSettings, Tasks } from '../../../shared/work.js'
import { retryOf } from './retry-of.js'

export interface BuildSettings {
  silverBucket: string
  goldBucket: string
  artifactsBucket: string
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

type SilverRuns = Record<string, { run_id: string; files: string[] }[]>

/** New runs of one entity that one plan may list. */
const SILVER_RUNS_MAX = 200_000
const PAGE = 1_000

/** How a build starts: one dbt task over the union of what waited, unless the last good build has seen it all. */
export function buildStart(
  effects: BuildStartEffects,
): Pick<StartEffects, 'prepare' | 'launch' | 'find' | 'stop'> {
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
  const state = await buildState(ledger, run.lane)
  // A repeated start makes the plan that its intent promised, whatever was committed meanwhile.
  const promised = attempt === run.attempt ? (run.silverRuns as BuildState['silverRuns']) : undefined
  const silver: SilverRuns = {}
  for (const entity of lane.entities) {
    const range = { after: state?.silverRuns[entity] ?? 0, upTo: promised?.[entity] }
    silver[entity] = await newRuns(ledger, settings.silverBucket, entity, range)
  }
  const unbuilt = lane.entities.filter((entity) => silver[entity]?.length)
  if (unbuilt.length === 0) return { unchanged: 'nothing new since the last good build' }
  const inputs = await inputsOf(ledger, run.runId)
  const waited = inputs.map(({ input }) => String(input.selector))
  // Silver that came after these entries is in the plan too, so its readers are built with it.
  const selectors = [...new Set([...waited, ...unbuilt.map(selectorOf)])].sort()
  const base = await lastOrdinal(ledger, lane.domains, state)
  const facts = {
    domains: lane.domains,
    selectors,
    silver,
    silverRuns: countRuns(silver, state),
    state,
    base,
  }
  return prepared(effects, run, attempt, { ...facts, retryOf: await retryOf(effects, run, attempt, facts) })
}

/**
 * A deployment gave the run's domains other lanes: each of them gets an entry for what this run was to build, before
 * the run ends without a job.
 */
async function moveOn(effects: BuildStartEffects, run: Run): Promise<{ unchanged: string; moved: string[] }> {
  const { ledger, project, world } = effects
  const domains = run.subject.split('+')
  const heirs = project.lanes.filter((lane) => lane.domains.some((domain) => domains.includes(domain)))
  if (heirs.length === 0)
    throw new TerminalError(`no dbt lane "${run.subject}": this deployment's graph has none of its domains`)
  const waited = (await inputsOf(ledger, run.runId)).map(({ input }) => String(input.entity))
  for (const heir of heirs) {
    const lane = laneName('build', heir.lane)
    await registerLane(world, lane)
    const entities = heir.entities.filter((entity) => waited.includes(entity))
    for (const entity of entities.length > 0 ? entities : heir.entities.slice(0, 1)) {
      const selector = selectorOf(entity)
      const owner = { PK: `ENTRY#${lane}#moved:${run.runId}:${entity}`, SK: 'META', selector, entity }
      await join(world, lane, { owner, input: { selector, entity }, bytes: 0 })
    }
  }
  const moved = heirs.map(({ lane }) => laneName('build', lane))
  return { unchanged: `its domains are built in ${moved.join(', ')} now`, moved }
}

interface Facts {
  domains: string[]
  selectors: string[]
  silver: SilverRuns
  /** How many runs of each entity there are with these. */
  silverRuns: BuildState['silverRuns']
  state: BuildState | undefined
  /** Where the failed attempt lies of which only what failed is repeated. */
  retryOf?: string | undefined
  /** The ordinal of the newest edition so far; this build's is the next. */
  base: number
}

function prepared({ settings }: BuildStartEffects, run: Run, attempt: number, facts: Facts): Prepared {
  const path = attemptPath(run.runId, attempt)
  const planUri = `s3://${settings.artifactsBucket}/${path}plan.json`
  const edition = editionOf(run.runId, attempt)
  const { domains, selectors, silver, state, retryOf } = facts
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
      mode: 'standard',
      selectors,
      edition,
      silver,
      database: state ? { uri: state.databaseUri } : null,
      database_out: `s3://${settings.artifactsBucket}/dbt/duckdb/${run.subject}/${edition}.duckdb`,
      gold_bucket: settings.goldBucket,
      artifacts_prefix: `s3://${settings.artifactsBucket}/${path}`,
      ...(retryOf && { retry_of: `s3://${settings.artifactsBucket}/${retryOf}` }),
      ...(run.waiver && { waive_tests: true }),
    },
    shown: { selectors, silverRuns: facts.silverRuns, base: facts.base, retryPath: retryOf ?? null },
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

/** The committed runs of an entity with numbers behind `after`, with the keys of their files; up to `upTo`, if given. */
async function newRuns(
  ledger: LedgerReader,
  bucket: string,
  entity: string,
  range: { after: number; upTo?: number | undefined },
): Promise<SilverRuns[string]> {
  const items: Item[] = []
  let after: string | undefined = JSON.stringify(silverRunKey(entity, range.after))
  while (after) {
    const page = await ledger.query(silverPk(entity), { prefix: 'RUN#', limit: PAGE, after })
    items.push(...page.items)
    after = page.next
    if (items.length > SILVER_RUNS_MAX)
      throw new TerminalError(`${entity} has more than ${SILVER_RUNS_MAX} runs that no build has read`)
  }
  return items.slice(0, range.upTo === undefined ? undefined : range.upTo - range.after).map((item) => {
    const runId = String(item.runId)
    const files = (item.days as string[]).map(
      (day, ordinal) => `s3://${bucket}/${silverKey(entity, day, runId, ordinal)}`,
    )
    return { run_id: runId, files }
  })
}

import { type BuildState, buildState, editionOf, goldPointerKey, selectorOf } from '../../../shared/build.js'
import { silverKey, silverPk } from '../../../shared/cleanse.js'
import type { Declared } from '../../../shared/declared.js'
import { TerminalError } from '../../../shared/errors.js'
import { inputsOf } from '../../../shared/inputs.js'
import type { Item, LedgerReader } from '../../../shared/ledger.js'
import { attemptPath, type Run } from '../../../shared/run.js'
import type { Prepared, StartEffects } from '../../../shared/start-run.js'
import { taskRequest } from '../../../shared/tasks.js'
import type { TaskRequest, TaskSettings, Tasks } from '../../../shared/work.js'

export interface BuildSettings {
  silverBucket: string
  goldBucket: string
  artifactsBucket: string
  task: TaskSettings
}

export interface BuildStartEffects {
  ledger: LedgerReader
  project: Declared
  settings: BuildSettings
  tasks: Tasks
  stopTask(task: string): Promise<void>
}

type SilverRuns = Record<string, { run_id: string; files: string[] }[]>

/** Committed runs of one entity that one plan may list. */
const SILVER_RUNS_MAX = 200_000
const PAGE = 1_000

/** How a build starts: one dbt task over the union of what waited, unless the last good build has seen it all. */
export function buildStart(
  effects: BuildStartEffects,
): Pick<StartEffects, 'prepare' | 'launch' | 'find' | 'stop'> {
  return {
    prepare: (run, attempt) => prepare(effects, run, attempt),
    launch: (request) => effects.tasks.run(request as unknown as TaskRequest),
    find: async () => undefined,
    stop: (job) => effects.stopTask(job),
  }
}

async function prepare(effects: BuildStartEffects, run: Run, attempt: number) {
  const { ledger, project, settings } = effects
  const lane = project.lanes.find((candidate) => candidate.lane === run.subject)
  if (!lane)
    throw new TerminalError(`no dbt lane "${run.subject}": this deployment's graph has none of that name`)
  const state = await buildState(ledger, run.lane)
  const silver: SilverRuns = {}
  for (const entity of lane.entities)
    silver[entity] = await committedRuns(ledger, settings.silverBucket, entity)
  const unbuilt = lane.entities.filter((entity) => state?.silverRuns[entity] !== silver[entity]?.length)
  if (unbuilt.length === 0) return { unchanged: 'nothing new since the last good build' }
  const inputs = await inputsOf(ledger, run.runId)
  const waited = inputs.map(({ input }) => String(input.selector))
  // Silver that came after these entries is in the plan too, so its readers are built with it.
  const selectors = [...new Set([...waited, ...unbuilt.map(selectorOf)])].sort()
  const base = await lastOrdinal(ledger, lane.domains, state)
  return prepared(effects, run, attempt, { domains: lane.domains, selectors, silver, state, base })
}

interface Facts {
  domains: string[]
  selectors: string[]
  silver: SilverRuns
  state: BuildState | undefined
  /** The ordinal of the newest edition so far; this build's is the next. */
  base: number
}

function prepared({ settings }: BuildStartEffects, run: Run, attempt: number, facts: Facts): Prepared {
  const path = attemptPath(run.runId, attempt)
  const planUri = `s3://${settings.artifactsBucket}/${path}plan.json`
  const edition = editionOf(run.runId, attempt)
  const { domains, selectors, silver, state } = facts
  return {
    engine: 'dbt',
    request: { ...taskRequest(settings.task, run, attempt, 'dbt', planUri) },
    plan: {
      version: 1,
      kind: 'build',
      run_id: run.runId,
      attempt,
      correlation_id: run.runId,
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
    },
    shown: { selectors, silverRuns: countRuns(silver), base: facts.base },
  }
}

/** Editions of a domain are numbered through, also when a deployment gave the domain another lane. */
async function lastOrdinal(
  ledger: LedgerReader,
  domains: string[],
  state: BuildState | undefined,
): Promise<number> {
  const pointers = await Promise.all(domains.map((domain) => ledger.get(goldPointerKey(domain))))
  return Math.max(state?.ordinal ?? 0, ...pointers.map((pointer) => Number(pointer?.ordinal ?? 0)))
}

const countRuns = (silver: SilverRuns) =>
  Object.fromEntries(Object.entries(silver).map(([entity, runs]) => [entity, runs.length]))

/** All runs of an entity that the ledger calls committed, with the keys of their files. */
async function committedRuns(
  ledger: LedgerReader,
  bucket: string,
  entity: string,
): Promise<SilverRuns[string]> {
  const items: Item[] = []
  let after: string | undefined
  do {
    const page = await ledger.query(silverPk(entity), {
      prefix: 'RUN#',
      limit: PAGE,
      ...(after && { after }),
    })
    items.push(...page.items)
    after = page.next
    if (items.length > SILVER_RUNS_MAX)
      throw new TerminalError(`${entity} has more than ${SILVER_RUNS_MAX} runs`)
  } while (after)
  return items.map((item) => {
    const runId = String(item.runId)
    const files = (item.days as string[]).map(
      (day, ordinal) => `s3://${bucket}/${silverKey(entity, day, runId, ordinal)}`,
    )
    return { run_id: runId, files }
  })
}

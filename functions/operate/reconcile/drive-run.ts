import { alertEntryKey } from '../../../shared/alerts/incident.js'
import {
  JOB_ASKED_SECONDS,
  JOB_SECONDS_MAX,
  POSTPONED_SECONDS,
  UNKNOWN_SECONDS,
} from '../../../shared/bounds.js'
import { iso } from '../../../shared/clock.js'
import { type Declared, laneReading } from '../../../shared/declared.js'
import { publishEntryKey, rollbackKey } from '../../../shared/editions.js'
import { type EndEffects, finishRun, settle, TOO_LONG } from '../../../shared/end-run.js'
import type { Platform, PlatformRequest } from '../../../shared/extract-platform.js'
import { afterForget, forgetBuild, requestOf } from '../../../shared/forget.js'
import { laneName, seal, type World } from '../../../shared/lane.js'
import { type Item, is, type Key } from '../../../shared/ledger.js'
import { rollbackIds } from '../../../shared/pending.js'
import { dueAt, type Run, runKey, stillAt } from '../../../shared/run.js'
import { type StartEffects, startRun } from '../../../shared/start-run.js'
import type { Ended, JobReader, TaskReader } from '../../../shared/work.js'
import { requestEntryKey, silverEntryKey } from '../../3-transform/plan-build/plan-build.js'

export interface DriveEffects extends World {
  project: Declared
  starts: Record<Run['kind'], StartEffects>
  ends: Record<Run['kind'], EndEffects>
  tasks: TaskReader
  /** The Glue job of each kind of run that has one. */
  jobs: Record<'cleanse' | 'compact', JobReader>
  platform: Pick<Platform, 'get'>
}

const LOST: Ended = {
  ok: false,
  reason: 'the service no longer knows the job, and it left no end',
  failureClass: 'lost',
}

/** Does for one late run what its state asks for, with the same steps that the stages take. */
export async function driveRun(effects: DriveEffects, runId: string): Promise<string> {
  const run = (await effects.ledger.get(runKey(runId))) as Run | undefined
  if (!run?.dueAt || run.dueAt > iso(effects.clock.now())) return 'not late any more'
  const start = effects.starts[run.kind]
  const end = effects.ends[run.kind]
  if (run.state === 'FILLING') return seal(start, runId).then(() => 'sealed')
  if (run.state === 'READY') return startRun(start, runId)
  if (run.state === 'RUNNING' && !run.job) return takeUp(effects, run)
  if (run.state === 'RUNNING') return driveJob(effects, run)
  if (run.state === 'COMMITTING') return settle(end, runId)
  if (await heard(effects, run)) return forget(effects, run)
  const told = await settle(end, runId)
  await postpone(effects, run)
  return told
}

/** An intent without a job: its job may be found, and may be over already. */
async function takeUp(effects: DriveEffects, before: Run): Promise<string> {
  const did = await startRun(effects.starts[before.kind], before.runId)
  const run = (await effects.ledger.get(runKey(before.runId))) as Run
  const found = run.state === 'RUNNING' && run.job && run.attempt === before.attempt
  return found ? driveJob(effects, run) : did
}

async function driveJob(effects: DriveEffects, run: Run): Promise<string> {
  const job = run.job as string
  const engine = run.engine ?? 'dbt'
  const until = Date.parse(String(run.startedAt)) + JOB_SECONDS_MAX[engine] * 1_000
  const isInTime = effects.clock.now() < until
  // A service that does not say anything any more keeps no run for ever.
  const known = await endOf(effects, run, job).catch((error) => {
    if (isInTime) throw error
    return { ended: undefined }
  })
  if (known.ended === LOST && run.unknown !== run.attempt) return askSoon(effects, run)
  if (known.ended) return finishRun(effects.ends[run.kind], run.runId, run.attempt, known.ended)
  if (isInTime) return askAgain(effects, run)
  // Marked first: whoever hears of the stopped job before us knows that no person stopped it.
  const marked = await effects.ledger.write({
    update: runKey(run.runId),
    set: { givenUp: run.attempt },
    when: stillAt('RUNNING', run.attempt),
  })
  if (!marked.done) return 'not RUNNING in this attempt any more'
  await effects.starts[run.kind].stop(job, engine, run)
  return finishRun(effects.ends[run.kind], run.runId, run.attempt, { ok: false, ...TOO_LONG })
}

/** The job runs on within its time: the reconciler asks again later. */
const askAgain = (effects: DriveEffects, run: Run) =>
  askIn(effects, run, JOB_ASKED_SECONDS).then(() => 'the job runs on')

/** A job that has just begun may not be known yet: once more, and it is lost. */
const askSoon = (effects: DriveEffects, run: Run) =>
  askIn(effects, run, UNKNOWN_SECONDS, { unknown: run.attempt }).then(
    () => 'the service does not know the job yet',
  )

async function askIn(
  { ledger, clock }: DriveEffects,
  { runId, attempt }: Run,
  seconds: number,
  more: { unknown?: number } = {},
): Promise<void> {
  const set = { dueAt: dueAt(clock, seconds), ...more }
  await ledger.write({ update: runKey(runId), set, when: stillAt('RUNNING', attempt) })
}

/** What the service says of a job that it may no longer know. */
async function endOf(
  { tasks, jobs, platform }: DriveEffects,
  run: Run,
  job: string,
): Promise<{ ended?: Ended }> {
  const asked = () => {
    if (run.engine === 'spark') return jobs[run.kind === 'compact' ? 'compact' : 'cleanse'].get(job)
    if (run.engine === 'dbt-platform') return platform.get(run.request as unknown as PlatformRequest, job)
    return tasks.describe(job)
  }
  return (await asked()) ?? { ended: LOST }
}

/** Whether every consumer of the run's outcome has its own record of it: that, not our PutEvents, ends the telling. */
async function heard(effects: DriveEffects, run: Run): Promise<boolean> {
  const records = await Promise.all(consumerKeys(effects, run).map((key) => effects.ledger.get(key)))
  return records.every((record) => record !== undefined)
}

function consumerKeys({ project }: DriveEffects, run: Run): Key[] {
  if (run.state === 'PARKED') return [alertEntryKey(run.runId), ...rollbackIds(run).map(rollbackKey)]
  // A backfill looks at its runs by itself, and nobody else has to hear of an extraction or a compaction.
  if (run.kind === 'extract' || run.kind === 'compact') return []
  if (run.kind === 'build')
    return ((run.domains ?? []) as string[]).map((domain) => publishEntryKey(domain, run.runId))
  const reading = laneReading(project, run.subject)
  const forgetting = requestOf(run)
  if (forgetting) {
    const asks = reading && afterForget(project, run, forgetting)
    return asks ? [requestEntryKey(laneName('build', reading.lane), forgetBuild(forgetting))] : []
  }
  return [
    ...(reading ? [silverEntryKey(laneName('build', reading.lane), run.runId)] : []),
    // Columns that it saw first are told of once.
    ...(run.schemaAdded ? [alertEntryKey(run.runId)] : []),
  ]
}

async function forget({ ledger }: DriveEffects, run: Run): Promise<string> {
  await ledger.write({
    update: runKey(run.runId),
    remove: ['duePk', 'dueAt'],
    when: stillAt(run.state, run.attempt),
  })
  return 'every consumer has heard'
}

/** Puts an item behind the others that are late, so that one which makes no progress keeps nobody waiting. */
export async function postpone(
  { ledger, clock }: Pick<World, 'ledger' | 'clock'>,
  item: Item,
): Promise<void> {
  if (!item.dueAt) return
  await ledger.write({
    update: { PK: item.PK, SK: item.SK },
    set: { dueAt: dueAt(clock, POSTPONED_SECONDS) },
    when: [is('dueAt', item.dueAt)],
  })
}

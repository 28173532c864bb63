import { claim } from '../../../shared/claim.js'
import { iso } from '../../../shared/clock.js'
import { laneReading } from '../../../shared/declared.js'
import { type EndEffects, finishRun, settle, TOO_LONG } from '../../../shared/end-run.js'
import { holdKey, laneName, REGISTRY_PK, seal } from '../../../shared/lane.js'
import type { Key } from '../../../shared/ledger.js'
import type { LandedVersion } from '../../../shared/objects.js'
import { eachAtOnce } from '../../../shared/parallel.js'
import { dueAt, JOB_ASKED_SECONDS, JOB_SECONDS_MAX, type Run, runKey, stillAt } from '../../../shared/run.js'
import { type StartEffects, startRun } from '../../../shared/start-run.js'
import type { Ended, JobReader, TaskReader } from '../../../shared/work.js'
import {
  fileKey,
  type Landed,
  type RecordLandingEffects,
  recordLandings,
} from '../../1-ingest/record-landing/record-landing.js'
import { silverEntryKey } from '../../3-transform/plan-build/plan-build.js'
import { publishEntryKey } from '../../4-publish/publish-gold/publish-gold.js'
import { incidentKey } from '../raise-alert/raise-alert.js'

export interface ReconcileEffects extends RecordLandingEffects {
  bronzeBucket: string
  listVersions(prefix: string, next?: string): Promise<{ versions: LandedVersion[]; next?: string }>
  starts: Record<Run['kind'], StartEffects>
  ends: Record<Run['kind'], EndEffects>
  tasks: TaskReader
  jobs: JobReader
}

/** What one pass may touch, so that its cost and time are bounded; the next pass goes on. */
export const BOUNDS = { runs: 200, lanes: 500, hours: 3, pagesPerPrefix: 50 } as const
const READS_AT_ONCE = 16
const LOST: Ended = {
  ok: false,
  reason: 'the service no longer knows the job, and it left no end',
  failureClass: 'lost',
}

/** One pass: finds what the events lost and drives it on. Each find is read again before anything is written. */
export async function reconcile(
  effects: ReconcileEffects,
): Promise<{ did: string; [count: string]: unknown }> {
  const errors: string[] = []
  const count = { landings: 0, lanes: 0, runs: 0 }
  const attempt = async (what: keyof typeof count, work: Promise<unknown>) => {
    count[what] += 1
    await work.catch((error: Error) => errors.push(`${what}: ${error.message}`))
  }
  await attempt('landings', landings(effects))
  for (const lane of await idleLanes(effects)) await attempt('lanes', claim(effects, lane))
  const due = await effects.ledger.index('due', { until: iso(effects.clock.now()), limit: BOUNDS.runs })
  for (const item of due.items) await attempt('runs', driveRun(effects, item.runId as string))
  if (errors.length > 0)
    throw new AggregateError(errors, `reconcile could not drive ${errors.length}: ${errors[0]}`)
  return { did: `looked after ${count.runs} late runs and ${count.lanes} idle lanes`, ...count }
}

async function idleLanes({ ledger }: ReconcileEffects): Promise<string[]> {
  const registry = await ledger.query(REGISTRY_PK, { limit: BOUNDS.lanes })
  const idle: string[] = []
  for (const { SK: lane } of registry.items) {
    if ((await ledger.get(holdKey(lane)))?.holder) continue
    const waiting = await ledger.query(`LANE#${lane}`, { prefix: 'WAIT#', limit: 1 })
    if (waiting.items.length > 0) idle.push(lane)
  }
  return idle
}

/** Does for one late run what its state asks for, with the same steps that the stages take. */
export async function driveRun(effects: ReconcileEffects, runId: string): Promise<string> {
  const run = (await effects.ledger.get(runKey(runId))) as Run | undefined
  if (!run?.dueAt || run.dueAt > iso(effects.clock.now())) return 'not late any more'
  const start = effects.starts[run.kind]
  const end = effects.ends[run.kind]
  if (run.state === 'FILLING') return seal(start, runId).then(() => 'sealed')
  if (run.state === 'READY' || (run.state === 'RUNNING' && !run.job)) return startRun(start, runId)
  if (run.state === 'RUNNING') return driveJob(effects, run)
  if (run.state === 'COMMITTING') return settle(end, runId)
  if (await heard(effects, run)) return forget(effects, run)
  return settle(end, runId)
}

async function driveJob(effects: ReconcileEffects, run: Run): Promise<string> {
  const job = run.job as string
  const engine = run.engine ?? 'dbt'
  const known = engine === 'spark' ? await effects.jobs.get(job) : await taskEnd(effects, job)
  if (known?.ended) return finishRun(effects.ends[run.kind], run.runId, run.attempt, known.ended)
  const until = Date.parse(String(run.startedAt)) + JOB_SECONDS_MAX[engine] * 1_000
  if (effects.clock.now() < until) return askAgain(effects, run)
  // Marked first: whoever hears of the stopped job before us knows that no person stopped it.
  const marked = await effects.ledger.write({
    update: runKey(run.runId),
    set: { givenUp: run.attempt },
    when: stillAt('RUNNING', run.attempt),
  })
  if (!marked.done) return 'not RUNNING in this attempt any more'
  await effects.starts[run.kind].stop(job, engine)
  return finishRun(effects.ends[run.kind], run.runId, run.attempt, { ok: false, ...TOO_LONG })
}

/** The job runs on within its time: the reconciler asks again later. */
async function askAgain({ ledger, clock }: ReconcileEffects, run: Run): Promise<string> {
  await ledger.write({
    update: runKey(run.runId),
    set: { dueAt: dueAt(clock, JOB_ASKED_SECONDS) },
    when: stillAt('RUNNING', run.attempt),
  })
  return 'the job runs on'
}

async function taskEnd({ tasks }: ReconcileEffects, job: string): Promise<{ ended?: Ended }> {
  const task = await tasks.describe(job)
  return task ?? { ended: LOST }
}

/** Whether every consumer of the run's outcome has its own record of it: that, not our PutEvents, ends the telling. */
async function heard(effects: ReconcileEffects, run: Run): Promise<boolean> {
  const records = await Promise.all(consumerKeys(effects, run).map((key) => effects.ledger.get(key)))
  return records.every((record) => record !== undefined)
}

function consumerKeys({ project }: ReconcileEffects, run: Run): Key[] {
  if (run.state === 'PARKED') return [incidentKey(run.runId)]
  if (run.kind === 'build')
    return ((run.domains ?? []) as string[]).map((domain) => publishEntryKey(domain, run.runId))
  const reading = laneReading(project, run.subject)
  return reading ? [silverEntryKey(laneName('build', reading.lane), run.runId)] : []
}

async function forget({ ledger }: ReconcileEffects, run: Run): Promise<string> {
  await ledger.write({
    update: runKey(run.runId),
    remove: ['duePk', 'dueAt'],
    when: stillAt(run.state, run.attempt),
  })
  return 'every consumer has heard'
}

/** Records the file versions of the last hours that no event brought. */
async function landings(effects: ReconcileEffects): Promise<void> {
  for (const prefix of recentPrefixes(effects)) {
    let next: string | undefined
    for (let pages = 0; pages < BOUNDS.pagesPerPrefix; pages += 1) {
      const page = await effects.listVersions(prefix, next)
      await recordUnknown(effects, page.versions)
      next = page.next
      if (!next) break
    }
  }
}

async function recordUnknown(effects: ReconcileEffects, versions: LandedVersion[]): Promise<void> {
  const unknown: LandedVersion[] = []
  await eachAtOnce(versions, READS_AT_ONCE, async (version) => {
    const landed: Landed = { bucket: effects.bronzeBucket, ...version }
    if (!(await effects.ledger.get(fileKey(landed)))) unknown.push(version)
  })
  const { failed } = await recordLandings(
    effects,
    unknown.map((version) => asEvent(effects.bronzeBucket, version)),
  )
  for (const error of failed.values()) throw error
}

const asEvent = (bucket: string, { key, versionId, bytes, landedAt }: LandedVersion) => ({
  id: `listing:${versionId}`,
  time: landedAt,
  'detail-type': 'Object Created' as const,
  detail: { bucket: { name: bucket }, object: { key, size: bytes, 'version-id': versionId } },
})

/** The bronze prefixes of each source for this hour and the ones before it. */
function recentPrefixes({ project, clock }: ReconcileEffects): string[] {
  const hours = Array.from({ length: BOUNDS.hours }, (_, back) => iso(clock.now() - back * 3_600_000))
  return Object.keys(project.sources).flatMap((source) =>
    hours.map((hour) => {
      const [year, month, day] = [hour.slice(0, 4), hour.slice(5, 7), hour.slice(8, 10)]
      return `source=${source}/year=${year}/month=${month}/day=${day}/hour=${hour.slice(11, 13)}/`
    }),
  )
}

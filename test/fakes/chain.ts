import type { ObjectCreated } from '../../events/aws.js'
import type { Outgoing } from '../../events/catalog.js'
import { closeBatch, settleLane } from '../../functions/1-ingest/close-batch/close-batch.js'
import { finishExtract } from '../../functions/1-ingest/finish-extract/finish-extract.js'
import { recordLandings } from '../../functions/1-ingest/record-landing/record-landing.js'
import { planBuild, planRequest, planSync } from '../../functions/3-transform/plan-build/plan-build.js'
import { publishGold } from '../../functions/4-publish/publish-gold/publish-gold.js'
import { rollBack } from '../../functions/4-publish/publish-gold/roll-back.js'
import { compactionAsked } from '../../functions/operate/plan-compaction/plan-compaction.js'
import { alerted, raiseAlert } from '../../functions/operate/raise-alert/raise-alert.js'
import { reconcile } from '../../functions/operate/reconcile/reconcile.js'
import { sendAlert } from '../../functions/operate/send-alert/send-alert.js'
import type { Declared } from '../../shared/declared.js'
import { finishRun } from '../../shared/end-run.js'
import { requestExtract } from '../../shared/extract.js'
import { parseAttemptName, type Run, type RunKind, runKey } from '../../shared/run.js'
import { startRun } from '../../shared/start-run.js'
import type { Ended } from '../../shared/work.js'
import { Crash } from './faults.js'
import type { FakeObjects } from './objects.js'
import { type Parts, parts } from './parts.js'
import {
  buildPlan,
  buildReportOf,
  cleansePlan,
  cleanseReportOf,
  compactPlan,
  compactReportOf,
  extractPlan,
  extractReportOf,
} from './work.js'

/** A Lambda's own tries of an event that came asynchronously: the first and two more. */
const TRIES = 3
const STEPS_MAX = 2_000
const PASSES_MAX = 40
const FIVE_MINUTES = 300

export interface Behaviour {
  /** How a job ends; well unless a test says otherwise. */
  job?: (runId: string, attempt: number, kind: RunKind) => Ended
  /** Rejected rows of a cleanse attempt. */
  rejected?: (runId: string) => number
  /** What a job leaves as its report, instead of a good one. */
  report?: (plan: unknown) => unknown
  /** A crashed invocation is tried again; without it the event is lost. */
  retried?: boolean
  /** The project in the place of the small one that all tests share. */
  project?: Declared
  /** An error of a stage goes to the dead-letter queue, as on AWS; without it the test fails at once. */
  errorsKept?: boolean
}

/** The whole chain on fakes: what the stages do is real, what is around them is in memory. */
export class Chain {
  readonly parts: Parts
  /** What invocations threw. */
  readonly errors: unknown[] = []
  private landed = 0

  constructor(private readonly behaviour: Behaviour = {}) {
    this.parts = parts(behaviour.project && { project: behaviour.project })
  }

  /** Puts a file into bronze and gives the event that S3 would send. */
  land(file: string, { source = 'prices', bytes = 100 } = {}): ObjectCreated {
    const { bronze, clock } = this.parts
    this.landed += 1
    const key = `source=${source}/year=2026/month=03/day=02/hour=07/run_id=x/${file}`
    const time = new Date(clock.now()).toISOString()
    const versionId = `v${this.landed}`
    bronze.land({ key, versionId, bytes, landedAt: time })
    return landing(key, { size: bytes, 'version-id': versionId }, time)
  }

  /** One invocation of record-landing. */
  async record(...events: ObjectCreated[]): Promise<void> {
    await this.invoke(async () => {
      const { failed } = await recordLandings(this.parts.landing, events)
      for (const error of failed.values()) throw error
    })
  }

  /** Delivers events and ends jobs until nothing moves any more without the reconciler. */
  async drain(): Promise<void> {
    for (let step = 0; step < STEPS_MAX; step += 1) {
      for (const delayed of this.parts.later.due()) await this.parts.bus.publish([delayed])
      const event = this.parts.bus.take()
      if (event) await this.deliver(event)
      else if (!(await this.endOneJob())) return
    }
    throw new Error(`the chain still moves after ${STEPS_MAX} steps`)
  }

  /** Drains, then lets the reconciler look every five minutes until no run is due and no file waits. */
  async rest(): Promise<void> {
    for (let pass = 0; pass < PASSES_MAX; pass += 1) {
      await this.drain()
      if (pass > 0 && this.atRest()) return
      this.parts.clock.advance(FIVE_MINUTES)
      await this.invoke(() => reconcile(this.parts.reconcile), 1)
    }
    throw new Error(`not at rest after ${PASSES_MAX} passes`)
  }

  private atRest(): boolean {
    const { ledger, bronze } = this.parts
    const due = ledger.all('RUN#').filter((item) => item.duePk !== undefined)
    if (due.length > 0 || ledger.all('FILE#').length < bronze.versions.length) return false
    return ledger.all('LANE#').every((item) => !item.SK.startsWith('WAIT#'))
  }

  /** Delivers the one event that must be waiting. */
  async deliverNext(): Promise<void> {
    const event = this.parts.bus.take()
    if (!event) throw new Error('no event waits on the bus')
    await this.deliver(event)
  }

  async deliver({ name, detail }: Outgoing): Promise<void> {
    const { starts, landing: world, publish, alert, send } = this.parts
    if (name === 'Batch Ready') await this.invoke(() => startRun(starts.cleanse, detail.runId))
    if (name === 'Build Ready') await this.invoke(() => startRun(starts.build, detail.runId))
    if (name === 'Extract Ready') await this.invoke(() => startRun(starts.extract, detail.runId))
    if (name === 'Extract Requested')
      await this.invoke(() => requestExtract({ ...starts.extract, project: world.project }, detail))
    if (name === 'Platform Job Ended')
      await this.invoke(() => finishExtract(this.parts.ends.extract, { 'detail-type': name, detail }))
    const compaction = { ...starts.compact, project: world.project }
    if (name === 'Compaction Requested')
      await this.invoke(() => compactionAsked(compaction, { 'detail-type': name, detail }))
    if (name === 'Compaction Ready') await this.invoke(() => startRun(starts.compact, detail.runId))
    if (name === 'Silver Compacted') await this.invoke(() => alerted(alert, { 'detail-type': name, detail }))
    if (name === 'Extract Finished') await this.invoke(() => alerted(alert, { 'detail-type': name, detail }))
    if (name === 'Sync Finished') await this.invoke(() => closeBatch(world, detail))
    if (name === 'Sync Finished') await this.invoke(() => planSync(world, detail))
    if (name === 'Build Requested') await this.invoke(() => planRequest(world, detail))
    if (name === 'Lane Settled') await this.invoke(() => settleLane(world, detail))
    if (name === 'Silver Updated') await this.invoke(() => planBuild(world, detail))
    if (name === 'Gold Built') await this.invoke(() => publishGold(publish, detail))
    if (name === 'Rollback Requested') await this.invoke(() => rollBack(publish, detail))
    if (name === 'Stage Failed' || name === 'Gate Failed') await this.invoke(() => raiseAlert(alert, detail))
    if (name === 'Schema Changed') await this.invoke(() => alerted(alert, { 'detail-type': name, detail }))
    if (name === 'Silver Updated') await this.invoke(() => alerted(alert, { 'detail-type': name, detail }))
    if (name === 'Gold Built') await this.invoke(() => alerted(alert, { 'detail-type': name, detail }))
    if (name === 'Health Degraded' || name === 'Health Recovered')
      await this.invoke(() =>
        alerted(alert, { 'detail-type': name, detail } as Parameters<typeof alerted>[1]),
      )
    if (name === 'Incident Opened' || name === 'Incident Closed')
      await this.invoke(() => sendAlert(send, detail.incidentId))
  }

  /** Runs an invocation as Lambda does: a crash or an error brings it back, a few times. */
  private async invoke(work: () => Promise<unknown>, tries = TRIES): Promise<void> {
    for (let attempt = 0; attempt < tries; attempt += 1) {
      this.parts.faults.revive()
      const error = await work().then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      if (error === undefined) return
      const crashed = error instanceof Crash || this.parts.faults.isDead()
      if (!crashed && !this.behaviour.errorsKept) throw error
      this.errors.push(error)
      if (this.behaviour.retried === false) return
    }
  }

  /** Ends the oldest running job: it leaves its report and its files, then its end is announced. */
  async endOneJob(): Promise<boolean> {
    const { tasks, jobs, ends } = this.parts
    const [task] = tasks.running()
    const [glue] = jobs.running()
    if (task) {
      const { RUN_ID } = task.request.environment
      const attempt = parseAttemptName(task.request.startedBy)?.attempt ?? 0
      const ended = await this.leaveReport(RUN_ID, attempt)
      tasks.end(task.job, ended)
      const kind = KINDS[task.request.container as keyof typeof KINDS]
      await this.invoke(() => finishRun(ends[kind], RUN_ID, attempt, ended))
    } else if (glue) {
      const { runId, attempt } = glue.request
      const ended = await this.leaveReport(runId, attempt)
      jobs.end(glue.job, ended)
      const { kind } = (await this.parts.ledger.get(runKey(runId))) as Run
      await this.invoke(() => finishRun(ends[kind], runId, attempt, ended))
    }
    return task !== undefined || glue !== undefined
  }

  /** Lets the job of an attempt leave its report and its files, and says how it ends. */
  async leaveReport(runId: string, attempt: number): Promise<Ended> {
    const { artifacts, silver } = this.parts
    const path = `runs/${runId}/attempt=${attempt}/`
    const plan = artifacts.objects.get(`${path}plan.json`)
    if (!plan) return { ok: false, reason: 'there is no plan', failureClass: 'crashed' }
    const ended = this.behaviour.job?.(runId, attempt, (plan as { kind: RunKind }).kind) ?? { ok: true }
    if (!ended.ok) return ended
    const report = this.behaviour.report?.(plan) ?? this.report(plan, runId)
    if ((plan as { kind: RunKind }).kind !== 'extract')
      for (const { key } of pendingFiles(report))
        await silver.put(key, { runId, attempt, ...holdsOf(silver, plan, key) })
    await artifacts.put(`${path}report.json`, report)
    return ended
  }

  private report(plan: unknown, runId: string) {
    if ((plan as { kind: string }).kind === 'build') return buildReportOf(buildPlan(plan))
    if ((plan as { kind: string }).kind === 'compact') return compactReportOf(compactPlan(plan))
    if ((plan as { kind: string }).kind === 'extract') return extractReportOf(extractPlan(plan))
    return cleanseReportOf(cleansePlan(plan), { rejected: this.behaviour.rejected?.(runId) ?? 0 })
  }
}

/** The kind of run whose task has this container. */
const KINDS = { cleanse: 'cleanse', dbt: 'build', extract: 'extract', compact: 'compact' } as const

/** The files of cleanses whose rows a new file of a compaction holds; it reads the old ones, which must be there. */
function holdsOf(silver: FakeObjects, plan: unknown, key: string): { holds?: string[] } {
  if ((plan as { kind: string }).kind !== 'compact') return {}
  const group = compactPlan(plan).groups[Number(/(\d+)\.parquet$/.exec(key)?.[1])]
  return { holds: (group?.files ?? []).flatMap((file) => silver.rowsIn(file.key)) }
}

const pendingFiles = (report: unknown) => (report as { files?: { key: string }[] }).files ?? []

/** S3's event of a landed file. */
export const landing = (
  key: string,
  object: { size?: number; 'version-id'?: string },
  time = '2026-03-02T07:00:00.000Z',
): ObjectCreated => ({
  id: `event of ${key}`,
  time,
  'detail-type': 'Object Created',
  detail: { bucket: { name: 'bronze' }, object: { key, ...object } },
})

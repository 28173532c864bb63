import type { Work as WorkKind } from '../../../events/row.js'
import type { Storage } from '../aws/storage.js'
import type { Chance } from '../chance.js'
import type { Found, SimEdition, SimJob } from '../evidence.js'
import type { SimProject } from '../project.js'
import type { Random } from '../random.js'
import type { Timeline } from '../timeline.js'
import type { Trace } from '../trace.js'
import { buildSteps, goldObjects } from './build.js'
import { cleanseSteps } from './cleanse.js'
import { compactSteps } from './compact.js'
import { type End, GLUE_ENDS, REFUSALS, STOPPED, TASK_ENDS } from './endings.js'
import { extractSteps, type Land } from './extract.js'

export interface Asked {
  service: 'ecs' | 'glue'
  kind: 'cleanse' | 'build' | 'extract' | 'compact'
  runId: string
  attempt: number
  planUri: string
  capacity: string
}

/** What is told of a job: that it is about to go, that it is almost over, that it is over. */
export type Told = 'notice' | 'early' | 'over'

export interface Job extends Asked, SimJob {
  id: string
  ended?: End
  stopping?: true
  /** When its end was there to be told. */
  told?: number
}

interface World {
  timeline: Timeline
  random: Random
  chance: Chance
  storage: Storage
  project: SimProject
  complain(rule: string, what: string): void
  land: Land
  /** Tells of an end, or of a step before it. */
  announce(job: Job, stage: Told): void
  trace: Trace
}

const READS = 'what a job reads is there'
/** Tests of an edition that readers see already: what their failing leads to is worth a look also when all else is calm. */
const PENDING_FAIL = 0.4
const GLUE_TIME_OUT = 7_200_000

/** What runs on ECS and Glue: the jobs themselves, from their plan to their end. */
export class Work {
  readonly jobs: Job[] = []
  readonly editions = new Map<string, SimEdition>()
  private readonly byId = new Map<string, Job>()

  constructor(private readonly world: World) {
    world.storage.gold = goldObjects(this.editions, () => world.timeline.now)
  }

  find = (id: string): Job | undefined => this.byId.get(id)
  /** Says that something was started that must not be. */
  complain = (what: string): void => this.world.complain('no second job of a run beside the first', what)
  refusal = (): string => this.world.random.pick(REFUSALS)
  running = (): Job[] => this.jobs.filter(({ endedAt }) => endedAt === undefined)

  start(asked: Asked): Job {
    const { timeline, trace } = this.world
    const number = this.jobs.length + 1
    const id =
      asked.service === 'ecs' ? `arn:aws:ecs:eu-west-1:111122223333:task/sluice/${number}` : `jr_${number}`
    const planKey = asked.planUri.replace('s3://artifacts/', '')
    const job: Job = { ...asked, id, job: id, planKey, startedAt: timeline.now }
    this.jobs.push(job)
    this.byId.set(id, job)
    trace(`${id} starts for ${asked.runId}/${asked.attempt} (${asked.kind})`)
    this.plan(job)
    return job
  }

  /** Asks a job to stop: it may still come to its own end before that. */
  stop(id: string): void {
    const job = this.byId.get(id)
    if (!job || job.endedAt !== undefined) return
    job.stopping = true
    this.world.timeline.after(this.world.random.between(100, 15_000), () =>
      this.end(job, STOPPED[job.service]),
    )
  }

  /** Decides how a job will go: how it ends, and when it takes each of its steps. */
  private plan(job: Job): void {
    const { chance, random, timeline } = this.world
    const cell = `${job.service} ${job.kind}`
    const never = chance.of('job', cell, 'never ends')
    const bad = !never && chance.of('job', cell, 'bad end')
    const quick = chance.of('job', cell, 'quick end')
    const ends = job.service === 'ecs' ? TASK_ENDS : GLUE_ENDS
    const name = bad ? random.pick(Object.keys(ends).slice(1)) : 'ok'
    const end = ends[name] as End
    if (bad) chance.happened(`${job.service === 'ecs' ? 'an ECS task' : 'a Glue run'} ends: ${name}`)
    // Now and then a job takes minutes, so that others act before its end.
    const slow = !quick && random.chance(0.1) ? random.between(60_000, 600_000) : 0
    const begin = quick
      ? random.between(0, 30)
      : random.between(4_000, job.service === 'ecs' ? 40_000 : 90_000)
    timeline.after(begin + slow, () => this.run(job, end, { quick, never }))
  }

  private run(job: Job, planned: End, { quick, never }: { quick: boolean; never: boolean }): void {
    if (job.endedAt !== undefined) return
    const { random, timeline } = this.world
    const { steps, end } = this.steps(job, planned)
    const done = end.leaves === 'nothing' || never ? random.between(0, steps.length - 1) : steps.length
    let at = 0
    for (const step of steps.slice(0, done)) {
      at += quick ? random.between(0, 5) : random.between(200, 8_000)
      timeline.after(at, () => {
        if (job.endedAt === undefined) step()
      })
    }
    if (job.service === 'glue' && (never || end.state === 'TIMEOUT'))
      timeline.after(GLUE_TIME_OUT, () => this.end(job, GLUE_ENDS.timeout as End))
    else if (!never) timeline.after(at + (quick ? 5 : random.between(100, 3_000)), () => this.end(job, end))
  }

  private steps(job: Job, planned: End): { steps: (() => void)[]; end: End } {
    const { chance, random, storage, project, complain, land, timeline } = this.world
    const plan = storage.artifacts.get(job.planKey) as Found
    try {
      if (!plan) throw new Error(`no plan at ${job.planKey}`)
      if (plan.run_id !== job.runId || plan.attempt !== job.attempt)
        throw new Error(`the plan is for ${plan.run_id}/${plan.attempt}`)
      if (job.kind === 'cleanse') return { steps: cleanseSteps(storage, plan, planned), end: planned }
      if (job.kind === 'compact')
        return { steps: compactSteps(storage, plan, planned, (what) => complain(READS, what)), end: planned }
      if (job.kind === 'extract')
        return { steps: extractSteps(storage, land, timeline.now, plan, planned), end: planned }
      const testsFail =
        plan.mode === 'test'
          ? random.chance(PENDING_FAIL) && chance.isOn('bad end')
          : chance.of('job', 'dbt tests', 'bad end')
      const read = (what: string) => complain(READS, what)
      return buildSteps(
        { storage, project, complain: read, editions: this.editions, testsFail },
        plan,
        planned,
      )
    } catch (error) {
      complain(
        READS,
        `job ${job.id} of ${job.runId}/${job.attempt} cannot read its plan: ${(error as Error).message}`,
      )
      const crashed = (job.service === 'ecs' ? TASK_ENDS.crashed : GLUE_ENDS.failed) as End
      return { steps: [() => undefined], end: crashed }
    }
  }

  private end(job: Job, end: End): void {
    if (job.endedAt !== undefined) return
    const { timeline, announce, random, trace, chance } = this.world
    if (job.service === 'ecs' && chance.of('job', `ecs ${job.kind}`, 'early event')) announce(job, 'early')
    if (end.stopCode === 'SpotInterruption' && !chance.calm) {
      chance.happened('a spot task is told of before it ends')
      announce(job, 'notice')
    }
    const over = () => {
      if (job.endedAt !== undefined) return
      job.endedAt = timeline.now
      job.told = timeline.now
      job.ended = end
      job.ok = end.ok && end.leaves === 'report'
      if (end.failureClass) job.failureClass = end.failureClass
      trace(`${job.id} of ${job.runId}/${job.attempt} ends: ${end.failureClass ?? 'well'}`)
      announce(job, 'over')
    }
    timeline.after(random.between(0, 2_000), over)
  }
}

/** What kind of heavy work a job is, as the chain's rows name it. */
export function workOf({ service, kind }: Job): WorkKind {
  if (service === 'glue') return kind === 'compact' ? 'compact job' : 'cleanse job'
  const tasks = {
    cleanse: 'cleanse task',
    build: 'dbt task',
    extract: 'extract task',
    compact: 'compact task',
  }
  return tasks[kind] as WorkKind
}

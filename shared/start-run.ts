import { type FailureClass, RunStarted } from '../events/catalog.js'
import { JOB_ASKED_SECONDS, START_WITHIN_SECONDS } from './bounds.js'
import { iso } from './clock.js'
import { carried } from './correlation.js'
import type { Unchanged } from './end-run.js'
import { asRefusal } from './errors.js'
import { again, type FailEffects, failAttempt, parkRun, settleParked } from './fail-run.js'
import { absent, is, type Value } from './ledger.js'
import { afterFailure } from './policies.js'
import {
  attemptPath,
  type Engine,
  moveRun,
  type Run,
  runKey,
  stillAt,
  TAKE_UPS_MAX,
  unlinked,
  WITHOUT_TOKEN,
} from './run.js'
import { leaveQueue, waitForToken } from './tokens.js'
import type { Plans, Started } from './work.js'

/** One attempt, prepared before it is intended: what is stored with the intent and what the job is told. */
export interface Prepared {
  engine: Engine
  /** What the service is asked, stored so that a repeat is identical. */
  request: { [name: string]: Value }
  plan: unknown
  /** What the run shows of its inputs. */
  shown?: { [name: string]: Value }
}

export interface StartEffects extends FailEffects {
  plans: Plans
  /** Prepares the next attempt, or says that there is nothing to do. */
  prepare(run: Run, attempt: number): Promise<Prepared | Unchanged>
  /** Starts the job of an intent that this caller won, or repeats it where the service recognises a repeat. */
  launch(request: Prepared['request'], engine: Engine, attempt: number): Promise<Started>
  /** Looks for the job of an attempt whose answer was lost. */
  find(run: Run): Promise<string | undefined>
  /** Asks for the end of a job of this run; best effort. */
  stop(job: string, engine: Engine, run: Run): Promise<void>
  /** Ends a run that has nothing to do, without a job. */
  endUnchanged(run: Run, unchanged: Unchanged): Promise<void>
}
/** What differs between the kinds of runs that are started. */
export type StartOfKind = Pick<StartEffects, 'prepare' | 'launch' | 'find' | 'stop'>

/**
 * Starts the next attempt of a run that is READY, or takes up an intent whose starter died. The only place that starts
 * jobs; each start stands behind its own won intent, so two jobs for one run and attempt cannot exist.
 */
export async function startRun(effects: StartEffects, runId: string): Promise<string> {
  const { ledger, clock } = effects
  let run = (await ledger.get(runKey(runId))) as Run | undefined
  if (!run) return 'no such run'
  if (run.state === 'RUNNING' && !run.job && run.dueAt && run.dueAt <= iso(clock.now())) {
    const taken = await takeUp(effects, run)
    if (taken) return taken
    run = (await ledger.get(runKey(runId))) as Run
  }
  if (run.state !== 'READY') return `nothing to start: the run is ${run.state}`
  if (run.notBefore && run.notBefore > iso(clock.now())) return `the run rests until ${run.notBefore}`
  return intend(effects, run)
}

/** An intent without a job whose lease has passed: find its job, repeat the request, or clear the way for another. */
async function takeUp(effects: StartEffects, run: Run): Promise<string | undefined> {
  const { ledger, clock } = effects
  if (!WITHOUT_TOKEN.includes(run.engine as Engine)) return repeat(effects, run)
  const found = await effects.find(run)
  if (found) return link(effects, run, found, FOUND_ASKED_SECONDS)
  const failed = { reason: run.lastFailure ?? NEVER_STARTED, failureClass: 'never_started' as const }
  const decision = afterFailure(run.failures ?? [], failed.failureClass)
  if (!decision.again) return failAttempt(effects, run, failed, [unlinked])
  await ledger.write(again({ clock }, run, failed, decision, [unlinked]))
  return undefined
}
/** A job that was found may be over already, and its end lost: the next pass asks after it. */
const FOUND_ASKED_SECONDS = 0
const NEVER_STARTED = 'the job never started'

/** Repeats the stored request of a task: its token finds the first task, if there is one. Bounded, then parked. */
async function repeat(effects: StartEffects, run: Run): Promise<string> {
  const takeUps = run.takeUps ?? 0
  if (takeUps >= TAKE_UPS_MAX) {
    // No answer ever came, and yet it may be running: then it is ours, not one that nobody knows.
    const found = await effects.find(run)
    if (found) return link(effects, run, found, FOUND_ASKED_SECONDS)
    return park(effects, run, run.lastFailure ?? NEVER_STARTED, 'never_started')
  }
  const counted = takeUps === 0 ? absent('takeUps') : is('takeUps', takeUps)
  const won = await effects.ledger.write(
    moveRun(effects.clock, run.runId, 'RUNNING', {
      set: { takeUps: takeUps + 1 },
      when: [...stillAt('RUNNING', run.attempt), unlinked, counted],
    }),
  )
  return won.done ? launchAndLink(effects, run) : 'somebody else takes this attempt up'
}

async function intend(effects: StartEffects, run: Run): Promise<string> {
  const attempt = run.attempt + 1
  const prepared = await effects.prepare(run, attempt).catch(asRefusal)
  if ('refused' in prepared) return park(effects, run, prepared.refused, 'configuration')
  if ('unchanged' in prepared) {
    await effects.endUnchanged(run, prepared)
    return prepared.unchanged
  }
  const { engine, request, shown } = prepared
  const since = effects.clock.now()
  const won = await effects.ledger.write(
    moveRun(effects.clock, run.runId, 'RUNNING', {
      set: { attempt, engine, request, ...shown },
      remove: ['job', 'takeUps', 'notBefore'],
      when: stillAt('READY', run.attempt),
    }),
    ...(run.waitingSk ? [leaveQueue(run.waitingSk)] : []),
  )
  if (!won.done) return 'somebody else starts this attempt'
  const intended: Run = { ...run, attempt, engine, request, state: 'RUNNING' }
  return launchAndLink(effects, intended, { ...prepared, since })
}

type Intended = Prepared & { since: number }
async function launchAndLink(effects: StartEffects, run: Run, prepared?: Intended): Promise<string> {
  const engine = run.engine as Engine
  const plan = prepared ?? (await effects.prepare(run, run.attempt))
  if ('unchanged' in plan) return withoutPlan(effects, run, plan)
  await effects.plans.writeOnce(`${attemptPath(run.runId, run.attempt)}plan.json`, plan.plan)
  const started = await launch(effects, run, engine, prepared?.since)
  if ('late' in started) return `too late to start attempt ${run.attempt}: it is taken up`
  if ('job' in started) return link(effects, run, started.job)
  if ('busy' in started) return waitForToken(effects, run)
  const { failed: reason, failureClass } = started
  return failAttempt(effects, run, { reason, failureClass }, [unlinked])
}

/** A deployment took away what a promised attempt was to do: no job is started without a plan, the next start ends it. */
async function withoutPlan(effects: StartEffects, run: Run, { unchanged }: Unchanged): Promise<string> {
  const found = await effects.find(run)
  if (found) return link(effects, run, found, FOUND_ASKED_SECONDS)
  return failAttempt(effects, run, { reason: unchanged, failureClass: 'never_started' }, [unlinked])
}

type Launched = Started | { late: true }
/** Starts the job; what it throws is kept with the run, so that a run that never starts says why. */
async function launch(effects: StartEffects, run: Run, engine: Engine, since = 0): Promise<Launched> {
  // By the time that the intent is taken up for another attempt no call of this one may be on its way any more.
  const late = effects.clock.now() > since + START_WITHIN_SECONDS * 1_000
  if (late && WITHOUT_TOKEN.includes(engine)) return { late }
  try {
    return await effects.launch(run.request as Prepared['request'], engine, run.attempt)
  } catch (error) {
    const lastFailure = `the job could not be started: ${(error as Error).message}`
    const still = [...stillAt('RUNNING', run.attempt), unlinked]
    await effects.ledger.write({ update: runKey(run.runId), set: { lastFailure }, when: still })
    throw error
  }
}

async function link(
  effects: StartEffects,
  run: Run,
  job: string,
  dueSeconds: number = JOB_ASKED_SECONDS,
): Promise<string> {
  const engine = run.engine as Engine
  const { ledger, clock } = effects
  const linked = await ledger.write(
    moveRun(clock, run.runId, 'RUNNING', {
      set: { job, startedAt: iso(clock.now()) },
      remove: ['waitingSk'],
      dueSeconds,
      when: [...stillAt('RUNNING', run.attempt), unlinked],
    }),
  )
  if (linked.done) {
    const { runId, kind, attempt } = run
    await effects.publish([{ name: RunStarted.name, detail: { runId, kind, attempt, ...carried(run) } }])
    return `started attempt ${run.attempt} on ${engine}`
  }
  const now = (await ledger.get(runKey(run.runId))) as Run
  const superseded = now.attempt !== run.attempt || (now.state === 'RUNNING' && now.job !== job)
  if (superseded) await effects.stop(job, engine, run)
  return superseded ? 'another attempt took over: stopped this job' : `attempt ${run.attempt} is under way`
}

async function park(effects: StartEffects, run: Run, reason: string, failureClass: FailureClass) {
  await parkRun(effects, run, { reason, failureClass }, run.state === 'RUNNING' ? [unlinked] : [])
  const parked = (await effects.ledger.get(runKey(run.runId))) as Run
  return parked.state === 'PARKED'
    ? settleParked(effects, parked)
    : `nothing to park: the run is ${parked.state}`
}

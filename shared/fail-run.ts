import { GateFailed, type Outgoing, StageFailed } from '../events/catalog.js'
import { claim } from './claim.js'
import { iso } from './clock.js'
import { carried } from './correlation.js'
import { release, type World } from './lane.js'
import { type Condition, INDEXED, type Value, type Write } from './ledger.js'
import { rollbacksOf } from './pending.js'
import { afterFailure, type Failure } from './policies.js'
import { moveRun, type Run, runKey, stillAt } from './run.js'
import { schemaEvents } from './schema/changes.js'
import type { Failed } from './work.js'

/** How an attempt fails and how a run is parked, whoever finds out: the starter, the end of a job, the reconciler. */
export interface FailEffects extends World {
  publish(events: Outgoing[]): Promise<void>
}

/**
 * Takes in a failed attempt of a RUNNING run: another attempt when the policy of its class has one left, at once or
 * after a rest, else the run is parked. `when` is what must hold beside state and attempt.
 */
export async function failAttempt(
  effects: FailEffects,
  run: Run,
  failed: Failed,
  when: Condition[] = [],
): Promise<string> {
  const decision = afterFailure(run.failures ?? [], failed.failureClass)
  if (!decision.again) {
    const { parkedAs, failed: times } = decision
    const reason = parkedAs === failed.failureClass ? failed.reason : `${parkedAs} error: ${failed.reason}`
    await parkRun(effects, run, { reason, failureClass: parkedAs, failed }, when)
    const now = (await effects.ledger.get(runKey(run.runId))) as Run
    if (now.state !== 'PARKED') return `nothing to park: the run is ${now.state}`
    await settleParked(effects, now)
    return `parked after ${times} ${times === 1 ? 'failure' : 'failures'}: ${reason}`
  }
  const { delaySeconds, next } = decision
  const requeued = await effects.ledger.write(again(effects, run, failed, { delaySeconds, next }, when))
  // A run that rests is started by the reconciler, when it is due.
  if (requeued.done && delaySeconds === 0) await effects.announceReady(run.kind, run.runId, run.correlationId)
  const rest = delaySeconds > 0 ? ` in ${delaySeconds} s` : ''
  return `attempt ${run.attempt} failed and is tried again${rest}: ${failed.reason}`
}

type Next = { delaySeconds: number; next?: 'larger' | 'on demand' | undefined }

/** The write that makes a run READY for another attempt after a failed one. */
export function again(
  { clock }: Pick<World, 'clock'>,
  run: Run,
  failed: Failed,
  { delaySeconds, next }: Next,
  when: Condition[],
) {
  const notBefore = iso(clock.now() + delaySeconds * 1_000)
  return moveRun(clock, run.runId, 'READY', {
    set: {
      tries: run.tries + 1,
      lastFailure: failed.reason,
      ...(delaySeconds > 0 && { notBefore }),
      ...(next === 'larger' && { larger: (run.larger ?? 0) + 1 }),
      ...(next === 'on demand' && { onDemand: true }),
    },
    append: { failures: [failure(clock.now(), run.attempt, failed)] },
    remove: ['job', 'waitingSk', ...(delaySeconds > 0 ? [] : ['notBefore'])],
    when: [...stillAt('RUNNING', run.attempt), ...when],
    ...(delaySeconds > 0 && { dueSeconds: delaySeconds }),
  })
}

const failure = (now: number, attempt: number, { failureClass, reason }: Failed) =>
  ({ attempt, failureClass, reason, at: iso(now) }) satisfies Failure

type Parked =
  /** `writes`: what else is kept of it, in the same transaction. */
  | { gate: true; reason: string; shown: { [name: string]: Value }; writes?: Write[] }
  | { gate?: never; reason: string; failureClass: string; failed?: Failed }

/**
 * Parks a run with its reason and frees its lane, in one transaction, if it still is where the caller saw it; gives
 * whether this call did it. A run that is COMMITTING can only go forward.
 */
export async function parkRun(
  { ledger, clock }: Pick<World, 'ledger' | 'clock'>,
  run: Run,
  parked: Parked,
  when: Condition[] = [],
): Promise<boolean> {
  const { reason } = parked
  const ended = { reason, gate: parked.gate ? 'failed' : 'not reached', endedAt: iso(clock.now()) }
  const failed = parked.gate ? undefined : parked.failed
  const written = await ledger.write(
    moveRun(clock, run.runId, 'PARKED', {
      set: {
        ...ended,
        ...(parked.gate ? parked.shown : { failureClass: parked.failureClass }),
        ...(failed && { tries: run.tries + 1 }),
      },
      ...(failed && { append: { failures: [failure(clock.now(), run.attempt, failed)] } }),
      remove: ['waitingSk', 'notBefore'],
      when: [...stillAt(run.state, run.attempt), ...when],
    }),
    release(run.lane, run.runId),
    ...((parked.gate && parked.writes) || []),
  )
  return written.done
}

/** Tells of a parked run, and looks after its lane again; any number of callers at once. */
export async function settleParked(effects: FailEffects, run: Run): Promise<string> {
  if (run.duePk === INDEXED)
    await effects.publish([parkedEvent(run), ...schemaEvents(run), ...rollbacksOf(run)])
  await claim(effects, run.lane)
  return `parked: ${run.reason}`
}

function parkedEvent(run: Run): Outgoing {
  const { runId, kind, subject, lane } = run
  const detail = { runId, kind, subject, lane, reason: String(run.reason), ...carried(run) }
  if (run.gate === 'failed') {
    const failureClass = run.schemaHeld ? 'schema' : 'gate'
    return { name: GateFailed.name, detail: { ...detail, failureClass } }
  }
  return { name: StageFailed.name, detail: { ...detail, failureClass: run.failureClass ?? 'crashed' } }
}

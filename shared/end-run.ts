import { GateFailed, type Outgoing, StageFailed } from '../events/catalog.js'
import { iso } from './clock.js'
import { TerminalError } from './errors.js'
import { claim, release, type World } from './lane.js'
import type { Value, Write } from './ledger.js'
import { moveRun, type Run, runKey, stillAt, TRIES_MAX } from './run.js'
import type { Ended } from './work.js'

/** What a finished job's report says: let it pass, hold it at the gate, or call the attempt failed. */
export type Verdict =
  | { pass: true; shown: { [name: string]: Value } }
  | { pass: false; reason: string; shown: { [name: string]: Value } }
  | { failed: string; fromReport?: true }

export interface EndEffects extends World {
  publish(events: Outgoing[]): Promise<void>
  /** Reads the attempt's report and decides; nothing when there is no report. */
  judge(run: Run): Promise<Verdict | undefined>
  /** Makes the results of a COMMITTING run final (repeatable), and gives what its last transaction also writes. */
  commit(run: Run): Promise<{ writes: Write[]; shown?: { [name: string]: Value } }>
  /** The event that tells the next stage about a committed run; none when nothing changed. */
  outcome(run: Run): Outgoing | undefined
}

/**
 * Takes in the end of one attempt's job. Only the attempt that the ledger holds counts: a late end of an older one
 * changes nothing. Then drives the run to its end.
 */
export async function finishRun(
  effects: EndEffects,
  runId: string,
  attempt: number,
  ended: Ended,
): Promise<string> {
  const run = (await effects.ledger.get(runKey(runId))) as Run | undefined
  if (!run) return 'no such run'
  if (run.state === 'READY' && run.attempt === attempt && !ended.ok)
    await effects.announceReady(run.kind, runId)
  if (run.state === 'RUNNING' && run.attempt === attempt) {
    // A job that judged its data and found it wanting ends badly too; its report tells that from a crash.
    const verdict = (await effects.judge(run).catch(asFailure)) ?? {
      failed: 'the job ended well but left no report',
    }
    if ('failed' in verdict || (verdict.pass && !ended.ok)) {
      return failAttempt(effects, run, failureOf(verdict, ended))
    }
    if (!verdict.pass) {
      await parkRun(effects, run, { reason: verdict.reason, gate: true, shown: verdict.shown })
      await settle(effects, runId)
      return `held at the gate: ${verdict.reason}`
    }
    await effects.ledger.write(
      moveRun(effects.clock, runId, 'COMMITTING', { set: verdict.shown, when: stillAt('RUNNING', attempt) }),
    )
  }
  return settle(effects, runId)
}

/** A report that nobody can read is a failed attempt, not a run that rests for ever. */
function asFailure(error: unknown): Verdict {
  if (error instanceof TerminalError) return { failed: error.message, fromReport: true }
  throw error
}

/** Why an attempt failed: the job's own words where it left a report, else the service's. */
function failureOf(verdict: Verdict, ended: Ended): string {
  if ('failed' in verdict && (ended.ok || verdict.fromReport)) return verdict.failed
  return ended.ok ? 'the job failed' : ended.reason
}

async function failAttempt(effects: EndEffects, run: Run, reason: string): Promise<string> {
  if (run.tries + 1 >= TRIES_MAX) {
    await parkRun(effects, run, { reason, gate: false })
    await settle(effects, run.runId)
    return `parked after ${TRIES_MAX} tries: ${reason}`
  }
  const requeued = await effects.ledger.write(
    moveRun(effects.clock, run.runId, 'READY', {
      set: { tries: run.tries + 1, lastFailure: reason },
      remove: ['job'],
      when: stillAt('RUNNING', run.attempt),
    }),
  )
  if (requeued.done) await effects.announceReady(run.kind, run.runId)
  return `attempt ${run.attempt} failed and is tried again: ${reason}`
}

/**
 * Parks a run with its reason and frees its lane, in one transaction, if it still is where the caller saw it; gives
 * whether this call did it. A run that is COMMITTING can only go forward.
 */
export async function parkRun(
  { ledger, clock }: Pick<World, 'ledger' | 'clock'>,
  run: Run,
  parked: { reason: string; gate: boolean; shown?: { [name: string]: Value } },
): Promise<boolean> {
  const { reason, gate, shown } = parked
  const written = await ledger.write(
    moveRun(clock, run.runId, 'PARKED', {
      set: { ...shown, reason, gate: gate ? 'failed' : 'not reached', endedAt: iso(clock.now()) },
      when: stillAt(run.state, run.attempt),
    }),
    release(run.lane, run.runId),
  )
  return written.done
}

/**
 * Drives a decided run to its end, any number of callers at once: commits, tells the next stage, and looks after the
 * lane again, in this order and also on a repeat.
 */
export async function settle(effects: EndEffects, runId: string): Promise<string> {
  let run = (await effects.ledger.get(runKey(runId))) as Run
  if (run.state === 'COMMITTING') {
    const { writes, shown } = await effects.commit(run)
    await effects.ledger.write(
      moveRun(effects.clock, runId, 'COMMITTED', {
        set: { ...shown, gate: 'passed', endedAt: iso(effects.clock.now()) },
        when: [...stillAt('COMMITTING', run.attempt)],
      }),
      release(run.lane, runId),
      ...writes,
    )
    run = (await effects.ledger.get(runKey(runId))) as Run
  }
  if (run.state === 'PARKED') return settleParked(effects, run)
  if (run.state !== 'COMMITTED') return `nothing to settle: the run is ${run.state}`
  const outcome = effects.outcome(run)
  if (outcome && run.duePk) await effects.publish([outcome])
  await claim(effects, run.lane)
  return 'committed'
}

/** Tells of a parked run, and looks after its lane again. */
export async function settleParked(effects: World & Pick<EndEffects, 'publish'>, run: Run): Promise<string> {
  if (run.duePk) await effects.publish([parkedEvent(run)])
  await claim(effects, run.lane)
  return `parked: ${run.reason}`
}

function parkedEvent(run: Run): Outgoing {
  const { runId, kind, subject, lane } = run
  const detail = { runId, kind, subject, lane, reason: String(run.reason) }
  if (run.gate === 'failed') return { name: GateFailed.name, detail: { ...detail, failureClass: 'gate' } }
  return { name: StageFailed.name, detail: { ...detail, failureClass: run.failureClass ?? 'crashed' } }
}

/** Ends a READY run for which nothing changed, without a job; then the lane is looked after as at every end. */
export async function endUnchanged(world: World, run: Run, note: string): Promise<void> {
  const { ledger, clock } = world
  const end = moveRun(clock, run.runId, 'COMMITTED', {
    set: { unchanged: note, endedAt: iso(clock.now()) },
    dueSeconds: 'never',
    when: stillAt('READY', run.attempt),
  })
  await ledger.write(end, release(run.lane, run.runId))
  await claim(world, run.lane)
}

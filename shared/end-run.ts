import type { Outgoing } from '../events/catalog.js'
import { claim } from './claim.js'
import { iso } from './clock.js'
import { Contention, TerminalError } from './errors.js'
import { failAttempt, parkRun, settleParked } from './fail-run.js'
import { release, type World } from './lane.js'
import type { Value, Write } from './ledger.js'
import { moveRun, type Run, runKey, stillAt } from './run.js'
import { wakeFirst } from './tokens.js'
import type { Ended, Failed } from './work.js'

/** What a finished job's report says: let it pass, hold it at the gate, or call the attempt failed. */
export type Verdict =
  | { pass: true; shown: { [name: string]: Value } }
  | { pass: false; reason: string; shown: { [name: string]: Value }; writes?: Write[] }
  | { failed: string; fromReport?: true; transient?: boolean }

export interface EndEffects extends World {
  publish(events: Outgoing[]): Promise<void>
  /** Reads the attempt's report and decides; nothing when there is no report. */
  judge(run: Run): Promise<Verdict | undefined>
  /** Makes the results of a COMMITTING run final (repeatable), and gives what its last transaction also writes. */
  commit(run: Run): Promise<{ writes: Write[]; shown?: { [name: string]: Value } }>
  /** The events that tell the next stages about a committed run; none when nothing changed. */
  outcome(run: Run): Outgoing | Outgoing[] | undefined
}
/** What differs between the kinds of runs that end. */
export type EndOfKind = Pick<EndEffects, 'judge' | 'commit' | 'outcome'>

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
  if (run.engine === 'spark') await wakeFirst(effects)
  if (run.state === 'READY' && run.attempt === attempt && !ended.ok && !run.notBefore)
    await effects.announceReady(run.kind, runId, run.correlationId)
  if (run.state !== 'RUNNING' || run.attempt !== attempt) return settle(effects, runId)
  // A job that judged its data and found it wanting ends badly too; its report tells that from a crash.
  const verdict = await effects.judge(run).catch(asFailure)
  if (!verdict || 'failed' in verdict || (verdict.pass && !ended.ok))
    return failAttempt(effects, run, failureOf(run, verdict, ended))
  if (!verdict.pass) {
    const { reason, shown, writes } = verdict
    await parkRun(effects, run, { gate: true, reason, shown, ...(writes && { writes }) })
    await settle(effects, runId)
    return `held at the gate: ${verdict.reason}`
  }
  await effects.ledger.write(
    moveRun(effects.clock, runId, 'COMMITTING', { set: verdict.shown, when: stillAt('RUNNING', attempt) }),
  )
  return settle(effects, runId)
}

/** A report that nobody can read is a failed attempt, not a run that rests for ever. */
function asFailure(error: unknown): Verdict {
  if (error instanceof TerminalError) return { failed: error.message }
  throw error
}

/** Why an attempt failed: the job's own words where it left a report, else the service's. */
function failureOf(run: Run, verdict: Verdict | undefined, ended: Ended): Failed {
  const said = verdict && 'failed' in verdict ? verdict : undefined
  // What happened to the machine explains what the job says of it, not the other way round.
  const plain = ended.ok || ended.failureClass === 'crashed'
  if (said && plain) {
    const byItself = said.transient ? 'reported_transient' : 'reported'
    return { reason: said.failed, failureClass: said.fromReport ? byItself : 'crashed' }
  }
  if (ended.ok) return { reason: 'the job ended well but left no report', failureClass: 'crashed' }
  const givenUp = run.givenUp === run.attempt && ended.failureClass === 'stopped'
  return givenUp ? TOO_LONG : { reason: ended.reason, failureClass: ended.failureClass }
}

/** How a job ends that was stopped for its time limit, whoever hears of it first. */
export const TOO_LONG: Failed = {
  reason: 'the job ran beyond its time limit and was stopped',
  failureClass: 'timed_out',
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
    if (run.state === 'COMMITTING')
      throw new Contention(`the end of run ${runId} was contended: another write came between`)
  }
  if (run.state === 'PARKED') return settleParked(effects, run)
  if (run.state !== 'COMMITTED') return `nothing to settle: the run is ${run.state}`
  const outcome = [effects.outcome(run) ?? []].flat()
  if (outcome.length > 0 && run.duePk) await effects.publish(outcome)
  await claim(effects, run.lane)
  return 'committed'
}

/** Why a run has nothing to do, and the lanes that go on with what it was to do. */
export interface Unchanged {
  unchanged: string
  moved?: string[]
}

/** Ends a READY run for which nothing changed, without a job; then the lane is looked after as at every end. */
export async function endUnchanged(
  world: World,
  run: Run,
  { unchanged, moved = [] }: Unchanged,
): Promise<void> {
  const { ledger, clock } = world
  const end = moveRun(clock, run.runId, 'COMMITTED', {
    set: { unchanged, endedAt: iso(clock.now()) },
    dueSeconds: 'never',
    when: stillAt('READY', run.attempt),
  })
  await ledger.write(end, release(run.lane, run.runId))
  for (const lane of [run.lane, ...moved]) await claim(world, lane)
}

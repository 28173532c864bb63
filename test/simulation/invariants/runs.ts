import type { Evidence, Invariant } from '../evidence.js'
import { changesOf, ENDED, type Item, isLive, isRun, itemAt, runAt, runsOf } from './reading.js'

/** Shorter than the shortest time limit of a job (an hour), by more than any clock is wrong. */
const SURELY_IN_TIME_MS = 45 * 60_000
/** The bound over all classes of failure. */
const JOBS_PER_RUN_MAX = 8

/** The runs that a step changed, with what they were. */
const changedRuns = (evidence: Evidence) => changesOf(evidence).filter(({ item }) => isRun(item))

const said = (run: Item) => `run ${run.runId} (${run.lane}, attempt ${run.attempt})`

/** Whether a run may come from one state to another, in one move or several. */
function mayBecome(from: string, to: string): boolean {
  if (from === to) return true
  if (from === 'COMMITTED' || from === 'REPLAYED') return false
  if (from === 'PARKED') return to === 'REPLAYED'
  if (from === 'COMMITTING') return to === 'COMMITTED'
  return to !== 'FILLING'
}

const attemptsGrow: Invariant = {
  name: 'a run’s attempt only grows',
  when: 'step',
  check: (evidence) =>
    changedRuns(evidence).flatMap(({ before, after }) =>
      before && after && !(after.attempt >= before.attempt)
        ? [`${said(after)} was at attempt ${before.attempt}`]
        : [],
    ),
}

const endIsForEver: Invariant = {
  name: 'an end is for ever, and a commit only goes forward',
  when: 'step',
  check: (evidence) =>
    changedRuns(evidence).flatMap(({ before, after, item }) => {
      if (!before) return []
      if (!after) return [`${said(item)} was deleted`]
      if (!mayBecome(before.state, after.state))
        return [`${said(after)} went from ${before.state} to ${after.state}`]
      if (before.state === 'COMMITTED' || before.state === 'COMMITTING') {
        const moved = ['attempt', 'lane', 'into'].filter((name) => before[name] !== after[name])
        return moved.map((name) => `${said(after)} is ${before.state}, and its ${name} changed`)
      }
      return before.into !== undefined && before.into !== after.into
        ? [`${said(after)} went into ${before.into}, now into ${after.into}`]
        : []
    }),
}

const failuresStay: Invariant = {
  name: 'the failures of a run are only added to',
  when: 'step',
  check: (evidence) =>
    changedRuns(evidence).flatMap(({ before, after }) => {
      const old: Item[] = before?.failures ?? []
      const now: Item[] = after?.failures ?? []
      const kept = old.every(
        (failure, place) => failure === now[place] || JSON.stringify(failure) === JSON.stringify(now[place]),
      )
      return kept || !after ? [] : [`${said(after)} lost a failure that it had recorded`]
    }),
}

/** Two that hear of one end, or one that hears of it late, must not both count it. */
const failsOnce: Invariant = {
  name: 'an attempt of a run fails once',
  when: 'step',
  check: (evidence) =>
    changedRuns(evidence).flatMap(({ before, after }) => {
      const now: Item[] = after?.failures ?? []
      if (!after || now.length <= (before?.failures?.length ?? 0)) return []
      const attempts = now.map(({ attempt }) => Number(attempt))
      const twice = attempts.filter((attempt, place) => attempts.indexOf(attempt) !== place)
      return twice.map((attempt) => `${said(after)} counts the failure of attempt ${attempt} again`)
    }),
}

const commitNeedsItsJob: Invariant = {
  name: 'only the good end of the accepted attempt’s job commits a run',
  when: 'step',
  check: (evidence) =>
    changedRuns(evidence).flatMap(({ before, after }) => {
      if (!after || before?.state === after.state) return []
      if (after.state !== 'COMMITTING' && (after.state !== 'COMMITTED' || after.unchanged)) return []
      const ended = evidence.jobs.some(
        ({ runId, attempt, ok }) => runId === after.runId && attempt === after.attempt && ok === true,
      )
      return ended ? [] : [`${said(after)} is ${after.state}, and no job of this attempt ended well`]
    }),
}

/** What an old job's late end would do if it counted: take the lane from an attempt whose own job is under way. */
const lateEndsChangeNothing: Invariant = {
  name: 'a late end of an old attempt changes nothing',
  when: 'step',
  check: (evidence) =>
    changedRuns(evidence).flatMap(({ before, after }) => {
      if (before?.state !== 'RUNNING' || !before.job || !after) return []
      const same = after.state === 'RUNNING' && after.attempt === before.attempt && after.job === before.job
      if (same) return []
      const job = evidence.jobs.find((one) => one.job === before.job)
      if (!job || job.endedAt !== undefined) return []
      return evidence.now - job.startedAt < SURELY_IN_TIME_MS
        ? [`${said(before)} became ${after.state} while its job ${job.job} was under way and in time`]
        : []
    }),
}

const sameInput = (one: Item, other: Item) => JSON.stringify(one.input) === JSON.stringify(other.input)

const inputsAreFixed: Invariant = {
  name: 'a run takes only while it is new or FILLING, and gives nothing back',
  when: 'step',
  check: (evidence) => {
    if (!evidence.before) return []
    const old = evidence.before.ledger
    return changesOf(evidence).flatMap(({ before, after, item }) => {
      if (!item.PK.startsWith('RUN#') || !item.SK.startsWith('IN#')) return []
      if (before && !after) return [`${item.PK} lost ${item.SK}`]
      if (before) return sameInput(before, item) ? [] : [`${item.PK} changed its input ${item.SK}`]
      const run = itemAt(old, item.PK, 'META')
      return run && run.state !== 'FILLING' ? [`${item.PK} took ${item.SK} when it was ${run.state}`] : []
    })
  },
}

const runsEnd: Invariant = {
  name: 'every run reaches an end',
  when: 'rest',
  check: ({ ledger }) =>
    runsOf(ledger).flatMap((run) => {
      if (!ENDED.includes(run.state)) return [`${said(run)} rests as ${run.state}`]
      if (run.state !== 'REPLAYED') return []
      const into = run.into && runAt(ledger, run.into)
      return into ? [] : [`${said(run)} was put back, and no run took it`]
    }),
}

const endsSayWhy: Invariant = {
  name: 'a parked run says why, and an ended one when',
  when: 'rest',
  check: ({ ledger }) =>
    runsOf(ledger).flatMap((run) => {
      if (isLive(run)) return []
      const missing = [run.state === 'PARKED' && !run.reason && 'reason', !run.endedAt && 'endedAt']
      return missing.flatMap((name) => (name ? [`${said(run)} is ${run.state} without ${name}`] : []))
    }),
}

const attemptsAreBounded: Invariant = {
  name: 'no run is tried for ever',
  when: 'rest',
  check: ({ jobs }) => {
    const count = new Map<string, number>()
    for (const { runId } of jobs) count.set(runId, (count.get(runId) ?? 0) + 1)
    return [...count].flatMap(([runId, started]) =>
      started > JOBS_PER_RUN_MAX ? [`run ${runId} started ${started} jobs`] : [],
    )
  },
}

export const runInvariants: readonly Invariant[] = [
  attemptsGrow,
  endIsForEver,
  failuresStay,
  failsOnce,
  commitNeedsItsJob,
  lateEndsChangeNothing,
  inputsAreFixed,
  runsEnd,
  endsSayWhy,
  attemptsAreBounded,
]

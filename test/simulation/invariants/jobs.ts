import type { Invariant } from '../evidence.js'
import { runAt } from './reading.js'

const onePerAttempt: Invariant = {
  name: 'a run’s attempt has one job at most',
  when: 'step',
  check: ({ jobs }) => {
    const last = jobs.at(-1)
    const other = jobs.find(
      ({ runId, attempt }, place) =>
        place < jobs.length - 1 && runId === last?.runId && attempt === last.attempt,
    )
    return last && other
      ? [`attempt ${last.attempt} of run ${last.runId} has the jobs ${other.job} and ${last.job}`]
      : []
  },
}

const everyJobIsIntended: Invariant = {
  name: 'every started job is an attempt that the ledger had intended',
  when: 'step',
  check: ({ ledger, jobs }) =>
    jobs.slice(-1).flatMap(({ job, runId, attempt, kind }) => {
      const run = runAt(ledger, runId)
      if (!run) return [`job ${job} is of run ${runId}, which does not exist`]
      if (run.kind !== kind) return [`job ${job} is a ${kind} for run ${runId}, a ${run.kind}`]
      return attempt >= 1 && attempt <= run.attempt
        ? []
        : [`job ${job} is attempt ${attempt} of run ${runId}, which is at ${run.attempt}`]
    }),
}

/** An unlinked job is adopted when its own end was taken in: then the run ended at its attempt. */
const everyJobIsKnown: Invariant = {
  name: 'every started job is known to the ledger, adopted, or over',
  when: 'rest',
  check: ({ ledger, jobs }) =>
    jobs.flatMap(({ job, runId, attempt, endedAt }) => {
      if (endedAt === undefined) return [`job ${job} of run ${runId} still runs`]
      const run = runAt(ledger, runId)
      if (run?.attempt !== attempt || run.job === undefined || run.job === job) return []
      return [`run ${runId} names job ${run.job}, and attempt ${attempt} was job ${job}`]
    }),
}

const noAttemptWasSkippedOver: Invariant = {
  name: 'a well ended job of the last attempt is not thrown away',
  when: 'rest',
  check: ({ ledger, jobs, artifacts }) =>
    jobs.flatMap(({ job, runId, attempt, ok, failureClass }) => {
      const run = runAt(ledger, runId)
      if (!ok || failureClass || run?.state !== 'PARKED' || run.attempt !== attempt) return []
      if (run.gate === 'failed' || !artifacts.has(`runs/${runId}/attempt=${attempt}/report.json`)) return []
      // One that outlived its time was given up, and its success is void.
      return ['timed_out', 'lost', 'never_started', 'stopped'].includes(run.failureClass)
        ? []
        : [`job ${job} ended well, and run ${runId} is parked: ${run.reason}`]
    }),
}

/** Classes that the pipeline may give to a job of its own accord: it gave up, or lost sight of it. */
const OWN_CLASSES = ['timed_out', 'lost', 'never_started']
/** What a job that ended badly is called when it left a word of its own. */
const REPORTED = ['reported', 'reported_transient', 'crashed']

const classesAreRight: Invariant = {
  name: 'a failed attempt is recorded under the class by which its job really ended',
  when: 'rest',
  check: ({ ledger, jobs }) =>
    jobs.flatMap(({ runId, attempt, failureClass }) => {
      const failures: { attempt: number; failureClass: string }[] = runAt(ledger, runId)?.failures ?? []
      const failure = failures.find((one) => one.attempt === attempt)
      if (!failure || !failureClass || failure.failureClass === failureClass) return []
      const own = OWN_CLASSES.includes(failure.failureClass)
      const reported = REPORTED.includes(failure.failureClass) && REPORTED.includes(failureClass)
      return own || reported
        ? []
        : [`attempt ${attempt} of run ${runId} ended as ${failureClass}, recorded as ${failure.failureClass}`]
    }),
}

export const jobInvariants: readonly Invariant[] = [
  onePerAttempt,
  everyJobIsIntended,
  everyJobIsKnown,
  noAttemptWasSkippedOver,
  classesAreRight,
]

import type { FailureClass } from '../events/catalog.js'

/**
 * What is done about each way in which heavy work fails. This table is the only place that says so; `docs/failures.md`
 * is made from it.
 */
export interface Policy {
  /** How often a run's attempts may fail in this way; then the run is parked. */
  attempts: number
  /** Seconds of rest before the next attempt, after the first such failure, the second, ...; the last one stays. */
  delaySeconds: readonly number[]
  /** What the next attempt gets that this one had not. */
  next?: 'larger' | 'on demand'
  /** What a person hears who finds the run parked, where the failure came back so often that it is another. */
  parkedAs?: FailureClass
  means: string
  person: string
}

/** As often as attempts of one run may fail, whatever the reasons; Glue at its limit is no failure. */
export const FAILURES_MAX = 8

export const POLICIES: Record<FailureClass, Policy> = {
  image_pull: {
    attempts: 4,
    delaySeconds: [60, 300, 900],
    parkedAs: 'configuration',
    means: 'ECS could not pull the image, or not log in to the registry',
    person: 'is the image of that digest in ECR, and may the execution role pull it? Then retry',
  },
  network_interface: {
    attempts: 4,
    delaySeconds: [0, 60, 300],
    means: 'the network interface of the task or job could not be made',
    person: 'does the subnet have free addresses, and the account free interfaces? Then retry',
  },
  spot: {
    attempts: 3,
    delaySeconds: [0, 0],
    next: 'on demand',
    means: 'AWS took a spot task back',
    person: 'nothing was wrong with the work: retry',
  },
  out_of_memory: {
    attempts: 2,
    delaySeconds: [0],
    next: 'larger',
    means: 'the job needed more memory than it had, and was killed',
    person: 'raise the size of the task or worker for this stage, or land smaller files; then retry',
  },
  capacity: {
    attempts: 6,
    delaySeconds: [60, 120, 300, 600, 900],
    means: 'ECS or Glue had no capacity, or the account is at a limit',
    person: 'raise the account’s limit, or wait; then retry',
  },
  configuration: {
    attempts: 1,
    delaySeconds: [],
    means: 'the request can never succeed as it stands',
    person: 'the reason names what is wrong: correct it, deploy, retry',
  },
  crashed: {
    attempts: 2,
    delaySeconds: [0],
    means: 'the job ended badly and left no word why',
    person: 'read the log of the attempt; when the cause is gone, retry',
  },
  reported: {
    attempts: 1,
    delaySeconds: [],
    means: 'the job itself says what failed, and that another try would not help',
    person: 'the reason is the job’s own: correct it, then retry',
  },
  reported_transient: {
    attempts: 2,
    delaySeconds: [0],
    means: 'the job itself says what failed, and that another try may help',
    person: 'is the service that the reason names well? Then retry',
  },
  timed_out: {
    attempts: 2,
    delaySeconds: [0],
    means: 'the job ran beyond its time limit and was stopped',
    person: 'find out whether it hangs or has too much to do; then retry',
  },
  stopped: {
    attempts: 1,
    delaySeconds: [],
    means: 'a person stopped the job',
    person: 'whoever stopped it knows why; retry when it may run',
  },
  lost: {
    attempts: 2,
    delaySeconds: [0],
    means: 'the service no longer knows the job, or took its machine away',
    person: 'nothing was wrong with the work: retry',
  },
  never_started: {
    attempts: 4,
    delaySeconds: [0],
    means: 'no call that starts the job was ever answered',
    person: 'the reason is the last error: a right that is missing, or a service that was away; then retry',
  },
}

/** One failed attempt, as the run keeps it. */
export type Failure = {
  attempt: number
  failureClass: FailureClass
  reason: string
  at: string
}

export type Decision =
  | { again: true; delaySeconds: number; next?: 'larger' | 'on demand' }
  | { again: false; parkedAs: FailureClass; failed: number }

/** What is done after an attempt failed, given how the ones before it did. */
export function afterFailure(before: readonly Failure[], failureClass: FailureClass): Decision {
  const { attempts, delaySeconds, next, parkedAs } = POLICIES[failureClass]
  const alike = before.filter((failure) => failure.failureClass === failureClass).length + 1
  if (alike >= attempts || before.length + 1 >= FAILURES_MAX)
    return { again: false, parkedAs: parkedAs ?? failureClass, failed: before.length + 1 }
  const delay = delaySeconds[Math.min(alike, delaySeconds.length) - 1] ?? 0
  return { again: true, delaySeconds: delay, ...(next && { next }) }
}

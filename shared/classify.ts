import type { TaskStateChange } from '../events/aws.js'
import type { FailureClass } from '../events/catalog.js'
import type { Ended } from './work.js'

/** How ECS and Glue say that work ended, read into our failure classes. Pure: tested on their payloads. */

type Rule = readonly [words: RegExp, failureClass: FailureClass]
const firstOf = (rules: readonly Rule[], text: string): FailureClass | undefined =>
  rules.find(([words]) => words.test(text))?.[1]

type Maybe<T> = T | undefined
interface TaskFacts {
  stopCode?: Maybe<string>
  stoppedReason?: Maybe<string>
  containers?: Maybe<{ name?: Maybe<string>; exitCode?: Maybe<number>; reason?: Maybe<string> }[]>
}

/** Words of `stoppedReason` and of container reasons (ECS developer guide, "Stopped task error messages"). */
const TASK_WORDS: readonly Rule[] = [
  [/CannotPull|pull image manifest|registry auth/i, 'image_pull'],
  [/network interface|\beni\b/i, 'network_interface'],
  [/OutOfMemory/i, 'out_of_memory'],
  [/capacity is unavailable|RESOURCE:/i, 'capacity'],
  [/CannotStartContainer|CannotCreateContainer|exec format|unable to assume|AccessDenied/i, 'configuration'],
]
/** Stop codes (ECS API reference, Task) that say it all. */
const STOP_CODES: Readonly<Record<string, FailureClass>> = {
  SpotInterruption: 'spot',
  TerminationNotice: 'lost',
  UserInitiated: 'stopped',
}
/** Killed from outside (128 + SIGKILL). When nobody stopped the task, it was the kernel for want of memory. */
const KILLED = 137

/**
 * How a stopped task ended: well only when every container left with 0. A task that failed to start has no containers,
 * and one that was killed has no exit code; both are failures.
 */
export function classifyTask(task: TaskFacts | TaskStateChange['detail']): Ended {
  const containers = task.containers ?? []
  if (containers.length > 0 && containers.every(({ exitCode }) => exitCode === 0)) return { ok: true }
  const codes = containers.map(
    ({ reason, name, exitCode }) => reason ?? `${name} left with ${exitCode ?? 'no exit code'}`,
  )
  const reason = [task.stopCode, task.stoppedReason, ...codes].filter(Boolean).join('; ')
  const killed = containers.some(({ exitCode }) => exitCode === KILLED)
  const failureClass =
    STOP_CODES[task.stopCode ?? ''] ?? firstOf(TASK_WORDS, reason) ?? (killed ? 'out_of_memory' : 'crashed')
  return { ok: false, reason: reason || 'the task stopped without a reason', failureClass }
}

/** Words of a start that ECS refused, or answered without a task. */
const START_WORDS: readonly Rule[] = [
  [/RESOURCE:ENI|network interface|free addresses/i, 'network_interface'],
  [/RESOURCE:|capacity is unavailable|reached the limit|LimitExceeded/i, 'capacity'],
]

/** Why a task did not start: what is no matter of capacity or network can never succeed as it stands. */
export const classifyStart = (reason: string): FailureClass => firstOf(START_WORDS, reason) ?? 'configuration'

/** States in which a Glue job run stays (Glue API reference, JobRun). */
export const JOB_ENDS = ['SUCCEEDED', 'FAILED', 'TIMEOUT', 'STOPPED', 'ERROR', 'EXPIRED']
const JOB_STATES: Readonly<Record<string, FailureClass>> = {
  TIMEOUT: 'timed_out',
  STOPPED: 'stopped',
  // A flexible run that waited too long for a machine.
  EXPIRED: 'capacity',
}
/** Words of Glue's error messages (Glue user guide, "Troubleshooting errors"). */
const JOB_WORDS: readonly Rule[] = [
  [/out ?of ?memory|no space left|memory limits/i, 'out_of_memory'],
  [/network interface|\beni\b|subnet|endpoint or NAT/i, 'network_interface'],
  [/resource unavailable|insufficient capacity|unable to allocate/i, 'capacity'],
  [/AccessDenied|not authorized|InvalidInput|unable to (read|download|assume)/i, 'configuration'],
]

/** How a Glue job run ended, by its state and message. */
export function classifyJob(state: string, message?: string): Ended {
  if (state === 'SUCCEEDED') return { ok: true }
  const reason = `Glue says ${state}: ${message ?? 'no message'}`
  return {
    ok: false,
    reason,
    failureClass: JOB_STATES[state] ?? firstOf(JOB_WORDS, message ?? '') ?? 'crashed',
  }
}

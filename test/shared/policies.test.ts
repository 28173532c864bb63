import { describe, expect, test } from 'vitest'
import { taskStateChange } from '../../events/aws.js'
import { type FailureClass, failureClasses } from '../../events/catalog.js'
import { classifyJob, classifyStart, classifyTask } from '../../shared/classify.js'
import { afterFailure, FAILURES_MAX, type Failure, POLICIES } from '../../shared/policies.js'
import { payload } from '../payloads/read.js'

const failed = (...classes: FailureClass[]): Failure[] =>
  classes.map((failureClass, place) => ({ attempt: place + 1, failureClass, reason: 'x', at: 't' }))
const task = (name: string, detail: Record<string, unknown> = {}) =>
  classifyTask(taskStateChange.parse(payload(name, detail)).detail)
const stopped = (stoppedReason: string, stopCode = 'TaskFailedToStart') =>
  classifyTask({ stopCode, stoppedReason, containers: [] })

describe('the end of a task', () => {
  test('is good when every container left with 0, and with none it never is', () => {
    expect(task('ecs-task-stopped-success')).toEqual({ ok: true })
    const exits = (...codes: (number | undefined)[]) =>
      classifyTask({ containers: codes.map((exitCode) => ({ name: 'a', exitCode })) }).ok
    expect(exits(0, 0)).toBe(true)
    expect([exits(0, 1), exits(undefined), exits(), classifyTask({}).ok]).toEqual([
      false,
      false,
      false,
      false,
    ])
  })

  test.each<[string, FailureClass]>([
    ['ecs-task-failed-to-start', 'image_pull'],
    ['ecs-task-out-of-memory', 'out_of_memory'],
    ['ecs-task-spot-notice-still-running', 'spot'],
    ['ecs-task-stopped-exit-1', 'crashed'],
  ])('%s is of the class %s', (name, failureClass) => {
    expect(task(name)).toMatchObject({ ok: false, failureClass })
  })

  test.each<[string, string, FailureClass]>([
    [
      'TaskFailedToStart',
      'Timeout waiting for network interface provisioning to complete.',
      'network_interface',
    ],
    [
      'TaskFailedToStart',
      'ResourceInitializationError: failed to configure ENI: eni in use',
      'network_interface',
    ],
    [
      'TaskFailedToStart',
      'ResourceInitializationError: unable to pull secrets or registry auth: timeout',
      'image_pull',
    ],
    ['TaskFailedToStart', 'Capacity is unavailable at this time.', 'capacity'],
    ['TaskFailedToStart', 'CannotStartContainerError: exec: not found', 'configuration'],
    ['TaskFailedToStart', 'Unexpected EC2 error while attempting to start', 'crashed'],
    ['SpotInterruption', 'Your Spot Task was interrupted.', 'spot'],
    ['TerminationNotice', 'Your task is being stopped for maintenance', 'lost'],
    ['UserInitiated', 'somebody stopped it', 'stopped'],
    ['SomethingNew', '', 'crashed'],
  ])('with stop code %s and %s is of the class %s', (stopCode, reason, failureClass) => {
    expect(stopped(reason, stopCode)).toMatchObject({ ok: false, failureClass })
  })

  test('that nobody stopped, killed with 137, ran out of memory though no reason says so', () => {
    const killed = { containers: [{ name: 'dbt', exitCode: 137 }] }
    expect(classifyTask({ stopCode: 'EssentialContainerExited', ...killed })).toMatchObject({
      failureClass: 'out_of_memory',
      reason: 'EssentialContainerExited; dbt left with 137',
    })
    expect(classifyTask({ stopCode: 'UserInitiated', ...killed })).toMatchObject({ failureClass: 'stopped' })
  })

  test('always has a reason', () => {
    expect(classifyTask({})).toMatchObject({ reason: 'the task stopped without a reason' })
    expect(classifyTask({ containers: [{ name: 'a' }] })).toMatchObject({
      reason: 'a left with no exit code',
    })
  })
})

describe('the end of a Glue run', () => {
  test.each<[string, string | undefined, FailureClass]>([
    ['TIMEOUT', 'Job run timed out', 'timed_out'],
    ['STOPPED', undefined, 'stopped'],
    ['EXPIRED', undefined, 'capacity'],
    ['FAILED', 'SystemExit: 1', 'crashed'],
    ['FAILED', 'Command Failed due to Out of Memory', 'out_of_memory'],
    ['FAILED', 'exit code 10: java.lang.OutOfMemoryError: Java heap space', 'out_of_memory'],
    ['FAILED', 'java.io.IOException: No space left on device', 'out_of_memory'],
    ['ERROR', 'The specified subnet does not have enough free addresses', 'network_interface'],
    ['FAILED', 'Resource unavailable', 'capacity'],
    ['FAILED', 'AccessDeniedException: not authorized to perform s3:GetObject', 'configuration'],
    ['ERROR', undefined, 'crashed'],
  ])('in state %s with the message %s is of the class %s', (state, message, failureClass) => {
    expect(classifyJob(state, message)).toEqual({
      ok: false,
      reason: `Glue says ${state}: ${message ?? 'no message'}`,
      failureClass,
    })
  })

  test('that SUCCEEDED is good', () => expect(classifyJob('SUCCEEDED', 'x')).toEqual({ ok: true }))
})

test.each<[string, FailureClass]>([
  ['RESOURCE:ENI', 'network_interface'],
  ['RESOURCE:CPU', 'capacity'],
  ['You’ve reached the limit on the number of tasks you can run concurrently', 'capacity'],
  ['MISSING', 'configuration'],
  ['ECS refused the task: Overrides length must not exceed the limit', 'configuration'],
])('a start that failed with %s is of the class %s', (reason, failureClass) => {
  expect(classifyStart(reason)).toBe(failureClass)
})

describe('the policy of a class', () => {
  test.each(failureClasses)('%s: tried again as often as it says, then parked', (failureClass) => {
    const { attempts, delaySeconds, parkedAs, next } = POLICIES[failureClass]
    for (let done = 0; done < attempts - 1; done += 1) {
      const decision = afterFailure(failed(...Array.from({ length: done }, () => failureClass)), failureClass)
      expect(decision).toEqual({
        again: true,
        delaySeconds: delaySeconds[done] ?? delaySeconds.at(-1),
        ...(next && { next }),
      })
    }
    const last = failed(...Array.from({ length: attempts - 1 }, () => failureClass))
    expect(afterFailure(last, failureClass)).toEqual({
      again: false,
      parkedAs: parkedAs ?? failureClass,
      failed: attempts,
    })
  })

  test('counts failures of its own class only', () => {
    expect(afterFailure(failed('crashed', 'spot'), 'lost')).toMatchObject({ again: true })
    expect(afterFailure(failed('crashed', 'spot'), 'crashed')).toMatchObject({ again: false, failed: 3 })
  })

  test(`parks after ${FAILURES_MAX} failures, whatever their classes`, () => {
    const before = failed('spot', 'spot', 'lost', 'crashed', 'capacity', 'capacity', 'capacity')
    expect(afterFailure(before.slice(1), 'network_interface')).toMatchObject({ again: true })
    expect(afterFailure(before, 'network_interface')).toMatchObject({ again: false, failed: FAILURES_MAX })
  })

  test('rests never longer than 15 minutes, the longest delay of a queue', () => {
    for (const { delaySeconds } of Object.values(POLICIES))
      for (const seconds of delaySeconds) expect(seconds).toBeLessThanOrEqual(900)
  })
})

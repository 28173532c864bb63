import { beforeEach, describe, expect, test } from 'vitest'
import { jobStateChange, taskStateChange } from '../../events/aws.js'
import { classifyJob } from '../../shared/classify.js'
import { finishWork } from '../../shared/finish-work.js'
import { attemptName, type Run } from '../../shared/run.js'
import { Chain } from '../fakes/chain.js'
import { payload, payloadNames } from '../payloads/read.js'

let chain: Chain
let runId: string
const run = () => chain.parts.ledger.all(`RUN#${runId}`).find(({ SK }) => SK === 'META') as Run

/** A run of one file that is RUNNING, with the report of its job already there. */
async function running(source: 'prices' | 'notes'): Promise<void> {
  chain = new Chain()
  await chain.record(chain.land('a.json', { source }))
  runId = chain.parts.bus.details('Batch Ready')[0]?.runId ?? ''
  await chain.deliverNext()
  await chain.leaveReport(runId, 1)
}
const finish = (event: Parameters<typeof finishWork>[1]) =>
  finishWork({ ...chain.parts.ends.cleanse, jobs: chain.parts.jobs }, event)

describe('an ECS task’s state change', () => {
  beforeEach(() => running('prices'))
  const task = (name: string) => taskStateChange.parse(payload(name, { startedBy: attemptName(runId, 1) }))

  test.each([
    ['ecs-task-stopped-success', 'COMMITTED', /^committed$/],
    ['ecs-task-deprovisioning-exit-0', 'RUNNING', /the task is not over/],
    ['ecs-task-spot-notice-still-running', 'RUNNING', /the task is not over/],
    ['ecs-task-stopped-exit-1', 'READY', /EssentialContainerExited; .*dbt left with 1/],
    ['ecs-task-out-of-memory', 'READY', /OutOfMemoryError: Container killed due to memory usage/],
    ['ecs-task-failed-to-start', 'READY', /TaskFailedToStart; CannotPullContainerError/],
  ])('%s leaves the run %s', async (name, state, did) => {
    const outcome = await finish(task(name))
    expect(outcome).toMatchObject({ runId, did: expect.stringMatching(did) })
    expect(run().state).toBe(state)
  })

  test('is covered for every payload that there is', () => {
    expect(payloadNames('ecs-')).toHaveLength(6)
  })

  test.each([
    'somebody',
    undefined,
    'r0000000000000000000000001',
    'r0000000000000000000000001/1/2',
    'ecs-svc/123',
  ])('of a task that we did not start (%s) is ignored', async (startedBy) => {
    const event = taskStateChange.parse(payload('ecs-task-stopped-success', { startedBy }))
    expect(await finish(event)).toEqual({ did: 'ignored: not a task of ours' })
    expect(run().state).toBe('RUNNING')
  })

  test('of a container that was killed without an exit code is a failure', async () => {
    const containers = [{ name: 'cleanse' }]
    const event = payload('ecs-task-stopped-success', { startedBy: attemptName(runId, 1), containers })
    await finish(taskStateChange.parse(event))
    expect(run()).toMatchObject({ state: 'READY', lastFailure: expect.stringContaining('no exit code') })
  })

  test('that comes twice commits once', async () => {
    await finish(task('ecs-task-stopped-success'))
    const copies = chain.parts.silver.keys('entity=').length
    await finish(task('ecs-task-stopped-success'))
    expect(chain.parts.silver.keys('entity=')).toHaveLength(copies)
    expect(run().state).toBe('COMMITTED')
  })
})

describe('a Glue job’s state change', () => {
  beforeEach(() => running('notes'))
  const job = (name: string, jobRunId = 'jr_0') => jobStateChange.parse(payload(name, { jobRunId }))

  test.each(payloadNames('glue-'))('%s is a hint: what GetJobRun says decides', async (name) => {
    expect(await finish(job(name))).toEqual({ runId, did: 'the job runs on' })
    expect(run().state).toBe('RUNNING')
    chain.parts.jobs.end('jr_0', { ok: true })
    await finish(job(name))
    expect(run().state).toBe('COMMITTED')
  })

  test('of a job that failed is tried again with Glue’s reason', async () => {
    chain.parts.jobs.end('jr_0', classifyJob('TIMEOUT'))
    await finish(job('glue-job-timeout'))
    expect(run()).toMatchObject({ state: 'READY', lastFailure: 'Glue says TIMEOUT: no message' })
  })

  test('of somebody else’s job run is ignored', async () => {
    expect(await finish(job('glue-job-succeeded', 'jr_other'))).toEqual({
      did: 'ignored: not a job run of ours',
    })
  })
})

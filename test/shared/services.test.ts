import { TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import type { ECSClient } from '@aws-sdk/client-ecs'
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import type { GlueClient } from '@aws-sdk/client-glue'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { describe, expect, test } from 'vitest'
import { announceReady, putEvents } from '../../shared/bus.js'
import { classifyJob } from '../../shared/classify.js'
import { glueOnce, jobReader, jobs, workerAbove } from '../../shared/jobs.js'
import { ledger } from '../../shared/ledger-dynamo.js'
import { expression } from '../../shared/ledger-expressions.js'
import { sizeAbove, taskReader, tasks } from '../../shared/tasks.js'
import { awsError, fakeClient } from '../fakes/aws-client.js'

describe('putting events', () => {
  const ready = (runId: string) => ({ name: 'Batch Ready' as const, detail: { runId } })

  test('sends at most 10 in one call', async () => {
    const { client, calls } = fakeClient<EventBridgeClient>({ PutEventsCommand: () => ({ Entries: [] }) })
    await putEvents('bus', client)(Array.from({ length: 23 }, (_, n) => ready(`r${n}`)))
    expect(calls.map(({ input }) => (input.Entries as unknown[]).length)).toEqual([10, 10, 3])
  })

  test('throws when one entry is refused, though the call answered 200', async () => {
    const Entries = [{ EventId: '1' }, { ErrorCode: 'ThrottlingException' }]
    const { client } = fakeClient<EventBridgeClient>({ PutEventsCommand: () => ({ Entries }) })
    const put = putEvents('bus', client)([ready('a'), ready('b')])
    await expect(put).rejects.toMatchObject({ name: 'EventsRefused', codes: ['ThrottlingException'] })
  })

  test('says to the stage of its kind that a run is ready', async () => {
    const { client, calls } = fakeClient<EventBridgeClient>({ PutEventsCommand: () => ({}) })
    await announceReady(putEvents('bus', client))('build', 'r1')
    expect(calls[0]?.input.Entries).toEqual([
      { EventBusName: 'bus', Source: 'sluice', DetailType: 'Build Ready', Detail: '{"runId":"r1"}' },
    ])
  })
})

describe('Glue jobs', () => {
  const code = { script: 's3://code/a.py', modules: 's3://code/a.zip', workers: 4 }
  const request = { runId: 'r1', attempt: 2, planUri: 's3://plan' }
  const starting = (answer: () => unknown) =>
    jobs('job', code, fakeClient<GlueClient>({ StartJobRunCommand: answer }).client).start(request)

  test('start with run, attempt, plan and this deployment’s own code', async () => {
    const { client, calls } = fakeClient<GlueClient>({ StartJobRunCommand: () => ({ JobRunId: 'jr' }) })
    expect(await jobs('job', code, client).start(request)).toEqual({ job: 'jr' })
    expect(calls[0]?.input.Arguments).toMatchObject({
      '--run_id': 'r1',
      '--attempt': '2',
      '--plan_uri': 's3://plan',
    })
  })

  test('at the concurrency limit are busy, which is no failure; any other error is thrown', async () => {
    const busy = () => Promise.reject(awsError('ConcurrentRunsExceededException'))
    expect(await starting(busy)).toEqual({ busy: true })
    await expect(starting(() => Promise.reject(awsError('EntityNotFoundException')))).rejects.toThrow(
      'EntityNotFound',
    )
    expect(await starting(() => ({}))).toMatchObject({ failed: expect.any(String) })
  })

  test('get a larger worker only when they are asked for one, and then as many as the job has', async () => {
    const { client, calls } = fakeClient<GlueClient>({ StartJobRunCommand: () => ({ JobRunId: 'jr' }) })
    await jobs('job', code, client).start({ ...request, workerType: workerAbove('G.1X', 1) })
    await jobs('job', code, client).start(request)
    expect(calls[0]?.input).toMatchObject({ WorkerType: 'G.2X', NumberOfWorkers: 4 })
    expect(calls[1]?.input).not.toHaveProperty('WorkerType')
    expect(workerAbove('G.4X', 5)).toBe('G.8X')
    expect(() => workerAbove('Standard', 1)).toThrow('no worker type Standard')
  })

  test('are never started twice by the SDK’s own retries', async () => {
    expect(await glueOnce().config.maxAttempts()).toBe(1)
  })

  const failed = (state: string) => ({
    state,
    ended: classifyJob(state, 'SystemExit: 1'),
  })
  test.each<{ state: string; ended?: object }>([
    { state: 'RUNNING' },
    { state: 'STOPPING' },
    { state: 'SUCCEEDED', ended: { ok: true } },
    ...['FAILED', 'TIMEOUT', 'STOPPED', 'ERROR', 'EXPIRED'].map(failed),
  ])('in state $state have the end $ended', async ({ state, ended }) => {
    const Arguments = { '--run_id': 'r1', '--attempt': '2' }
    const JobRun = { JobRunState: state, Arguments, ErrorMessage: 'SystemExit: 1' }
    const { client } = fakeClient<GlueClient>({ GetJobRunCommand: () => ({ JobRun }) })
    const read = await jobReader('job', client).get('jr')
    expect(read).toEqual({ runId: 'r1', attempt: 2, ...(ended && { ended }) })
  })

  test.each([{}, { '--run_id': 'r1' }, { '--attempt': '1' }, { '--run_id': 'r1', '--attempt': 'x' }])(
    'without our arguments (%o) are somebody else’s',
    async (Arguments) => {
      const { client } = fakeClient<GlueClient>({ GetJobRunCommand: () => ({ JobRun: { Arguments } }) })
      expect(await jobReader('job', client).get('jr')).toBeUndefined()
    },
  )
})

describe('ECS tasks', () => {
  const request = {
    clientToken: 'r1-1',
    cluster: 'c',
    taskDefinition: 't:1',
    startedBy: 'r1/1',
    subnets: ['s1'],
    securityGroups: ['g1'],
    capacity: 'on demand' as const,
    container: 'cleanse',
    environment: { RUN_ID: 'r1', PLAN_URI: 's3://plan', CORRELATION_ID: 'c1' },
  }

  test('are asked for with a token and a network, and no secret in the overrides', async () => {
    const { client, calls } = fakeClient<ECSClient>({
      RunTaskCommand: () => ({ tasks: [{ taskArn: 'arn' }] }),
    })
    expect(await tasks(client).run(request)).toEqual({ job: 'arn' })
    expect(calls[0]?.input).toMatchObject({
      clientToken: 'r1-1',
      startedBy: 'r1/1',
      networkConfiguration: { awsvpcConfiguration: { subnets: ['s1'], securityGroups: ['g1'] } },
    })
    expect(JSON.stringify(calls[0]?.input.overrides).length).toBeLessThan(8_192)
  })

  test.each([
    [{ failures: [{ reason: 'RESOURCE:ENI' }] }, 'RESOURCE:ENI', 'network_interface'],
    [{ failures: [{ reason: 'RESOURCE:MEMORY' }] }, 'RESOURCE:MEMORY', 'capacity'],
    [{ failures: [{ reason: 'MISSING' }] }, 'MISSING', 'configuration'],
    [{ tasks: [], failures: [] }, 'no reason given', 'capacity'],
    [{}, 'no reason given', 'capacity'],
  ])('answered with %o were not started', async (answer, reason, failureClass) => {
    const { client } = fakeClient<ECSClient>({ RunTaskCommand: () => answer })
    const failed = `ECS started no task: ${reason}`
    expect(await tasks(client).run(request)).toEqual({ failed, failureClass })
  })

  test('on spot capacity name a provider and no launch type: the two exclude each other', async () => {
    const { client, calls } = fakeClient<ECSClient>({
      RunTaskCommand: () => ({ tasks: [{ taskArn: 'arn' }] }),
    })
    await tasks(client).run({ ...request, capacity: 'spot', size: { cpu: 4_096, memory: 16_384 } })
    await tasks(client).run(request)
    expect(calls[0]?.input).toMatchObject({
      capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT' }],
      overrides: { cpu: '4096', memory: '16384' },
    })
    expect(calls[0]?.input).not.toHaveProperty('launchType')
    expect(calls[1]?.input).toMatchObject({ launchType: 'FARGATE' })
    expect(calls[1]?.input).not.toHaveProperty('capacityProviderStrategy')
    expect(calls[1]?.input.overrides).not.toHaveProperty('cpu')
  })

  test('grow by doubling, as far as Fargate goes', () => {
    const base = { cpu: 2_048, memory: 8_192 }
    expect(sizeAbove(base, 1)).toEqual({ cpu: 4_096, memory: 16_384 })
    expect(sizeAbove(base, 9)).toEqual({ cpu: 16_384, memory: 122_880 })
  })

  test('that ECS has forgotten are nothing', async () => {
    const { client } = fakeClient<ECSClient>({
      DescribeTasksCommand: () => ({ failures: [{ reason: 'MISSING' }] }),
    })
    expect(await taskReader('c', client).describe('arn')).toBeUndefined()
  })
})

describe('the ledger on DynamoDB', () => {
  const key = { PK: 'a', SK: 'b' }
  const two = [{ put: key }, { remove: { PK: 'c', SK: 'd' } }]
  const cancelled = (...codes: string[]) =>
    new TransactionCanceledException({
      message: 'cancelled',
      $metadata: {},
      CancellationReasons: codes.map((Code) => ({ Code })),
    })
  const answering = (error: Error) => {
    const thrown = () => Promise.reject(error)
    return ledger(
      't',
      fakeClient<DynamoDBDocumentClient>({ PutCommand: thrown, TransactWriteCommand: thrown }).client,
    )
  }

  test('says which conditions did not hold', async () => {
    const answer = await answering(cancelled('None', 'ConditionalCheckFailed')).write(...two)
    expect(answer).toEqual({ done: false, refused: [1] })
    expect(await answering(awsError('ConditionalCheckFailedException')).write({ put: key })).toEqual({
      done: false,
      refused: [0],
    })
  })

  test.each(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'])(
    'throws contention for a transaction cancelled by %s',
    async (code) => {
      await expect(answering(cancelled(code, 'None')).write(...two)).rejects.toMatchObject({
        name: 'Contention',
      })
    },
  )

  test('throws contention for a throttled write', async () => {
    const throttled = answering(awsError('ThrottlingException'))
    await expect(throttled.write({ put: key })).rejects.toMatchObject({ name: 'Contention' })
  })

  test('throws an error that no retry heals as what it is', async () => {
    await expect(answering(cancelled('ValidationError', 'None')).write(...two)).rejects.not.toMatchObject({
      name: 'Contention',
    })
    await expect(answering(awsError('ResourceNotFoundException')).write({ put: key })).rejects.toThrow(
      'ResourceNot',
    )
  })

  test('refuses a check that stands alone', async () => {
    await expect(answering(new Error()).write({ check: key, when: [{ absent: 'PK' }] })).rejects.toThrow(
      TypeError,
    )
  })

  test('sends names and values as placeholders only', () => {
    const update = { update: key, set: { state: "x' OR 1" }, when: [{ attribute: 'state', is: 'a' }] }
    expect(expression(update)).toEqual({
      ConditionExpression: '#state = :v0',
      UpdateExpression: 'SET #state = :v1',
      ExpressionAttributeNames: { '#state': 'state' },
      ExpressionAttributeValues: { ':v0': 'a', ':v1': "x' OR 1" },
    })
  })
})

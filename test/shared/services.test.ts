import { TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import type { ECSClient } from '@aws-sdk/client-ecs'
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import type { GlueClient } from '@aws-sdk/client-glue'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { describe, expect, test } from 'vitest'
import { announceReady, putEvents } from '../../shared/bus.js'
import { glueOnce, jobReader, jobs } from '../../shared/jobs.js'
import { ledger } from '../../shared/ledger-dynamo.js'
import { expression } from '../../shared/ledger-expressions.js'
import { taskEnd, taskReader, tasks } from '../../shared/tasks.js'
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
  const code = { script: 's3://code/a.py', modules: 's3://code/a.zip' }
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

  test('are never started twice by the SDK’s own retries', async () => {
    expect(await glueOnce().config.maxAttempts()).toBe(1)
  })

  const failed = (state: string) => ({
    state,
    ended: { ok: false, reason: `Glue says ${state}: SystemExit: 1` },
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
    container: 'cleanse',
    environment: { RUN_ID: 'r1', PLAN_URI: 's3://plan' },
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
    [{ failures: [{ reason: 'RESOURCE:ENI' }] }, 'ECS started no task: RESOURCE:ENI'],
    [{ tasks: [], failures: [] }, 'ECS started no task: no reason given'],
    [{}, 'ECS started no task: no reason given'],
  ])('answered with %o were not started', async (answer, failed) => {
    const { client } = fakeClient<ECSClient>({ RunTaskCommand: () => answer })
    expect(await tasks(client).run(request)).toEqual({ failed })
  })

  test.each([
    [{ containers: [{ name: 'a', exitCode: 0 }] }, true],
    [
      {
        containers: [
          { name: 'a', exitCode: 0 },
          { name: 'b', exitCode: 1 },
        ],
      },
      false,
    ],
    [{ containers: [{ name: 'a' }] }, false],
    [{ containers: [] }, false],
    [{}, false],
  ])('that stopped with %o ended well: %s', (task, ok) => {
    expect(taskEnd(task)).toMatchObject({ ok })
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

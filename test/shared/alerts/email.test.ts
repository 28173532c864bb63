import type { SNSClient } from '@aws-sdk/client-sns'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { email, mailClient } from '../../../shared/alerts/email.js'
import type { Incident } from '../../../shared/alerts/incident.js'
import { duration } from '../../../shared/alerts/notice.js'
import { POST_LIMITS } from '../../../shared/alerts/post.js'
import { fakeClient } from '../../fakes/aws-client.js'
import { type Answer, WebhookServer } from '../../fakes/webhook-server.js'

const incident = {
  incidentId: 'i1',
  cause: 'build:finance+risk:reported',
  lane: 'build:finance+risk',
  priority: 'P1',
  title: 'build of finance+risk: the job failed',
  reason: 'dbt says no',
  runs: ['r1', 'r2'],
  count: 2,
  openedAt: '2026-03-02T07:00:00.000Z',
  closedAt: '2026-03-02T07:05:00.000Z',
} as Incident

async function mailed(what: 'opened' | 'closed', more: Partial<Incident> = {}) {
  const { client, calls } = fakeClient<SNSClient>({ PublishCommand: () => ({}) })
  await email('the-topic', 'sluice-prod', client).send(what, { ...incident, ...more } as Incident)
  return calls[0]?.input as { TopicArn: string; Subject: string; Message: string }
}

describe('a mail', () => {
  test('says what failed, why, where and what to type', async () => {
    expect(await mailed('opened')).toEqual({
      TopicArn: 'the-topic',
      Subject: '[P1] build of finance+risk: the job failed (sluice-prod)',
      Message: [
        'build of finance+risk: the job failed',
        'dbt says no',
        'lane      build:finance+risk\ncause     build:finance+risk:reported\nopened    2026-03-02T07:00:00.000Z',
        '2 runs: r1, r2',
        'npx sluice show r1',
      ].join('\n\n'),
    })
  })

  test('of the end says how long it took; one that no run is to blame for names none', async () => {
    const { Subject, Message } = await mailed('closed', { runs: [] })
    expect(Subject).toBe('[P1, closed] build of finance+risk: the job failed (sluice-prod)')
    expect(Message).toMatch(/closed {4}2026-03-02T07:05:00.000Z, after 5 min$/)
  })

  test('has a subject that SNS takes: at most 100 ASCII characters on one line', async () => {
    const { Subject } = await mailed('opened', { title: `${'prices–'.repeat(20)}\nmore` })
    expect(Subject).toMatch(/^[\x20-\x7e]{100}$/)
  })

  test('cuts a reason that no mail should hold', async () => {
    const { Message } = await mailed('opened', { reason: 'x'.repeat(300_000) })
    expect(Message.length).toBeLessThan(2_000)
    expect(Message).toContain('x ...')
  })
})

/** As SNS answers (SNS API reference, Publish and "Common Errors"). */
const XMLNS = 'xmlns="http://sns.amazonaws.com/doc/2010-03-31/"'
const published: Answer = {
  status: 200,
  headers: { 'Content-Type': 'text/xml' },
  body: `<PublishResponse ${XMLNS}><PublishResult><MessageId>m1</MessageId></PublishResult></PublishResponse>`,
}
const refusal = (status: number, code: string): Answer => ({
  status,
  headers: { 'Content-Type': 'text/xml' },
  body: `<ErrorResponse ${XMLNS}><Error><Code>${code}</Code><Message>it says ${code}</Message></Error></ErrorResponse>`,
})

describe('SNS', () => {
  let server: WebhookServer
  let send: (timeoutMilliseconds?: number) => Promise<void>
  beforeEach(async () => {
    server = new WebhookServer(published)
    const endpoint = await server.start()
    const credentials = { accessKeyId: 'x', secretAccessKey: 'x' }
    send = (timeoutMilliseconds = POST_LIMITS.timeoutMilliseconds) => {
      const limits = { ...POST_LIMITS, timeoutMilliseconds }
      const client = mailClient(limits, { endpoint, region: 'eu-west-1', credentials })
      return email('the-topic', 'sluice-prod', client).send('opened', incident)
    }
  })
  afterEach(() => server.stop())

  test('gets the mail as its API wants it, once', async () => {
    await send()
    expect(server.received).toMatchObject([
      { method: 'POST', body: { Action: 'Publish', TopicArn: 'the-topic', Message: expect.any(String) } },
    ])
  })

  test.each([
    ['a throttling and silence', [refusal(429, 'Throttled'), 'silence']],
    ['half an answer and a 503', ['silence in the body', refusal(503, 'ServiceUnavailable')]],
    ['a closed connection and an error', ['closed connection', refusal(500, 'InternalError')]],
  ] as const)('is asked again after %s', async (_, answers) => {
    server.next = [...answers]
    // Long enough for a busy machine to answer.
    await send(1_000)
    expect(server.received).toHaveLength(3)
  })

  test.each([
    ['an error of its own', refusal(500, 'InternalError'), /it says InternalError/],
    ['silence', 'silence', /150 ms/],
    ['half an answer', 'silence in the body', /aborted|ended|timed/],
    ['a closed connection', 'closed connection', /socket hang up|ECONNRESET/],
  ] as const)('after %s is asked three times in all, then given up', async (_, answer, said) => {
    server.next = [answer, answer, answer, answer]
    const isSilent = typeof answer === 'string' && answer.startsWith('silence')
    await expect(send(isSilent ? 150 : undefined)).rejects.toThrow(said)
    expect(server.received).toHaveLength(POST_LIMITS.tries)
  })

  test('has said its last word when it refuses', async () => {
    server.next = [refusal(403, 'AuthorizationError')]
    await expect(send()).rejects.toThrow('it says AuthorizationError')
    expect(server.received).toHaveLength(1)
  })
})

test.each([
  [-1, '0 s'],
  [59, '59 s'],
  [60, '1 min'],
  [3_599, '1 h 0 min'],
  [7_500, '2 h 5 min'],
  [200_000, '2 days'],
])('%i seconds are %s', (seconds, said) => {
  expect(duration(seconds)).toBe(said)
})

import type { SNSClient } from '@aws-sdk/client-sns'
import { describe, expect, test } from 'vitest'
import { email } from '../../../shared/alerts/email.js'
import type { Incident } from '../../../shared/alerts/incident.js'
import { duration } from '../../../shared/alerts/notice.js'
import { fakeClient } from '../../fakes/aws-client.js'

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

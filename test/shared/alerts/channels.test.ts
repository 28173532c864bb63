import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Incident } from '../../../shared/alerts/incident.js'
import { pagerduty } from '../../../shared/alerts/pagerduty.js'
import { POST_LIMITS, type Poster } from '../../../shared/alerts/post.js'
import { slack } from '../../../shared/alerts/slack.js'
import { pagerdutyTook, slackTook, WebhookServer } from '../../fakes/webhook-server.js'

const NOW = Date.parse('2026-03-02T07:00:00.000Z')
const ROUTING_KEY = 'abcdefghijklmnopqrstuvwxyz012345'
const incident = {
  PK: 'INCIDENT#i1',
  SK: 'META',
  incidentId: 'i1',
  cause: 'cleanse:market_data:gate',
  lane: 'cleanse:market_data',
  lanes: ['cleanse:market_data'],
  priority: 'P3',
  title: 'cleanse of market_data: held at the gate',
  reason: '2 of 3 rows rejected <66.7 %> & more',
  runs: ['r1'],
  count: 1,
  state: 'open',
  openedAt: '2026-03-02T06:59:00.000Z',
  incidentsAt: '2026-03-02T06:59:00.000Z#i1',
} as Incident
const closed = { ...incident, state: 'closed', closedAt: '2026-03-02T09:04:00.000Z' } as Incident

let server: WebhookServer
let base: string
let waits: number[]
let poster: Poster
const listen = async (usual = slackTook) => {
  server = new WebhookServer(usual)
  base = await server.start()
}
beforeEach(() => {
  waits = []
  const wait = async (milliseconds: number) => void waits.push(milliseconds)
  poster = { limits: { ...POST_LIMITS }, wait, now: () => NOW }
})
afterEach(() => server.stop())
const bodies = () => server.received.map(({ body }) => body)

describe('PagerDuty', () => {
  const channel = () =>
    pagerduty({ routingKey: ROUTING_KEY, url: `${base}/v2/enqueue`, stack: 'sluice-prod' }, poster)

  test('gets a trigger under the id of the incident, with all that a person on call needs', async () => {
    await listen(pagerdutyTook)
    await channel().send('opened', { ...incident, priority: 'P1' })
    expect(server.received).toEqual([
      {
        method: 'POST',
        path: '/v2/enqueue',
        type: 'application/json',
        body: {
          routing_key: ROUTING_KEY,
          event_action: 'trigger',
          dedup_key: 'i1',
          client: 'Sluice',
          payload: {
            summary: 'sluice-prod: [P1] cleanse of market_data: held at the gate',
            source: 'sluice-prod',
            severity: 'critical',
            timestamp: '2026-03-02T06:59:00.000Z',
            component: 'cleanse:market_data',
            class: 'cleanse:market_data:gate',
            custom_details: {
              reason: '2 of 3 rows rejected <66.7 %> & more',
              count: 1,
              runs: ['r1'],
              show: 'npx sluice show r1',
            },
          },
        },
      },
    ])
  })

  test('gets a resolve under the same id', async () => {
    await listen(pagerdutyTook)
    await channel().send('closed', closed)
    expect(bodies()).toEqual([{ routing_key: ROUTING_KEY, event_action: 'resolve', dedup_key: 'i1' }])
  })

  test.each([
    ['P1', 'critical'],
    ['P2', 'error'],
    ['P3', 'warning'],
    ['P4', 'info'],
  ] as const)('takes %s as %s', async (priority, severity) => {
    await listen(pagerdutyTook)
    await channel().send('opened', { ...incident, priority, title: 'x'.repeat(2_000) })
    expect(bodies()).toMatchObject([{ payload: { severity } }])
    expect((bodies() as { payload: { summary: string } }[])[0]?.payload.summary).toHaveLength(1_024)
  })

  test('tells what it did not like, without the key', async () => {
    await listen()
    const body = JSON.stringify({
      status: 'invalid event',
      errors: [`routing_key ${ROUTING_KEY} is unknown`],
    })
    server.next = [{ status: 400, body }]
    await expect(channel().send('opened', incident)).rejects.toThrow(
      'pagerduty answered 400: {"status":"invalid event","errors":["routing_key *** is unknown"]}',
    )
    expect(server.received).toHaveLength(1)
  })
})

describe('Slack', () => {
  const PATH = '/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX'
  const channel = () => slack({ url: `${base}${PATH}`, stack: 'sluice-prod' }, poster)

  test('gets one text with what failed, why and where to look, its signs escaped', async () => {
    await listen()
    await channel().send('opened', incident)
    expect(server.received).toEqual([
      {
        method: 'POST',
        path: PATH,
        type: 'application/json',
        body: {
          text:
            '*[P3] cleanse of market_data: held at the gate* (sluice-prod)\n' +
            '>2 of 3 rows rejected &lt;66.7 %&gt; &amp; more\n1 run: r1\n`npx sluice show r1`',
        },
      },
    ])
  })

  test('gets the end with how long it took, and at most five runs', async () => {
    await listen()
    const runs = Array.from({ length: 7 }, (_, place) => `r${place}`)
    await channel().send('closed', { ...closed, runs, count: 1_204 })
    expect(bodies()).toEqual([
      {
        text:
          '*[P3, closed] cleanse of market_data: held at the gate* (sluice-prod)\n' +
          'after 2 h 5 min, 1,204 runs, the first r0, r1, r2, r3, r4',
      },
    ])
  })

  test('waits as long as a 429 says, in seconds or until a date, and tries again', async () => {
    await listen()
    server.next = [
      { status: 429, headers: { 'Retry-After': '2' }, body: 'rate_limited' },
      { status: 429, headers: { 'Retry-After': 'Mon, 02 Mar 2026 07:00:03 GMT' } },
    ]
    await channel().send('opened', incident)
    expect(waits).toEqual([2_000, 3_000])
    expect(server.received).toHaveLength(3)
  })

  test('leaves a long wait to Lambda: it does not sleep for what a function does not have', async () => {
    await listen()
    server.next = [{ status: 429, headers: { 'Retry-After': '30' } }]
    await expect(channel().send('opened', incident)).rejects.toThrow(/^slack-[0-9a-f]{8} answered 429:$/)
    expect([waits, server.received.length]).toEqual([[], 1])
  })

  test.each([
    ['an error of its own', { status: 500, body: 'rollup_error' }, 'answered 500: rollup_error'],
    ['a 503', { status: 503, headers: { 'Retry-After': 'soon' } }, 'answered 503:'],
    ['silence', 'silence', 'gave no answer: nothing within 200 ms'],
    ['half an answer', 'silence in the body', 'gave no answer: nothing within 200 ms'],
    ['a closed connection', 'closed connection', 'gave no answer: UND_ERR_SOCKET'],
  ] as const)('after %s tries three times in all, then gives up', async (_, answer, said) => {
    await listen()
    server.next = [answer, answer, answer]
    poster.limits.timeoutMilliseconds = 200
    await expect(channel().send('opened', incident)).rejects.toThrow(said)
    expect([waits, server.received.length]).toEqual([[500, 1_000], 3])
    expect(POST_LIMITS).toMatchObject({ tries: 3, timeoutMilliseconds: 5_000 })
  })

  test('takes an answer that comes after a broken one', async () => {
    await listen()
    server.next = ['closed connection', { status: 502 }]
    await channel().send('opened', incident)
    expect([waits, server.received.length]).toEqual([[500, 1_000], 3])
  })

  test.each([
    [400, 'invalid_payload'],
    [403, 'action_prohibited'],
    [404, 'no_service'],
    [410, 'channel_is_archived'],
  ])('takes a %i as its last word: %s', async (status, body) => {
    await listen()
    server.next = [{ status, body }]
    await expect(channel().send('opened', incident)).rejects.toThrow(`answered ${status}: ${body}`)
    expect([waits, server.received.length]).toEqual([[], 1])
  })

  test('follows no redirect: the message and the secret are for its host only', async () => {
    await listen()
    server.next = [{ status: 307, headers: { Location: `${base}/elsewhere` } }]
    await expect(channel().send('opened', incident)).rejects.toThrow('answered 307')
    expect(server.received.map(({ path }) => path)).toEqual([PATH])
  })

  test('never shows its URL: not in an error, not when the answer echoes it, not when nobody listens', async () => {
    await listen()
    const body = `no such hook ${base}${PATH}, ${PATH}, XXXXXXXXXXXXXXXXXXXXXXXX`
    server.next = [{ status: 404, body }]
    const echoed = await channel()
      .send('opened', incident)
      .catch((error) => error)
    await server.stop()
    const refused = await channel()
      .send('opened', incident)
      .catch((error) => error)
    for (const error of [echoed, refused]) {
      const shown = `${JSON.stringify(error)} ${error.stack} ${String(error.cause)}`
      for (const part of ['XXXX', 'T00000000', 'B00000000', base]) expect(shown).not.toContain(part)
    }
    expect(refused.message).toMatch(/gave no answer: ECONNREFUSED$/)
    await listen()
  })

  test('shows at most 200 characters of an answer, on one line', async () => {
    await listen()
    server.next = [{ status: 404, body: `<html>\n\n${'no '.repeat(500)}` }]
    const error = await channel()
      .send('opened', incident)
      .catch((thrown) => thrown)
    expect(error.message.length).toBeLessThanOrEqual(220)
    expect(error.message).not.toContain('\n')
  })
})

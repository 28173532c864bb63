import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { raiseAlert } from '../../../functions/operate/raise-alert/raise-alert.js'
import { type SendAlertEffects, sendAlert } from '../../../functions/operate/send-alert/send-alert.js'
import type { Channel, What } from '../../../shared/alerts/notice.js'
import { pagerduty } from '../../../shared/alerts/pagerduty.js'
import { POST_LIMITS, type Poster } from '../../../shared/alerts/post.js'
import { HEARD_BY, PRIORITIES } from '../../../shared/alerts/priorities.js'
import { slack } from '../../../shared/alerts/slack.js'
import { failureOf, incidents, LANES, leaveRun, putBackWell } from '../../fakes/failed-runs.js'
import { override } from '../../fakes/faults.js'
import { type Parts, parts } from '../../fakes/parts.js'
import { pagerdutyTook, slackTook, WebhookServer } from '../../fakes/webhook-server.js'

let own: Parts
let sent: string[]
let broken: Set<string>
beforeEach(() => {
  own = parts()
  sent = []
  broken = new Set()
})
const channel = (name: string, priorities: Channel['priorities'] = PRIORITIES): Channel => ({
  name,
  priorities,
  send: async (what) => {
    if (broken.has(name)) throw new Error(`${name} answered 500`)
    sent.push(`${name} ${what}`)
  },
})
const telling = (...channels: Channel[]): SendAlertEffects => ({
  ...own.send,
  channels: async () => channels.map((one) => own.faults.wrap('channel', one)),
})
async function open(failureClass: Parameters<typeof failureOf>[2] = 'gate'): Promise<string> {
  await leaveRun(own, 'r1', LANES.prices)
  await raiseAlert(own.alert, failureOf('r1', LANES.prices, failureClass))
  return String(incidents(own)[0]?.incidentId)
}
async function close(incidentId: string): Promise<void> {
  const update = { PK: `INCIDENT#${incidentId}`, SK: 'META' }
  await own.ledger.write({ update, set: { state: 'closed', closedAt: '2026-03-02T08:00:00.000Z' } })
}
const records = () =>
  own.ledger.all('INCIDENT#').flatMap(({ SK, state }) => (SK.startsWith('SENT#') ? [`${SK} ${state}`] : []))

describe('what people are told', () => {
  test('each channel once of the opening and once of the end, however often the events come', async () => {
    const effects = telling(channel('slack'), channel('email'))
    const incidentId = await open()
    expect(await sendAlert(effects, incidentId)).toBe('slack: opened, email: opened')
    expect(await sendAlert(effects, incidentId)).toBe('nobody has to be told')
    await close(incidentId)
    for (let times = 0; times < 3; times += 1) await sendAlert(effects, incidentId)
    expect(sent).toEqual(['slack opened', 'email opened', 'slack closed', 'email closed'])
    expect(records()).toEqual([
      'SENT#email#closed sent',
      'SENT#email#opened sent',
      'SENT#slack#closed sent',
      'SENT#slack#opened sent',
    ])
  })

  test('a day later once more, when new runs have joined', async () => {
    const effects = telling(channel('slack'))
    const incidentId = await open()
    await sendAlert(effects, incidentId)
    await leaveRun(own, 'r2', LANES.prices)
    await raiseAlert(own.alert, failureOf('r2', LANES.prices, 'gate'))
    await sendAlert(effects, incidentId)
    expect(sent).toEqual(['slack opened'])
    own.clock.advance(24 * 3_600)
    for (let times = 0; times < 3; times += 1) await sendAlert(effects, incidentId)
    expect(sent).toEqual(['slack opened', 'slack opened'])
  })

  test('a repeat sends only what is missing: a channel that is dead stops no other', async () => {
    const effects = telling(channel('pagerduty'), channel('slack'), channel('email'))
    const incidentId = await open()
    broken.add('pagerduty')
    for (let times = 0; times < 2; times += 1)
      await expect(sendAlert(effects, incidentId)).rejects.toThrow('not told: pagerduty answered 500')
    expect(records()).toContain('SENT#pagerduty#opened failed')
    broken.clear()
    await sendAlert(effects, incidentId)
    expect(sent).toEqual(['slack opened', 'email opened', 'pagerduty opened'])
  })

  test('an incident counts as heard once one channel was reached, and not before', async () => {
    const heard = () => own.ledger.all('INCIDENT#').filter(({ SK }) => SK === 'HEARD#opened').length
    const effects = telling(channel('slack'), channel('email'))
    const incidentId = await open()
    broken.add('slack').add('email')
    await expect(sendAlert(effects, incidentId)).rejects.toThrow('slack answered 500; email answered 500')
    expect(heard()).toBe(0)
    broken.delete('email')
    await expect(sendAlert(effects, incidentId)).rejects.toThrow('not told: slack answered 500')
    expect(heard()).toBe(1)
  })

  test('by priority: a P3 wakes nobody, and e-mail hears everything', async () => {
    const all = (['pagerduty', 'slack', 'email'] as const).map((name) => channel(name, HEARD_BY[name]))
    const told: Record<string, string> = {}
    for (const failureClass of ['image_pull', 'crashed', 'gate', 'stopped'] as const) {
      own = parts()
      sent = []
      await sendAlert(telling(...all), await open(failureClass))
      told[String(incidents(own)[0]?.priority)] = sent.join()
    }
    expect(told).toEqual({
      P1: 'pagerduty opened,slack opened,email opened',
      P2: 'pagerduty opened,slack opened,email opened',
      P3: 'slack opened,email opened',
      P4: 'email opened',
    })
  })

  test('nothing when no channel hears it, and nothing when it was over before anybody was told', async () => {
    const incidentId = await open()
    expect(await sendAlert(telling(), incidentId)).toBe('nobody has to be told')
    await close(incidentId)
    expect(await sendAlert(telling(channel('slack')), incidentId)).toBe('nobody has to be told')
    expect(sent).toEqual([])
  })

  test('an alarm mails by itself, so it is not mailed a second time', async () => {
    const incidentId = await open()
    const update = { PK: `INCIDENT#${incidentId}`, SK: 'META' }
    await own.ledger.write({ update, set: { alarm: 'FunctionDeadLettersAlarm' } })
    await sendAlert(telling(channel('email'), channel('slack')), incidentId)
    expect(sent).toEqual(['slack opened'])
  })

  test('an incident that the ledger does not show is asked for again', async () => {
    await expect(sendAlert(telling(channel('slack')), 'i9')).rejects.toThrow('does not know the incident i9')
  })
})

describe('an opening and an end that overtake each other', () => {
  test('a channel that was told of the opening while the incident closed hears the end, last', async () => {
    const incidentId = await open()
    const slow = channel('slack')
    const send = async (what: What, incident: Parameters<Channel['send']>[1]) => {
      // While the opening is on its way, the incident closes, and the other event is worked on to its end.
      if (what === 'opened') {
        await close(incidentId)
        await sendAlert(telling(channel('slack')), incidentId)
      }
      await slow.send(what, incident)
    }
    await sendAlert(telling({ ...slow, send }), incidentId)
    expect(sent.at(-1)).toBe('slack closed')
    expect(sent).toContain('slack opened')
  })

  test('a channel that failed to take the opening, or may have taken it, hears the end', async () => {
    const incidentId = await open()
    broken.add('slack')
    await sendAlert(telling(channel('slack')), incidentId).catch(() => undefined)
    await close(incidentId)
    broken.clear()
    await sendAlert(telling(channel('slack')), incidentId)
    expect(sent).toEqual(['slack closed'])
  })
})

test.each(['before', 'after'] as const)(
  'a crash %s any effect loses no message to any channel',
  async (when) => {
    for (let call = 1; call < 60; call += 1) {
      own = parts()
      sent = []
      const effects = telling(channel('slack'), channel('email'))
      const incidentId = await open()
      const invoke = async () => {
        for (let times = 0; times < 3; times += 1) {
          await sendAlert(effects, incidentId).catch(() => undefined)
          own.faults.revive()
        }
      }
      own.faults.crashFromNow(call, when)
      await invoke()
      await putBackWell(own, 'r1', LANES.prices)
      await close(incidentId)
      await invoke()
      expect([...new Set(sent)].sort(), own.faults.diedAt).toEqual([
        'email closed',
        'email opened',
        'slack closed',
        'slack opened',
      ])
      expect(sent.length, own.faults.diedAt).toBeLessThanOrEqual(6)
    }
  },
)

describe('with real channels', () => {
  const servers = [new WebhookServer(pagerdutyTook), new WebhookServer(slackTook)] as const
  afterEach(() => Promise.all(servers.map((server) => server.stop())))

  test('PagerDuty that is down stops neither Slack nor the next try, which reaches it alone', async () => {
    const [pages, hooks] = servers
    const poster: Poster = { limits: POST_LIMITS, wait: async () => undefined, now: own.clock.now }
    const url = `${await pages.start()}/v2/enqueue`
    const effects = override(own.send, {
      channels: async () => [
        pagerduty({ routingKey: 'k'.repeat(32), url, stack: 'sluice-test' }, poster),
        slack({ url: await slackUrl, stack: 'sluice-test' }, poster),
      ],
    })
    const slackUrl = hooks.start()
    const incidentId = await open('image_pull')
    pages.next = ['closed connection', { status: 500 }, { status: 502 }]
    await expect(sendAlert(effects, incidentId)).rejects.toThrow('not told: pagerduty answered 502:')
    expect([pages.received.length, hooks.received.length]).toEqual([3, 1])
    await sendAlert(effects, incidentId)
    expect([pages.received.length, hooks.received.length]).toEqual([4, 1])
    expect(pages.received[3]?.body).toMatchObject({ event_action: 'trigger', dedup_key: incidentId })
  })
})

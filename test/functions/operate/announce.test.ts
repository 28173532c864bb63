import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { announce } from '../../../functions/operate/announce/announce.js'
import { POST_LIMITS, type PostLimits } from '../../../shared/alerts/post.js'
import { slack } from '../../../shared/alerts/slack.js'
import { Chain } from '../../fakes/chain.js'
import { testProject } from '../../fakes/project.js'
import { type Answer, slackTook, WebhookServer } from '../../fakes/webhook-server.js'
import { ads, lane } from '../warehouse.js'

let chain: Chain
let said: string[]
let broken: boolean
beforeEach(async () => {
  chain = new Chain()
  said = []
  broken = false
  await chain.record(chain.land('a.json'), chain.land('b.json', { source: 'trades' }))
  await chain.drain()
})
const channel = (name: string) => ({
  name,
  say: async (text: string) => {
    if (broken && name === 'slack-2') throw new Error('slack-2 answered 500')
    said.push(text)
  },
})
const effects = (...names: string[]) => {
  const { ledger, clock, faults } = chain.parts
  return {
    ledger: faults.wrap('ledger', ledger),
    clock,
    channels: async () => names.map((name) => faults.wrap('channel', channel(name))),
  }
}
const published = () => {
  const [first] = chain.parts.bus.details('Gold Published')
  if (!first) throw new Error('nothing was published')
  return first
}

describe('a publication', () => {
  test('is one line: datasets with rows, entities, time, edition', async () => {
    await announce(effects('slack-1'), published())
    expect(said).toEqual([
      `*finance* is published: daily_summary 7 rows · from market_data · built in 0 s · edition \`${published().edition}\``,
    ])
  })

  test('of a sync names whose it was, and one before its tests says that they are to come', async () => {
    const sources = { ...testProject.sources, google_ads: ads(['stg_google']), bing_ads: ads(['stg_bing']) }
    chain = new Chain()
    chain.parts.landing.project = { ...testProject, sources }
    const { sync, request } = lane(() => chain)
    await sync('google_ads', 'a')
    for (const [at, source] of ['google_ads', 'bing_ads'].entries()) await sync(source, String(at))
    await chain.rest()
    await request('q1', { mode: 'fast' })
    await chain.rest()
    const news = chain.parts.bus.details('Gold Published').filter(({ domain }) => domain === 'risk')
    for (const one of news) await announce(effects('slack-1'), one)
    expect(said.map((line) => line.split(' · ').slice(1))).toEqual([
      ['from google_ads', 'built in 0 s', expect.stringMatching(/^edition/)],
      ['from bing_ads, google_ads', 'built in 0 s', expect.stringMatching(/^edition/)],
      ['built in 0 s', expect.stringMatching(/^edition/), 'its tests are still to come'],
    ])
  })

  test('is said once in each channel, whatever comes twice or fails', async () => {
    broken = true
    await expect(announce(effects('slack-1', 'slack-2'), published())).rejects.toThrow(
      'not announced: slack-2 answered 500',
    )
    broken = false
    expect(await announce(effects('slack-1', 'slack-2'), published())).toBe('announced finance')
    expect(await announce(effects('slack-1', 'slack-2'), published())).toBe(
      'this edition is announced already',
    )
    expect(said).toHaveLength(2)
  })

  test('that a person went back to says who and why, once for each request', async () => {
    await announce(effects('slack-1'), published())
    const { edition } = published()
    const back = (requestId: string) => ({
      ...published(),
      rollback: { requestId, from: 'e9-1', by: 'ada', why: 'it is <wrong>' },
    })
    for (const requestId of ['q1', 'q1', 'q2']) await announce(effects('slack-1'), back(requestId))
    const told = `*finance* shows edition \`${edition}\` again, in place of \`e9-1\` · rolled back by ada: it is &lt;wrong&gt;`
    expect(said.slice(1)).toEqual([told, told])
  })

  test('costs nothing where there is no Slack', async () => {
    const before = chain.parts.faults.calls
    expect(await announce(effects(), published())).toBe('there is no Slack channel to tell')
    expect(chain.parts.faults.calls).toBe(before)
  })

  test.each(['before', 'after'] as const)('is said also when the stage dies %s any effect', async (when) => {
    for (let call = 1; call <= 8; call += 1) {
      said = []
      const edition = `${published().edition}-${when}-${call}`
      chain.parts.faults.crashFromNow(call, when)
      for (let times = 0; times < 3; times += 1) {
        await announce(effects('slack-1'), { ...published(), edition }).catch(() => undefined)
        chain.parts.faults.revive()
      }
      expect(said.length, chain.parts.faults.diedAt).toBeGreaterThan(0)
      expect(said.length, chain.parts.faults.diedAt).toBeLessThanOrEqual(2)
    }
  })
})

describe('a webhook', () => {
  let server: WebhookServer
  let hooks: ReturnType<typeof effects>
  let limits: PostLimits
  beforeEach(async () => {
    server = new WebhookServer(slackTook)
    limits = { ...POST_LIMITS }
    const poster = { limits, wait: async () => undefined, now: chain.parts.clock.now }
    const url = `${await server.start()}/services/x`
    hooks = { ...effects(), channels: async () => [slack({ url, stack: 'sluice-test' }, poster)] }
  })
  afterEach(() => server.stop())
  const text = { text: expect.stringMatching(/^\*finance\* is/) }
  const received = () => server.received.map(({ body }) => body)

  test('gets the line as its text', async () => {
    await announce(hooks, published())
    expect(received()).toEqual([text])
  })

  const BUSY: Answer = { status: 429, headers: { 'Retry-After': '1' } }
  test.each([
    ['is busy', BUSY, 'answered 429'],
    ['is silent', 'silence', 'nothing within 150 ms'],
    ['is away', { status: 503 }, 'answered 503'],
  ] as const)('that %s is asked again, in this delivery and in the next', async (_, answer, said) => {
    server.next = [answer, answer, answer, answer]
    if (answer === 'silence') limits.timeoutMilliseconds = 150
    await expect(announce(hooks, published())).rejects.toThrow(said)
    expect(received()).toEqual([text, text, text])
    // Long enough for a busy machine to answer, in the place of the one that is silent still.
    limits.timeoutMilliseconds = 1_000
    expect(await announce(hooks, published())).toBe('announced finance')
    expect(received()).toHaveLength(5)
    expect(await announce(hooks, published())).toBe('this edition is announced already')
    expect(received()).toHaveLength(5)
  })
})

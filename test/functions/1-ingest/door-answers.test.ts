import { describe, expect, it } from 'vitest'
import { answer } from '../../../functions/1-ingest/accept-webhook/answer.js'
import type { Sync } from '../../../shared/doors/sync.js'
import { door, sent, succeeded } from './open-door.js'

const known = { source: 'ads', syncId: 's1', correlationId: 'c1' }
const sync = (more: Partial<Sync> = {}) => ({ ...known, outcome: 'finished', ...more }) as Sync
const seen = (why: string) => ({ id: 's1', status: 'seen', why, follow: '/syncs/s1' })

/** What a sender can be told, word for word: a promise to everybody who sends, and what the log says of it. */
describe.each([
  ['a sync', answer.taken(sync()), { status: 202, did: 'taken', ...known }],
  [
    'a sync to be confirmed',
    answer.taken(sync({ outcome: 'waiting' })),
    { status: 202, did: 'taken, to be confirmed' },
  ],
  [
    'a duplicate',
    answer.seen(sync({ why: 'x' }), false),
    { status: 200, body: seen('this sync is known already'), did: 'seen: a duplicate', ...known },
  ],
  [
    'a failed sync',
    answer.seen(sync({ outcome: 'failed' }), true),
    { status: 200, body: seen('the sync failed'), did: 'seen: failed' },
  ],
  [
    'a sync that says why',
    answer.seen(sync({ outcome: 'failed', why: 'no token' }), true),
    { body: seen('no token') },
  ],
  [
    'a body that is too large',
    answer.tooLarge('ads', 7),
    {
      status: 413,
      body: { error: 'ContentTooLarge', message: 'a body has at most 7 bytes' },
      did: 'refused: too large',
      source: 'ads',
    },
  ],
  [
    'another content type',
    answer.notJson('ads'),
    {
      status: 415,
      body: { error: 'UnsupportedMediaType', message: 'send application/json' },
      did: 'refused: not JSON',
      source: 'ads',
    },
  ],
  [
    'a body that cannot be read',
    answer.unreadable('ads', ['/id: is missing']),
    {
      status: 422,
      body: { error: 'UnprocessableEntity', problems: ['/id: is missing'] },
      did: 'refused: unreadable',
      source: 'ads',
    },
  ],
  [
    'too much',
    answer.tooMany('ads', 9),
    {
      status: 429,
      body: { error: 'TooManyRequests', message: 'this source sends more than it declares' },
      headers: { 'retry-after': '9' },
      did: 'refused: too many',
      source: 'ads',
    },
  ],
  [
    'a service that is away',
    answer.away(),
    {
      status: 503,
      body: { error: 'ServiceUnavailable', message: 'send this again' },
      headers: { 'retry-after': '30' },
      did: 'failed',
    },
  ],
])('the answer to %s', (_, given, expected) => {
  it('says what became of it', () => expect(given).toMatchObject(expected))
})

describe('the door', () => {
  const tight = (text: string | Uint8Array, type = 'application/json') =>
    door().post('tight', text, {
      headers: { 'x-api-key': 'key of tight-door', 'content-type': type },
    })
  const ofBytes = (bytes: number) => `{"id":"${'x'.repeat(bytes - 25)}","state":"done"}`.padEnd(bytes)

  it('takes as many bytes as its source says, and not one more', async () => {
    expect((await tight(ofBytes(100))).status).toBe(202)
    expect((await tight(ofBytes(101))).status).toBe(413)
  })

  it.each(['text/application/json', 'x-application/json'])('takes no %s for JSON', async (type) =>
    expect((await tight(ofBytes(60), type)).status).toBe(415),
  )

  it('says of bytes that are no UTF-8 that they are no JSON', async () => {
    const bytes = Buffer.from('{"id":"\xff","state":"done"}', 'latin1')
    expect(await tight(bytes)).toMatchObject({
      status: 422,
      body: { problems: ['body: this is no JSON in UTF-8'] },
    })
  })

  it('counts no request where its source declares no limit', async () => {
    const { post } = door({ countRequest: () => Promise.reject(new Error('counted')) })
    expect((await post('ads', succeeded)).status).toBe(202)
  })

  it('tells a known sync again after ten seconds, and not at the tenth', async () => {
    const { bus, post, clock } = door()
    await post('ads', succeeded)
    clock.advance(10)
    await post('ads', succeeded)
    expect(bus.details('Sync Finished')).toHaveLength(1)
    clock.advance(1)
    await post('ads', succeeded)
    expect(bus.details('Sync Finished')).toHaveLength(2)
  })

  it('tells each message of the dbt platform, for a job that nobody knew at first may be known now', async () => {
    const { bus, platform } = door()
    await platform('dbt-run-completed')
    const first = bus.seen.length
    expect((await platform('dbt-run-completed')).status).toBe(200)
    expect(bus.seen.length).toBeGreaterThan(first)
  })

  it('asks nothing of the bus for what triggers nothing', async () => {
    const { calls, post } = door()
    await post('ads', sent('airbyte-test-message'))
    expect(calls).not.toContain('publish')
  })
})

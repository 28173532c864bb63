import { describe, expect, it } from 'vitest'
import { syncKey } from '../../../shared/doors/sync.js'
import { FakeLedger } from '../../fakes/ledger.js'
import { door, sent, succeeded } from './open-door.js'

describe('a sync that finished', () => {
  it('is taken with one write and one call to the bus, and no read', async () => {
    const { bus, calls, post, ledger } = door()
    const answer = await post('ads', succeeded)
    const { id } = answer.body as { id: string }
    expect(answer).toMatchObject({ status: 202, body: { follow: `/syncs/${id}` } })
    expect(calls).toEqual(['write', 'publish'])
    const at = '2026-03-02T07:00:00.000Z'
    expect(bus.details('Sync Finished')).toEqual([{ syncId: id, source: 'ads', correlationId: id, at }])
    const kept = {
      outcome: 'finished',
      job: '80211',
      correlationId: id,
      receivedAt: at,
      dueAt: '2026-03-02T07:02:00.000Z',
    }
    expect(await ledger.get(syncKey(id))).toMatchObject(kept)
  })

  it('is one sync however often it is told, and is told again as long as nobody has heard', async () => {
    const { bus, post, ledger, clock } = door()
    const first = (await post('ads', succeeded)).body as { id: string }
    const again = { status: 200, body: { id: first.id, status: 'seen' } }
    expect(await post('ads', succeeded)).toMatchObject(again)
    expect(bus.details('Sync Finished')).toHaveLength(1)
    clock.advance(11)
    expect(await post('ads', succeeded)).toMatchObject(again)
    expect(bus.details('Sync Finished')).toHaveLength(2)
    await ledger.write({ update: syncKey(first.id), remove: ['duePk', 'dueAt'] })
    await post('ads', succeeded)
    expect(bus.details('Sync Finished')).toHaveLength(2)
  })

  it('is new to its sender when the write was tried again because its first answer was lost', async () => {
    const lossy = new FakeLedger()
    const ledger = {
      get: (key: Parameters<FakeLedger['get']>[0]) => lossy.get(key),
      write: async (...writes: Parameters<FakeLedger['write']>) => {
        await lossy.write(...writes)
        return lossy.write(...writes)
      },
    }
    const { bus, post } = door({ ledger })
    expect(await post('ads', succeeded)).toMatchObject({ status: 202 })
    expect(bus.details('Sync Finished')).toHaveLength(1)
    expect(await post('ads', succeeded)).toMatchObject({ status: 200 })
  })

  it('is taken although the bus is away: the reconciler tells it', async () => {
    const { post } = door({ publish: () => Promise.reject(new Error('away')) })
    expect((await post('ads', succeeded)).status).toBe(202)
  })

  it('is two syncs when two sources tell it', async () => {
    const { post } = door()
    const idOf = async (source: string) => ((await post(source, succeeded)).body as { id: string }).id
    expect(await idOf('ads')).not.toBe(await idOf('events'))
  })

  it('waits for its confirmation where the source wants one', async () => {
    const { bus, post } = door()
    const answer = await post('asked', succeeded)
    expect(answer.status).toBe(202)
    expect(bus.seen.map(({ name }) => name)).toEqual(['Sync Noticed'])
    expect(bus.details('Sync Noticed')[0]).toMatchObject({ asked: 0, source: 'asked' })
  })

  it('carries the correlation id that its sender gave, when it is one', async () => {
    const { bus, post } = door()
    await post('ads', succeeded, { headers: { 'x-correlation-id': 'batch-7_a' } })
    await post('events', succeeded, { headers: { 'x-correlation-id': 'no id at all' } })
    const [first, second] = bus.details('Sync Finished')
    expect(first?.correlationId).toBe('batch-7_a')
    expect(second?.correlationId).toBe(second?.syncId)
  })
})

describe('what triggers nothing', () => {
  it.each(['airbyte-sync-failed', 'airbyte-sync-queued', 'airbyte-test-message'])(
    '%s is seen and recorded',
    async (name) => {
      const { bus, post, ledger } = door()
      const answer = await post('ads', sent(name))
      expect(answer).toMatchObject({ status: 200, body: { status: 'seen', why: expect.any(String) } })
      expect(bus.seen).toEqual([])
      const item = await ledger.get(syncKey((answer.body as { id: string }).id))
      expect(item).toMatchObject({ source: 'ads', why: expect.any(String) })
      expect(item?.dueAt).toBeUndefined()
    },
  )

  it('a failure of the dbt platform that is told twice ends its job and builds nothing', async () => {
    const { bus, platform } = door()
    expect((await platform('dbt-run-errored')).status).toBe(200)
    expect((await platform('dbt-run-errored-as-completed')).status).toBe(200)
    expect(new Set(bus.seen.map(({ name }) => name))).toEqual(new Set(['Platform Job Ended']))
    const reason = 'the dbt platform says Errored'
    expect(bus.details('Platform Job Ended')[0]).toEqual({
      source: 'platform',
      platformRunId: '45002',
      ok: false,
      reason,
    })
  })
})

it('a good run of the dbt platform ends its job and is a sync', async () => {
  const { bus, platform } = door()
  expect((await platform('dbt-run-completed')).status).toBe(202)
  expect(bus.seen.map(({ name }) => name)).toEqual(['Platform Job Ended', 'Sync Finished'])
})

it('a failed run of the dbt platform has to be sent again while the bus is away', async () => {
  const { platform } = door({ publish: () => Promise.reject(new Error('away')) })
  await expect(platform('dbt-run-errored')).rejects.toThrow('could not be told')
})

describe('who is not verified', () => {
  const strangers: [string, Parameters<ReturnType<typeof door>['post']>][] = [
    ['a wrong key', ['ads', succeeded, { key: 'wrong' }]],
    ['no key', ['ads', succeeded, { key: undefined }]],
    ['a source that there is not', ['nothing', succeeded]],
    ['a source without a door', ['files', succeeded]],
    ['the name of something else', ['constructor', succeeded]],
    ['a body that is no JSON', ['ads', '{', { key: 'wrong' }]],
    ['a body that is too large', ['ads', 'x'.repeat(20_000), { key: 'wrong' }]],
    ['another content type', ['ads', succeeded, { key: 'wrong', headers: { 'content-type': 'text/plain' } }]],
  ]

  it.each(strangers)('gets the same answer with %s, and nothing is written', async (_, request) => {
    const { calls, post } = door()
    const answer = await post(...request)
    expect(answer).toEqual({ status: 401, body: {}, did: 'refused: not verified' })
    expect(calls).toEqual([])
  })

  it('is everybody while nobody has made the secret', async () => {
    const { post } = door({ readSecret: async () => undefined })
    expect((await post('ads', succeeded)).status).toBe(401)
    expect((await post('ads', succeeded, { key: 'nobody' })).status).toBe(401)
  })
})

describe('a verified sender', () => {
  const done = '{"id":1,"state":"done"}'
  const tight = (text: string, more: object = {}) => ({
    headers: { 'x-api-key': 'key of tight-door', ...more },
    text,
  })
  const send = ({ post }: ReturnType<typeof door>, { text, headers }: ReturnType<typeof tight>) =>
    post('tight', text, { headers })

  it('is refused beyond the bytes that its source takes', async () => {
    expect((await send(door(), tight(`{"id":"${'x'.repeat(100)}"}`))).status).toBe(413)
  })

  it.each(['text/plain', 'application/jsonp', ''])('is refused with the content type "%s"', async (type) => {
    expect((await send(door(), tight(done, { 'content-type': type }))).status).toBe(415)
  })

  it.each(['application/json; charset=utf-8', 'application/cloudevents+json', 'Application/JSON'])(
    'is heard with the content type %s',
    async (type) => expect((await send(door(), tight(done, { 'content-type': type }))).status).toBe(202),
  )

  it.each([
    ['{', 'body'],
    ['[]', 'body'],
    ['{"state":"done"}', '/id'],
    ['{"id":1}', '/state'],
  ])('is told what of %s cannot be read', async (text, path) => {
    const answer = await send(door(), tight(text))
    expect(answer).toMatchObject({ status: 422, body: { problems: [expect.stringContaining(`${path}:`)] } })
  })

  it('waits for the next minute beyond what its source declares', async () => {
    const one = door()
    one.clock.advance(15)
    for (const id of [1, 2]) expect((await send(one, tight(`{"id":${id},"state":"done"}`))).status).toBe(202)
    expect(await send(one, tight('{"id":3,"state":"done"}'))).toMatchObject({
      status: 429,
      headers: { 'retry-after': '45' },
    })
    one.clock.advance(45)
    expect((await send(one, tight('{"id":3,"state":"done"}'))).status).toBe(202)
  })
})

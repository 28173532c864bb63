import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { confirmSync } from '../../../functions/1-ingest/confirm-sync/confirm-sync.js'
import { airbyteApi } from '../../../shared/doors/airbyte-api.js'
import { driveSync } from '../../../shared/doors/drive-sync.js'
import { pollDoors } from '../../../shared/doors/poll.js'
import { recordSync, type Sync, syncKey } from '../../../shared/doors/sync.js'
import { AirbyteServer } from '../../fakes/airbyte-server.js'
import { FakeBus } from '../../fakes/bus.js'
import { FakeClock } from '../../fakes/clock.js'
import { FakeLedger } from '../../fakes/ledger.js'
import { CONNECTION, doorProject } from '../../shared/doors/door-project.js'

const airbyte = new AirbyteServer()
let url = ''
beforeEach(async () => {
  Object.assign(airbyte, { jobs: [], trouble: undefined, tokens: 0 })
  airbyte.asked.length = 0
  url = await airbyte.start()
})
afterEach(() => airbyte.stop())

const job = (jobId: number, status: string, more: object = {}) => ({
  jobId,
  status,
  jobType: 'sync',
  connectionId: CONNECTION,
  lastUpdatedAt: '2026-03-02T06:55:00.000Z',
  ...more,
})

function world(secret: () => string | undefined = () => JSON.stringify({ value: 'token', url })) {
  const ledger = new FakeLedger()
  const bus = new FakeBus()
  const clock = new FakeClock()
  const delayed: { asked: number; seconds: number }[] = []
  const effects = {
    ledger,
    clock,
    project: doorProject,
    publish: bus.publish,
    airbyte: airbyteApi(async () => secret(), clock.now.bind(clock)),
    later: async ({ detail }: { detail: object }, seconds: number) => {
      delayed.push({ asked: (detail as { asked: number }).asked, seconds })
    },
  }
  const noticed = (of: { job?: string; connection?: string } = { job: '1', connection: CONNECTION }) =>
    recordSync(effects, {
      source: 'asked',
      heard: { outcome: 'finished', identity: [CONNECTION, of.job ?? 'r', true], ...of },
    })
  const ask = (item: Sync, asked = 0) => confirmSync(effects, { ...item, asked })
  const stored = async (item: Sync) => (await ledger.get(syncKey(item.syncId))) as Sync
  return { ledger, bus, clock, delayed, effects, noticed, ask, stored }
}

describe('a sync that is to be confirmed', () => {
  it('is passed on once Airbyte says that its job succeeded', async () => {
    airbyte.jobs = [job(1, 'succeeded')]
    const { noticed, ask, stored, bus } = world()
    const { item } = await noticed()
    expect(item.outcome).toBe('waiting')
    expect(await ask(item)).toBe('confirmed')
    expect(await stored(item)).toMatchObject({ outcome: 'finished', confirmed: true })
    expect(bus.details('Sync Finished')).toEqual([
      { syncId: item.syncId, source: 'asked', correlationId: item.syncId, at: item.receivedAt },
    ])
  })

  it.each(['failed', 'cancelled'])('is none when its job is %s, whatever its notice said', async (status) => {
    airbyte.jobs = [job(1, status)]
    const { noticed, ask, stored, bus } = world()
    const { item } = await noticed()
    await ask(item)
    const now = await stored(item)
    expect(now).toMatchObject({
      outcome: 'failed',
      confirmed: false,
      why: `Airbyte says that the job is ${status}`,
    })
    expect(now.dueAt).toBeUndefined()
    expect(bus.seen).toEqual([])
  })

  it('is none when its job belongs to another connection', async () => {
    airbyte.jobs = [job(1, 'succeeded', { connectionId: 'another' })]
    const { noticed, ask, stored } = world()
    const { item } = await noticed()
    await ask(item)
    expect(await stored(item)).toMatchObject({ outcome: 'failed' })
  })

  it.each([
    ['runs on', () => airbyte.jobs.push(job(1, 'running'))],
    ['is to be tried again by Airbyte', () => airbyte.jobs.push(job(1, 'incomplete'))],
    ['is not known yet', () => undefined],
    ['cannot be asked for', () => (airbyte.trouble = { status: 500 })],
    ['is answered with something else', () => (airbyte.trouble = { status: 200, body: '<html>' })],
    ['is answered with another shape', () => (airbyte.trouble = { status: 200, body: '{"id":1}' })],
  ])('is asked for again twice, a minute apart, while its job %s', async (_, arrange) => {
    arrange()
    const { noticed, ask, stored, delayed, bus } = world()
    const { item } = await noticed()
    for (const asked of [0, 1, 2]) await ask(item, asked)
    expect(delayed).toEqual([
      { asked: 1, seconds: 60 },
      { asked: 2, seconds: 60 },
    ])
    expect(await stored(item)).toMatchObject({ outcome: 'waiting', dueAt: item.dueAt })
    expect(bus.seen).toEqual([])
  })

  it('is passed on again when its event is delivered again', async () => {
    airbyte.jobs = [job(1, 'succeeded')]
    const { noticed, ask, bus } = world()
    const { item } = await noticed()
    await ask(item)
    airbyte.asked.length = 0
    await ask(item)
    expect(airbyte.asked).toEqual([])
    expect(new Set(bus.details('Sync Finished').map(({ syncId }) => syncId)).size).toBe(1)
  })

  it('without a job number is judged by the newest job, whose failure may be that of a later one', async () => {
    airbyte.jobs = [job(1, 'succeeded'), job(2, 'failed')]
    const { noticed, ask, stored } = world()
    const { item } = await noticed({ connection: CONNECTION })
    await ask(item)
    expect((await stored(item)).outcome).toBe('waiting')
    airbyte.jobs.push(job(3, 'succeeded'))
    expect(await ask(item)).toBe('confirmed')
    expect(airbyte.asked.at(-1)).toContain(`connectionId=${CONNECTION}&limit=1&orderBy=createdAt%7CDESC`)
  })

  it('is asked for with a token that an application’s id and secret bring, until it ends', async () => {
    airbyte.jobs = [job(1, 'succeeded'), job(2, 'succeeded')]
    const { noticed, ask, clock } = world(() =>
      JSON.stringify({ clientId: 'id', clientSecret: 'secret', url }),
    )
    expect(await ask((await noticed()).item)).toBe('confirmed')
    expect(await ask((await noticed({ job: '2' })).item)).toBe('confirmed')
    expect(airbyte.tokens).toBe(1)
    clock.advance(151)
    await ask((await noticed({ job: '9' })).item)
    expect(airbyte.tokens).toBe(2)
  })
})

describe('the reconciler, of a sync', () => {
  it('asks on until Airbyte has said how it ended', async () => {
    const { effects, noticed, stored, clock, bus } = world()
    const { item, syncId } = await noticed()
    expect(await driveSync(effects, syncId)).toBe('not late any more')
    clock.advance(301)
    expect(await driveSync(effects, syncId)).toContain('not confirmed yet')
    clock.advance(901)
    airbyte.jobs = [job(1, 'succeeded')]
    expect(await driveSync(effects, syncId)).toBe('confirmed')
    expect((await stored(item)).outcome).toBe('finished')
    expect(bus.details('Sync Finished')).toHaveLength(1)
  })

  it('gives it up when nobody confirms it within a day', async () => {
    const { effects, noticed, stored, clock } = world()
    const { item, syncId } = await noticed()
    clock.advance(24 * 3_600 + 1)
    await driveSync(effects, syncId)
    expect(await stored(item)).toMatchObject({ outcome: 'failed', confirmed: false })
    expect((await stored(item)).dueAt).toBeUndefined()
  })

  const at = Date.parse('2026-03-02T07:00:00.000Z')
  it.each([
    ['ads', (syncId: string) => ({ PK: `ENTRY#build:marketing#sync:${syncId}`, SK: 'META' })],
    ['events', () => ({ PK: 'LANE#cleanse:events', SK: 'CLOSE#events', at })],
  ])('tells %s again until its consumer has a record of it', async (source, record) => {
    const { effects, ledger, clock, bus, stored } = world()
    const heard = { outcome: 'finished' as const, identity: ['c', '1', true] }
    const { item, syncId } = await recordSync(effects, { source, heard })
    clock.advance(121)
    expect(await driveSync(effects, syncId)).toBe('told again')
    expect(bus.details('Sync Finished')).toHaveLength(1)
    expect(await driveSync(effects, syncId)).toBe('not late any more')
    await ledger.write({ put: record(syncId) })
    clock.advance(301)
    expect(await driveSync(effects, syncId)).toBe('every consumer has heard')
    expect((await stored(item)).dueAt).toBeUndefined()
  })

  it('does not take the mark of an earlier sync for this one', async () => {
    const { effects, ledger, clock } = world()
    const heard = { outcome: 'finished' as const, identity: ['c', '1', true] }
    await ledger.write({ put: { PK: 'LANE#cleanse:events', SK: 'CLOSE#events', at: at - 1 } })
    const { syncId } = await recordSync(effects, { source: 'events', heard })
    clock.advance(121)
    expect(await driveSync(effects, syncId)).toBe('told again')
  })

  it('tells nobody of a sync whose source is gone', async () => {
    const { effects, clock, bus, stored } = world()
    const heard = { outcome: 'finished' as const, identity: ['c', '1', true] }
    const { item, syncId } = await recordSync(effects, { source: 'ads', heard })
    clock.advance(121)
    expect(await driveSync({ ...effects, project: { ...doorProject, sources: {} } }, syncId)).toBe(
      'every consumer has heard',
    )
    expect(bus.seen).toEqual([])
    expect((await stored(item)).dueAt).toBeUndefined()
  })
})

describe('polling', () => {
  it('finds refreshes and syncs that no notice told of, once', async () => {
    airbyte.jobs = [
      job(1, 'succeeded'),
      job(2, 'succeeded', { jobType: 'refresh' }),
      job(3, 'failed'),
      job(4, 'succeeded', { jobType: 'reset' }),
      job(5, 'succeeded', { connectionId: 'another' }),
      job(6, 'succeeded', { lastUpdatedAt: '2026-03-01T00:00:00.000Z' }),
    ]
    const { effects, bus, ledger } = world()
    expect(await pollDoors(effects)).toBe(2)
    expect(bus.details('Sync Finished')).toHaveLength(2)
    expect(
      ledger
        .all('SYNC#')
        .map(({ via, confirmed }) => [via, confirmed])
        .sort(),
    ).toEqual([
      ['polled: refresh', true],
      ['polled: sync', true],
    ])
    expect(await pollDoors(effects)).toBe(0)
    expect(bus.details('Sync Finished')).toHaveLength(2)
  })

  it('finds the same sync as its notice', async () => {
    airbyte.jobs = [job(1, 'succeeded')]
    const { effects, noticed, stored, bus } = world()
    const { item } = await noticed()
    expect(await pollDoors(effects)).toBe(0)
    expect(await stored(item)).toMatchObject({ outcome: 'finished', confirmed: true })
    expect(bus.details('Sync Finished')).toHaveLength(1)
  })

  it('reads all pages, and goes on where a pass had to stop', async () => {
    const { effects, clock } = world()
    const minute = (n: number) => new Date(clock.now() - 3_000_000 + n * 1_000).toISOString()
    airbyte.jobs = Array.from({ length: 130 }, (_, n) =>
      job(n + 1, 'succeeded', { lastUpdatedAt: minute(n) }),
    )
    expect(await pollDoors(effects)).toBe(100)
    expect(await pollDoors(effects)).toBe(30)
    expect(await pollDoors(effects)).toBe(0)
  })

  it('says that Airbyte could not be asked, and asks from the same time on', async () => {
    const { effects, clock } = world()
    await pollDoors(effects)
    airbyte.trouble = { status: 503 }
    clock.advance(600)
    await expect(pollDoors(effects)).rejects.toThrow('2 sources could not be asked: Airbyte answered 503')
    airbyte.trouble = undefined
    clock.advance(3_600)
    airbyte.jobs = [job(1, 'succeeded', { lastUpdatedAt: '2026-03-02T07:01:00.000Z' })]
    expect(await pollDoors(effects)).toBe(1)
  })

  it('leaves a source alone whose secret nobody has made yet', async () => {
    const { effects, ledger } = world(() => undefined)
    expect(await pollDoors(effects)).toBe(0)
    expect(ledger.all('POLL#')).toEqual([])
  })

  it('begins nothing after its time', async () => {
    const { effects, clock } = world()
    await pollDoors(effects, clock.now() - 1)
    expect(airbyte.asked).toEqual([])
  })

  it('tells nobody the token or the address', async () => {
    airbyte.trouble = { status: 500, body: 'token' }
    const { effects } = world()
    const error = (await pollDoors(effects).catch((thrown) => thrown)) as AggregateError
    expect(JSON.stringify([error.message, ...error.errors.map(String)])).not.toMatch(/token|127\.0\.0\.1/)
  })
})

import { beforeEach, describe, expect, test } from 'vitest'
import { backfillOf } from '../../../shared/backfill/backfill.js'
import type { DeclaredSource } from '../../../shared/declared.js'
import type { Item } from '../../../shared/ledger.js'
import { parts } from '../../fakes/parts.js'
import { testProject } from '../../fakes/project.js'
import { type Asked, apiOn, ask } from './asking.js'

const rest = (entities: object[]): DeclaredSource =>
  ({
    kind: 'extract',
    feeds: [{ entity: 'market_data', prefix: 'source=market/entity=market_data/' }],
    extract: { engine: 'rest', url: 'https://api.example', entities, limits: { parallel: 3 } },
  }) as unknown as DeclaredSource
const sources = {
  ...testProject.sources,
  market: rest([{ entity: 'market_data', path: '/prices', window: { from: 'from', to: 'to' } }]),
  blind: rest([{ entity: 'market_data', path: '/prices' }]),
}
const WISH = { source: 'market', from: '2016-01-01', to: '2026-01-01', by: 'ada' }

let fakes: ReturnType<typeof parts>
let effects: ReturnType<typeof apiOn>
beforeEach(() => {
  fakes = parts()
  effects = { ...apiOn(fakes), project: { ...testProject, sources } }
})

const post = (path: string, body: unknown, asked: Asked = {}) =>
  ask(effects, path, { method: 'POST', body, ...asked })
const begin = async (wish: object = {}) => {
  const { status, body } = await post('/backfills', { ...WISH, ...wish })
  expect(status).toBe(202)
  return String(body.backfillId)
}

describe('a backfill', () => {
  test('is written, told of with one event, and answered with its id and what it will take', async () => {
    const { status, body } = await post('/backfills', { ...WISH, parallel: 40 })
    expect(status).toBe(202)
    const { backfillId } = body
    expect(body).toMatchObject({ chunks: 122, chunkDays: 30, parallel: 3, limit: 3, basis: 'assumed' })
    expect(body.follow).toBe(`npx sluice backfill show ${backfillId}`)
    expect(effects.requested).toEqual([{ name: 'Backfill Requested', detail: { backfillId } }])
    expect(await backfillOf(fakes.ledger, backfillId)).toMatchObject({
      ...{ state: 'running', chunks: 122, released: 0, parallel: 3, by: 'ada', duePk: 'all' },
    })
  })

  test('that is only tried out touches nothing', async () => {
    const { status, body } = await post('/backfills', { ...WISH, dryRun: true })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      dryRun: true,
      chunks: 122,
      minutes: expect.any(Number),
      dollars: expect.any(Number),
    })
    expect(body.windows).toHaveLength(100)
    expect(body.windows[0]).toEqual({ from: '2016-01-01', to: '2016-01-31' })
    expect(effects.requested).toEqual([])
    expect(fakes.ledger.all()).toEqual([])
  })

  test('estimates from what past chunks of the source took', async () => {
    const backfillId = await begin()
    const spent = { chunks: 10, days: 300, seconds: 900, files: 10, rows: 9 }
    await fakes.ledger.write({
      update: { PK: `BACKFILL#${backfillId}`, SK: 'META' },
      set: { spent, state: 'done' },
    })
    const { body } = await post('/backfills', { ...WISH, dryRun: true })
    expect(body).toMatchObject({ basis: 'ledger', secondsPerChunk: 90 })
  })

  test.each([
    [{ from: '2026-01-01', to: '2026-01-01' }, 422, 'to: must be after from'],
    [{ to: '2026-03-04' }, 422, 'to: must be 2026-03-03 or before'],
    [{ from: '1950-01-01', chunkDays: 1 }, 422, 'more than 10000'],
    [{ from: '2020-13-01' }, 422, 'from'],
    [{ chunkDays: 0 }, 422, 'chunkDays'],
    [{ parallel: 41 }, 422, 'parallel'],
    [{ hurry: true }, 422, 'hurry'],
    [{ source: 'nobody' }, 404, 'there is no source "nobody"'],
    [{ source: 'prices' }, 409, 'it is of kind drop'],
    [{ source: 'blind' }, 409, 'its file names no window for market_data'],
  ])('of %j is refused with %i', async (wish, status, message) => {
    const answer = await post('/backfills', { ...WISH, ...wish })
    expect(answer.status).toBe(status)
    expect(answer.body.message).toContain(message)
    expect(fakes.ledger.all()).toEqual([])
    expect(effects.requested).toEqual([])
  })

  test('that is there already is not begun once more, until it has ended', async () => {
    const first = await begin()
    expect(await post('/backfills', WISH)).toMatchObject({
      status: 409,
      body: { message: `backfill ${first} does the same and is running` },
    })
    await post(`/backfills/${first}/cancel`, { by: 'ada' })
    fakes.clock.advance(1)
    await begin()
    await begin({ chunkDays: 10 })
  })

  test('is paused, resumed and cancelled, each with who asked, and told of', async () => {
    const id = await begin()
    const asks = [
      ['pause', 'paused'],
      ['resume', 'running'],
      ['cancel', 'cancelled'],
    ]
    for (const [what, state] of asks) {
      const { status, body } = await post(`/backfills/${id}/${what}`, { by: 'bob', why: 'because' })
      expect([status, body.state]).toEqual([202, state])
    }
    expect(effects.requested.slice(1).map(({ name }) => name)).toEqual(Array(3).fill('Backfill Moved'))
    const { body } = await ask(effects, `/backfills/${id}`)
    expect(body.asks).toMatchObject(asks.map(([what]) => ({ what, by: 'bob', why: 'because' })))
    expect(await post(`/backfills/${id}/resume`, { by: 'bob' })).toMatchObject({
      status: 409,
      body: { message: `backfill ${id} is cancelled: it cannot be resumed` },
    })
    const at = await backfillOf(fakes.ledger, id)
    expect(at).not.toHaveProperty('duePk')
    expect(at?.endedAt).toBeDefined()
  })

  test('that nobody knows is not found, and nothing is done without the token', async () => {
    expect(await post('/backfills/nobody/pause', { by: 'a' })).toMatchObject({ status: 404 })
    expect(await ask(effects, '/backfills/nobody')).toMatchObject({ status: 404 })
    for (const path of ['/backfills', '/sources/market/extract', '/domains/finance/build'])
      expect(await post(path, WISH, { authorization: null })).toMatchObject({ status: 401 })
    expect(effects.requested).toEqual([])
  })

  test('shows its counts and its chunks page by page, those that were let go and those that wait', async () => {
    const id = await begin({ chunkDays: 365 })
    const chunk = { from: '2016-01-01', to: '2016-12-31', state: 'done', slot: 0, tries: 1, rows: 9 }
    await fakes.ledger.write({ put: { PK: `BACKFILL#${id}`, SK: 'CHUNK#2016-01-01', ...chunk } as Item })
    await fakes.ledger.write({
      update: { PK: `BACKFILL#${id}`, SK: 'META' },
      set: { released: 3, done: 1, slots: { 1: { place: 1, tries: 1, releasedAt: 'x' } } },
    })
    const seen: string[] = []
    let next: string | undefined
    do {
      const { body } = await ask(effects, `/backfills/${id}?limit=4${next ? `&next=${next}` : ''}`)
      expect(body.counts).toEqual({ chunks: 11, done: 1, underWay: 1, failed: 0, cancelled: 1, waiting: 8 })
      seen.push(...body.chunks.map(({ from, state }: { from: string; state: string }) => `${from} ${state}`))
      next = body.next
    } while (next)
    expect(seen).toHaveLength(11)
    expect(seen.slice(0, 2)).toEqual(['2016-01-01 done', '2016-12-31 waiting'])
  })

  test('stands in the list, newest first, and not among the runs', async () => {
    const first = await begin()
    fakes.clock.advance(1)
    const second = await begin({ chunkDays: 10 })
    const list = await ask(effects, '/backfills')
    expect(list.body.backfills.map(({ backfillId }: Item) => backfillId)).toEqual([second, first])
    const page = await ask(effects, '/backfills?limit=1&source=market')
    expect((await ask(effects, `/backfills?limit=1&next=${page.body.next}`)).body.backfills).toMatchObject([
      { backfillId: first },
    ])
    expect((await ask(effects, '/backfills?source=prices')).body.backfills).toEqual([])
    expect((await ask(effects, '/runs')).body.runs).toEqual([])
  })
})

describe('an extraction', () => {
  test('of what is new, or of a window, is asked for with one event', async () => {
    expect(await post('/sources/market/extract', { by: 'ada' })).toMatchObject({ status: 202 })
    const window = { from: '2020-01-01', to: '2020-02-01' }
    await post('/sources/market/extract', { by: 'ada', window })
    expect(effects.requested).toMatchObject([
      {
        name: 'Extract Requested',
        detail: { source: 'market', by: 'ada', requestId: expect.stringMatching(/^api:/) },
      },
      { name: 'Extract Requested', detail: { window } },
    ])
  })

  test.each([
    ['nobody', { by: 'a' }, 404],
    ['prices', { by: 'a' }, 409],
    ['blind', { by: 'a', window: { from: '2020-01-01', to: '2020-02-01' } }, 409],
    ['market', { by: 'a', window: { from: '2020-01-01', to: '2020-01-01' } }, 422],
    ['market', {}, 422],
  ])('from %s with %j is refused with %i', async (source, body, status) => {
    expect((await post(`/sources/${source}/extract`, body)).status).toBe(status)
    expect(effects.requested).toEqual([])
  })
})

describe('a build', () => {
  test('is asked for with one event', async () => {
    const { status, body } = await post('/domains/finance/build', { by: 'ada', selectors: ['stg_a+'] })
    expect([status, body.follow]).toEqual([202, 'npx sluice why e-1'])
    expect(effects.requested).toMatchObject([
      {
        name: 'Build Requested',
        detail: { domain: 'finance', mode: 'standard', selectors: ['stg_a+'], by: 'ada' },
      },
    ])
  })

  test.each([
    ['nobody', { by: 'a' }, 404],
    ['finance', { by: 'a', mode: 'slow' }, 422],
    ['finance', { by: 'a', mode: 'fast', selectors: ['stg_a+'] }, 422],
    ['finance', { by: 'a', mode: 'source' }, 422],
    ['finance', { by: 'a', selectors: ['; rm'] }, 422],
  ])('of %s with %j is refused with %i', async (domain, body, status) => {
    expect((await post(`/domains/${domain}/build`, body)).status).toBe(status)
    expect(effects.requested).toEqual([])
  })
})

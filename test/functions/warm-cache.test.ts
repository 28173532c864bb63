import { beforeEach, describe, expect, test } from 'vitest'
import { goldMoved } from '../../functions/4-publish/publish-gold/publish-gold.js'
import { warmCache } from '../../functions/4-publish/warm-cache/warm-cache.js'
import { warmed } from '../../functions/4-publish/warm-cache/warmed.js'
import type { ApiEffects } from '../../functions/5-serve/api/api.js'
import type { Statement } from '../../functions/5-serve/api/statement.js'
import { editionKey } from '../../shared/build.js'
import { dashboardKey, declaredAs, warmedKey } from '../../shared/dashboards.js'
import type { Dashboard, Declared } from '../../shared/declared.js'
import { type Parts, parts } from '../fakes/parts.js'
import { testProject } from '../fakes/project.js'
import { apiOn, ask } from './5-serve/asking.js'
import { back, named, published } from './editions.js'

const overview: Dashboard = {
  ...{ dashboard: 'overview', label: 'Overview', domain: 'finance' },
  reads: [{ dataset: 'daily_summary', order: '-summary_date,account_id', limit: 20 }],
}
const withReads = (...dashboards: Dashboard[]): Declared => ({
  ...testProject,
  lanes: testProject.lanes.map((lane) => ({ ...lane, dashboards })),
})

let own: Parts
let asked: Statement[]
let project: Declared
beforeEach(async () => {
  own = parts()
  asked = []
  project = withReads(overview)
  await published(own, 1)
})

const goldRows = {
  start: async (statement: Statement) => {
    asked.push(statement)
    return { rows: [['A1', '2026-03-02', '3', '12.500000', '0.25', 'true', null, `of ${statement.sql}`]] }
  },
  continue: async () => ({ rows: [] }),
}
const effects = () => ({ ledger: own.ledger, clock: own.clock, project, goldRows, cache: own.artifacts })
const warm = (domain?: string) => warmCache(effects(), domain)
const cached = () => [...own.artifacts.objects.keys()].filter((key) => key.startsWith('dashboards/'))
const get = (path: string, headers = {}) => {
  const api: ApiEffects = { ...apiOn(own), project, goldRows }
  return ask(api, path, { headers })
}

describe('what dashboards read', () => {
  test('is precomputed of the edition that is published, once, and kept by edition and declaration', async () => {
    const event = { 'detail-type': 'Gold Published' as const, detail: publishedDetail('finance') }
    expect(await warmed(effects(), event)).toEqual({ runId: 'r1', did: 'precomputed overview' })
    expect(await warmed(effects(), event)).toMatchObject({ did: 'all dashboards are precomputed' })
    expect(cached()).toEqual([dashboardKey(overview, named(1))])
    expect(cached()[0]).toMatch(
      new RegExp(`^dashboards/domain=finance/edition=${named(1)}/overview-[0-9a-f]{8}\\.json$`),
    )
    expect(asked).toHaveLength(1)
    expect(asked[0]?.sql).toMatch(
      /FROM "daily_summary__r0+1_1" ORDER BY "summary_date" DESC, "account_id" LIMIT 20$/,
    )
  })

  const publishedDetail = (domain: string) => ({
    ...{ runId: 'r1', domain, edition: named(1), datasets: ['daily_summary'] },
  })

  test('of other domains is left alone by an event, and looked after by the clock', async () => {
    await warmed(effects(), { 'detail-type': 'Gold Published', detail: publishedDetail('risk') })
    expect(asked).toEqual([])
    expect(await warmed(effects(), { 'detail-type': 'Scheduled Event' })).toEqual({
      did: 'precomputed overview',
    })
  })

  test('is kept by domain, for 400 days, each of them with its own dashboards', async () => {
    const limits = { ...overview, dashboard: 'limits', domain: 'risk' }
    const second = { ...overview, dashboard: 'second' }
    project = withReads(overview, limits, second)
    expect(await warm()).toBe('precomputed overview, second, limits')
    expect(cached()).toHaveLength(3)
    const { ledger, clock } = own
    const expiresAt = Math.floor(clock.now() / 1_000) + 400 * 24 * 3_600
    const kept = { at: new Date(clock.now()).toISOString(), expiresAt }
    for (const [domain, dashboards] of [
      ['finance', [overview, second]],
      ['risk', [limits]],
    ] as const) {
      const key = warmedKey(domain, named(1))
      expect(await ledger.get(key)).toEqual({ ...key, declared: declaredAs([...dashboards]), ...kept })
    }
  })

  test('is the same whoever comes first: what is there is not written over', async () => {
    await warm()
    const [key = ''] = cached()
    const before = own.artifacts.objects.get(key)
    await own.ledger.write({ remove: { PK: 'DOMAIN#finance', SK: `WARMED#${named(1)}` } })
    await warm()
    expect(own.artifacts.objects.get(key)).toBe(before)
  })

  test('is computed anew when a deployment declares something else', async () => {
    await warm()
    project = withReads({ ...overview, label: 'The overview' })
    expect(await warm()).toBe('precomputed overview')
    expect(cached()).toHaveLength(2)
  })

  test('of a dataset that the edition does not hold is null, and nothing fails', async () => {
    const [read] = overview.reads
    const reads = [
      { dataset: 'daily_summary', order: 'column_of_tomorrow', limit: 5 },
      { dataset: 'dataset_of_tomorrow', order: 'x', limit: 5 },
      ...(read ? [read] : []),
    ]
    project = withReads({ ...overview, reads })
    await warm()
    const { body } = await get('/dashboards/overview')
    expect(body.reads.map(({ rows }: { rows: object[] | null }) => rows?.length ?? null)).toEqual([
      null,
      null,
      1,
    ])
  })

  test('is kept by nobody when gold cannot be asked, and the event comes back', async () => {
    const away = { ...effects(), goldRows: { start: () => Promise.reject(new Error('Athena is away')) } }
    await expect(warmCache(away, 'finance')).rejects.toThrow('Athena is away')
    expect(cached()).toEqual([])
    expect(await warm('finance')).toBe('precomputed overview')
  })
})

describe('a dashboard', () => {
  test('is served with a tag, and a caller who has it gets no rows', async () => {
    await warm()
    asked = []
    const first = await get('/dashboards/overview')
    expect(first).toMatchObject({
      status: 200,
      body: {
        dashboard: 'overview',
        edition: named(1),
        reads: [{ rows: [{ account_id: 'A1', positions: 3 }] }],
      },
      headers: { 'x-cache': 'hit', 'cache-control': 'private, no-cache' },
    })
    const etag = String(first.headers.etag)
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, '*'])
      expect(await get('/dashboards/overview', { 'if-none-match': tag })).toMatchObject({
        status: 304,
        body: undefined,
        headers: { etag },
      })
    expect((await get('/dashboards/overview', { 'if-none-match': '"other"' })).status).toBe(200)
    expect(asked).toEqual([])
  })

  test('that is not precomputed yet is computed, to the same answer and with the same tag', async () => {
    const cold = await get('/dashboards/overview')
    expect(cold.headers['x-cache']).toBe('miss')
    await warm()
    const hot = await get('/dashboards/overview')
    expect(hot.headers['x-cache']).toBe('hit')
    expect([hot.body, hot.headers.etag]).toEqual([cold.body, cold.headers.etag])
  })

  test('changes with the edition, and a rollback serves the earlier one’s rows at once', async () => {
    await warm()
    const before = await get('/dashboards/overview')
    await published(own, 2)
    await warm()
    const after = await get('/dashboards/overview', { 'if-none-match': String(before.headers.etag) })
    expect(after).toMatchObject({ status: 200, body: { edition: named(2) } })
    await goldMoved(own.publish, back(2, 1))
    asked = []
    expect(await get('/dashboards/overview')).toEqual(before)
    expect(await warm()).toBe('all dashboards are precomputed')
    expect(asked).toEqual([])
  })

  test('is unknown, or has nothing yet, in words', async () => {
    expect(await get('/dashboards/nothing')).toMatchObject({
      status: 404,
      body: { message: expect.stringContaining('GET /dashboards lists them') },
    })
    await own.ledger.write({ remove: { PK: 'DOMAIN#finance', SK: 'GOLD' } })
    await own.ledger.write({ remove: editionKey('finance', named(1)) })
    expect((await get('/dashboards/overview')).status).toBe(404)
    expect(await warm()).toBe('all dashboards are precomputed')
    expect((await get('/dashboards')).body.dashboards).toMatchObject([
      { dashboard: 'overview', edition: null },
    ])
  })
})

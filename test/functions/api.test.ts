import { beforeEach, describe, expect, test } from 'vitest'
import { goldMoved } from '../../functions/4-publish/publish-gold/publish-gold.js'
import type { ApiEffects } from '../../functions/5-serve/api/api.js'
import type { Statement } from '../../functions/5-serve/api/statement.js'
import { Chain } from '../fakes/chain.js'
import { override } from '../fakes/faults.js'
import { apiOn, ask, TOKEN } from './5-serve/asking.js'
import { built, named, published } from './editions.js'

const ROW = ['A1', '2026-03-02', '3', '12.500000', '0.25', 'true', null, 'e1']
let chain: Chain
let effects: ApiEffects
let asked: { statement?: Statement; mark?: object; limit: number }[]

beforeEach(() => {
  chain = new Chain({ errorsKept: true })
  asked = []
  effects = {
    ...apiOn(chain.parts),
    goldRows: {
      start: async (statement, limit) => {
        asked.push({ statement, limit })
        return { rows: [ROW], next: { queryId: 'q-1', token: 't/+=' } }
      },
      continue: async (mark, limit) => {
        asked.push({ mark, limit })
        return { rows: [ROW] }
      },
    },
  }
})

const get = (path: string, authorization: string | null = `Bearer ${TOKEN}`) =>
  ask(effects, path, { authorization })
const mark = (content: unknown) => Buffer.from(JSON.stringify(content)).toString('base64url')

describe('the token', () => {
  const routes = [
    '/status',
    '/runs',
    '/runs/x',
    '/datasets',
    '/quarantine',
    '/why',
    '/gold/finance/daily_summary',
  ]
  test.each(routes)('%s answers 401 without it', async (route) => {
    for (const header of [null, '', 'Bearer ', 'Bearer wrong', TOKEN, `Basic ${TOKEN}`, `Bearer ${TOKEN} x`])
      expect(await get(route, header), String(header)).toMatchObject({ status: 401 })
    expect(asked).toEqual([])
  })
})

describe('what is not there', () => {
  test.each([
    ['/runs/r0000000000000000000000009', /no run "r0000000000000000000000009"; GET \/runs lists them/],
    ['/runs/..%2Fstatus', /no run/],
    ['/gold/finance/nothing', /no dataset "finance\/nothing"; finance has daily_summary/],
    ['/gold/nowhere/x', /no dataset "nowhere\/x"; there are the domains finance, risk/],
    ['/gold/risk/daily_summary', /no dataset "risk\/daily_summary"/],
  ])('%s answers 404 and says where to look', async (path, message) => {
    const { status, body } = await get(path)
    expect(status).toBe(404)
    expect(body.message).toMatch(message)
  })

  test('an unknown route answers 404', async () => {
    expect(await get('/nothing')).toMatchObject({ status: 404 })
  })
})

describe('a query that cannot be answered', () => {
  beforeEach(async () => {
    await chain.record(chain.land('a.json'))
    await chain.rest()
  })
  test.each([
    ['/runs?limit=0', /^limit: /],
    ['/runs?limit=201', /^limit: /],
    ['/runs?kind=copy', /^kind: /],
    ['/runs?state=parked', /^state: /],
    ['/runs?nothing=1', /nothing/],
    ['/runs?next=xyz', /take it unchanged/],
    [`/runs?next=${mark(null)}`, /take it unchanged/],
    [`/runs?next=${mark([])}`, /take it unchanged/],
    [`/runs?next=${mark({})}`, /take it unchanged/],
    [`/runs?next=${mark({ PK: 'a', SK: 'b' })}`, /take it unchanged/],
    ['/quarantine?limit=x', /^limit: /],
    ['/gold/finance/daily_summary?limit=1000', /^limit: a whole number from 1 to 999, not "1000"$/],
    ['/gold/finance/daily_summary?limit=1.5', /^limit: /],
    ['/gold/finance/daily_summary?nothing=1', /^nothing: no such column/],
    ['/gold/finance/daily_summary?next=xyz', /take it unchanged/],
    [`/gold/finance/daily_summary?next=${mark(null)}`, /take it unchanged/],
    [`/gold/finance/daily_summary?next=${mark({ queryId: '../x', token: 't' })}`, /take it unchanged/],
  ])('%s answers 400 with its problem', async (path, problem) => {
    const { status, body } = await get(path)
    expect(status).toBe(400)
    expect(body.problems).toEqual([expect.stringMatching(problem)])
    expect(asked).toEqual([])
  })
})

test('an error of ours answers 500 without its text', async () => {
  effects.ledger = override(chain.parts.ledger, { query: () => Promise.reject(new Error('secret detail')) })
  const { status, body } = await get('/status')
  expect(status).toBe(500)
  expect(JSON.stringify(body)).not.toContain('secret detail')
})

describe('rows of gold', () => {
  test('of a domain that is not published yet are none, and nothing is queried', async () => {
    expect((await get('/gold/finance/daily_summary')).body).toMatchObject({ edition: null, rows: [] })
    expect(asked).toEqual([])
  })

  test('come typed by column, from one edition, with a mark for the next page', async () => {
    await chain.record(chain.land('a.json'))
    await chain.rest()
    const { status, body } = await get('/gold/finance/daily_summary?account_id=A1&limit=1')
    expect(status).toBe(200)
    expect(body.rows).toEqual([
      {
        account_id: 'A1',
        summary_date: '2026-03-02',
        positions: 3,
        market_value: '12.500000',
        return: 0.25,
        is_open: true,
        computed_at: null,
        _edition: 'e1',
      },
    ])
    expect(asked[0]).toMatchObject({ limit: 1, statement: { parameters: ["'A1'"] } })
    const { edition } = body
    expect(asked[0]?.statement?.sql).toContain(`FROM "daily_summary__${edition.replace('-', '_')}"`)
    await get(`/gold/finance/daily_summary?next=${body.next}`)
    expect(asked[1]).toEqual({ mark: { queryId: 'q-1', token: 't/+=', edition }, limit: 100 })
  })

  test('are of the edition of the pointer, also where it has other columns, and a further page of the first one’s', async () => {
    await published(chain.parts, 1)
    const { body } = await get('/gold/finance/daily_summary')
    const wider = await built(chain.parts, 2, (report) => ({
      ...report,
      datasets: report.datasets.map((one) => ({
        ...one,
        columns: [{ name: 'account_id', glue_type: 'string' }],
      })),
    }))
    await goldMoved(chain.parts.publish, wider)
    const next = await get(`/gold/finance/daily_summary?next=${body.next}`)
    expect(next.body).toMatchObject({ edition: named(1), rows: [{ positions: 3 }] })
    const now = await get('/gold/finance/daily_summary')
    expect(now.body).toMatchObject({ edition: named(2), rows: [{ account_id: 'A1' }] })
    expect(asked.at(-1)?.statement?.sql).toMatch(/^SELECT "account_id" FROM "daily_summary__r0+2_1"$/)
  })

  test('of a dataset that the shown edition does not hold are a 404 that says so', async () => {
    const none = await built(chain.parts, 1, (report) => ({ ...report, datasets: report.datasets.slice(1) }))
    await goldMoved(chain.parts.publish, none)
    const { status, body } = await get('/gold/finance/daily_summary')
    expect([status, body.message]).toEqual([
      404,
      `edition ${named(1)} of finance holds no dataset "daily_summary"`,
    ])
  })
})

describe('runs', () => {
  const landMany = async () => {
    for (const [name, source] of [
      ['a', 'prices'],
      ['b', 'trades'],
      ['c', 'prices'],
    ] as const) {
      await chain.record(chain.land(`${name}.json`, { source }))
      await chain.rest()
      chain.parts.clock.advance(60)
    }
  }

  test('come newest first, and pages join without gap or repeat', async () => {
    await landMany()
    const whole = (await get('/runs')).body.runs.map(({ runId }: { runId: string }) => runId)
    const paged: string[] = []
    let next = ''
    for (let pages = 0; pages < 20; pages += 1) {
      const { body } = await get(`/runs?limit=2${next && `&next=${next}`}`)
      expect(body.runs.length).toBeLessThanOrEqual(2)
      paged.push(...body.runs.map(({ runId }: { runId: string }) => runId))
      next = body.next ?? ''
      if (!next) break
    }
    expect(paged).toEqual(whole)
    expect(whole).toEqual([...whole].sort().reverse())
    expect(whole).toHaveLength(6)
  })

  test('a page holds no more than was asked for, also when some do not match', async () => {
    for (const [n, kind] of ['build', 'build', 'build', 'cleanse'].entries()) {
      const createdAt = `2026-03-02T07:00:0${n}.000Z`
      const shown = { runId: `r${n}`, kind, createdAt, recentPk: 'all', recentAt: createdAt }
      await chain.parts.ledger.write({ put: { PK: `RUN#r${n}`, SK: 'META', ...shown } })
    }
    const ids = (body: { runs: { runId: string }[] }) => body.runs.map(({ runId }) => runId)
    const first = (await get('/runs?limit=2&kind=build')).body
    expect(ids(first)).toEqual(['r2', 'r1'])
    expect(ids((await get(`/runs?limit=2&kind=build&next=${first.next}`)).body)).toEqual(['r0'])
  })

  test('can be asked by kind, state and subject', async () => {
    await landMany()
    const { body } = await get('/runs?kind=cleanse&state=COMMITTED&subject=transactions')
    expect(body.runs).toMatchObject([{ kind: 'cleanse', subject: 'transactions', state: 'COMMITTED' }])
  })

  test('one of them shows its inputs, outputs, attempts and seconds', async () => {
    await landMany()
    const [{ runId }] = (await get('/runs?kind=cleanse&subject=transactions')).body.runs
    const { body } = await get(`/runs/${runId}`)
    expect(body).toMatchObject({
      inputsCount: 1,
      inputs: [{ source: 'trades' }],
      outputsCount: 2,
      attempts: [{ attempt: 1, left: 'COMMITTING' }],
      seconds: expect.any(Number),
      rows: { in: 10, out: 10 },
    })
    expect(body.outputs[0].key).toMatch(/^entity=transactions\/year=2026\/month=03\/day=02\//)
  })

  test('that are parked show their reason', async () => {
    chain = new Chain({ rejected: () => 9 })
    effects.ledger = chain.parts.ledger
    await chain.record(chain.land('a.json'))
    await chain.rest()
    const { body } = await get('/runs?state=PARKED')
    expect(body.runs[0]).toMatchObject({ gate: 'failed', reasons: { close_missing: 9 } })
    expect((await get(`/runs/${body.runs[0].runId}`)).body).toMatchObject({ outputs: [], outputsCount: 0 })
  })
})

describe('what there is', () => {
  test('status shows each lane with its run, its queue and what no build has read', async () => {
    await chain.record(chain.land('a.json'))
    await chain.record(chain.land('b.json'))
    const before = (await get('/status')).body
    expect(before.domains).toMatchObject([{ domain: 'finance', edition: null, isCurrent: null }, {}])
    expect(before.lanes).toMatchObject([
      { lane: 'cleanse:market_data', runId: expect.any(String), waiting: 1 },
    ])
    await chain.rest()
    const { body } = await get('/status')
    expect(
      body.lanes.map(({ waiting, runId }: { waiting: number; runId: unknown }) => [waiting, runId]),
    ).toEqual([
      [0, null],
      [0, null],
    ])
    expect(body.lanes[0]).toMatchObject({ kind: 'build', unbuilt: 0 })
    expect(body.domains).toMatchObject([{ domain: 'finance', isCurrent: true }, { domain: 'risk' }])
  })

  test('datasets show their columns, and their edition once it is published', async () => {
    expect((await get('/datasets')).body.datasets[0]).toMatchObject({ edition: null, rows: null })
    await chain.record(chain.land('a.json'))
    await chain.rest()
    const [first] = (await get('/datasets')).body.datasets
    expect(first).toMatchObject({ dataset: 'daily_summary', edition: expect.stringMatching(/-1$/), rows: 7 })
    expect(first.columns[0]).toEqual({ name: 'account_id', type: 'string' })
  })

  test('quarantine shows the files that no entity takes, with their reason', async () => {
    await chain.record(chain.land('a.json', { source: 'fmp' }))
    const { body } = await get('/quarantine')
    expect(body.files).toMatchObject([{ rule: 'unknown_source', versionId: 'v1' }])
    expect(body.files[0].reason).toContain('"fmp"')
    expect(body.reasons).toEqual({ unknown_source: 1 })
  })
})

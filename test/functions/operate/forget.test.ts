import { beforeEach, describe, expect, test } from 'vitest'
import { CompactionReady, CompactionRequested } from '../../../events/catalog.js'
import { putBack } from '../../../functions/operate/put-back/put-back.js'
import type { Item } from '../../../shared/ledger.js'
import type { Run } from '../../../shared/run.js'
import { startRun } from '../../../shared/start-run.js'
import { Chain } from '../../fakes/chain.js'
import { checkRest } from '../../fakes/invariants.js'
import { testProject } from '../../fakes/project.js'
import { apiOn, ask } from '../5-serve/asking.js'

const KEY = 'AAPL-of-maria'
let chain: Chain
let left = 0
let dies = false

const isForget = (plan: unknown) => (plan as { kind: string }).kind === 'forget'
const file = (key: string, found: number) => ({ key, rows: 5, found, removed: found - left, left })
const proof = (plan: unknown) => {
  const { dry_run } = plan as { dry_run: boolean }
  const read = { silver: [file('a.parquet', 2)], quarantine: [file('b.ndjson', 1)], bronze: ['x.json'] }
  return { ...read, dry_run, rows: { found: 3, removed: 3 - 2 * left, left: 2 * left } }
}

beforeEach(async () => {
  ;[left, dies] = [0, false]
  chain = new Chain({
    report: (plan) => (isForget(plan) ? proof(plan) : undefined),
    job: (runId) =>
      dies && runs('cleanse').at(-1)?.runId === runId
        ? { ok: false, reason: 'somebody stopped it', failureClass: 'stopped' }
        : { ok: true },
  })
  await chain.record(chain.land('a.json'))
  await chain.rest()
})

const runs = (kind: string) =>
  chain.parts.ledger
    .all('RUN#')
    .filter((item) => item.SK === 'META' && item.kind === kind)
    .sort(oldestFirst) as Run[]
const oldestFirst = (one: Item, other: Item) => (String(one.createdAt) < String(other.createdAt) ? -1 : 1)
const last = () => runs('cleanse').at(-1) as Run
const planOf = ({ runId, attempt }: Run) =>
  chain.parts.artifacts.objects.get(`runs/${runId}/attempt=${attempt}/plan.json`) as Record<string, unknown>
const request = () => chain.parts.ledger.all('FORGET#')[0] as Item

/** Asks by the API, and hands its event to the stage that hears it. */
async function asked(more: Record<string, unknown> = {}) {
  const api = apiOn(chain.parts)
  const body = { key: KEY, by: 'ada', why: 'asked by letter 17', ...more }
  const answer = await ask(api, '/entities/market_data/forget', { method: 'POST', body })
  const [event] = api.requested
  if (!event) return { answer }
  const effects = { ...chain.parts.world, project: testProject }
  const wake = { 'detail-type': event.name, detail: event.detail } as Parameters<typeof putBack>[1]
  return { answer, again: () => putBack(effects, wake), did: (await putBack(effects, wake)).did }
}

describe('a deletion', () => {
  test('goes through the lane alone, and builds its readers anew from everything', async () => {
    await chain.record(chain.land('b.json'))
    chain.parts.clock.advance(1)
    const { again } = await asked()
    expect((await again?.())?.about).toBe(request().PK)
    chain.parts.clock.advance(1)
    await chain.record(chain.land('c.json'))
    await chain.rest()
    const [, before, forgotten, after] = runs('cleanse')
    expect([before, after].map((run) => (planOf(run as Run).inputs as unknown[]).length)).toEqual([1, 1])
    expect(forgotten).toMatchObject({
      state: 'COMMITTED',
      forgotten: { found: 3, removed: 3, left: 0, filesRead: 2 },
    })
    expect(planOf(forgotten as Run)).toMatchObject({ kind: 'forget', column: 'symbol', dry_run: false })
    const shown = await ask(apiOn(chain.parts), `/runs/${forgotten?.runId}`)
    expect(shown.body).toMatchObject({ forgotten: { found: 3, removed: 3, left: 0 } })
    const modes = runs('build').map(({ mode }) => mode)
    expect(modes).toContain('full-refresh')
    await checkRest(chain)
  })

  test('is recorded with who, when and why, and names its subject nowhere once it is done', async () => {
    const { answer } = await asked()
    const open = [...chain.parts.artifacts.objects].filter(([, body]) => JSON.stringify(body).includes(KEY))
    expect(open.map(([key]) => key.split('/')[0])).toEqual(['forgets'])
    await chain.rest()
    const { PK, ...item } = request()
    expect(item).toMatchObject({
      entity: 'market_data',
      column: 'symbol',
      by: 'ada',
      why: 'asked by letter 17',
    })
    expect(item).toMatchObject({
      doneAt: expect.any(String),
      report: `runs/${last().runId}/attempt=1/report.json`,
    })
    expect(item.run).toBe(last().runId)
    const kept = [...chain.parts.ledger.all(''), ...chain.parts.artifacts.objects, answer.body]
    expect(JSON.stringify(kept)).not.toContain(KEY)
  })

  test('that comes twice is done once', async () => {
    const { again } = await asked()
    await chain.rest()
    expect((await again?.())?.did).toContain('known already')
    await chain.rest()
    expect(runs('cleanse')).toHaveLength(2)
  })

  test('without a change builds nothing', async () => {
    const builds = runs('build').length
    await asked({ dryRun: true })
    await chain.rest()
    expect(last()).toMatchObject({ state: 'COMMITTED', forgotten: { found: 3 } })
    const api = apiOn(chain.parts)
    const { body } = await ask(api, `/runs/${last().runId}`)
    expect(body).toMatchObject({ deletion: { dryRun: true }, forgotten: { found: 3 } })
    const { lines } = (await ask(api, `/why?subject=${last().runId}`)).body
    const said = lines.map(({ what }: { what: string }) => what).join('\n')
    expect(said).toContain('a dry run of a deletion of market_data')
    expect(said).toContain('nothing was deleted, as asked: 3 rows of the subject would be')
    expect(said).not.toContain('silver')
    expect(request()).toMatchObject({ dryRun: true, doneAt: expect.any(String) })
    expect(runs('build')).toHaveLength(builds)
  })

  test('of which rows are left is no success', async () => {
    left = 1
    await asked()
    await chain.rest()
    expect(last()).toMatchObject({
      state: 'PARKED',
      reason: expect.stringContaining('rows of the subject are left'),
    })
    expect(request().doneAt).toBeUndefined()
  })

  test('that was parked is put back as a deletion, alone', async () => {
    dies = true
    await asked()
    await chain.rest()
    const parked = last()
    expect(parked.state).toBe('PARKED')
    dies = false
    const effects = { ...chain.parts.world, project: testProject }
    await chain.record(chain.land('b.json'))
    await putBack(effects, { 'detail-type': 'Retry Requested', detail: { runId: parked.runId, by: 'ada' } })
    await chain.rest()
    expect(
      runs('cleanse')
        .slice(-2)
        .map((run) => planOf(run).kind)
        .sort(),
    ).toEqual(['cleanse', 'forget'])
    expect(request().doneAt).toBeDefined()
  })

  test('of which the event to build got lost is told again', async () => {
    await asked()
    const deliver = chain.deliver.bind(chain)
    const lost: string[] = []
    chain.deliver = async (event) => {
      if (event.name !== 'Build Requested' || lost.push(event.name) > 1) await deliver(event)
    }
    await chain.rest()
    expect(lost.length).toBeGreaterThan(1)
    expect(runs('build').map(({ mode }) => mode)).toContain('full-refresh')
  })
})

describe('a request that cannot be done is refused', () => {
  test.each([
    ['/entities/nothing/forget', {}, 404],
    ['/entities/market_data/forget', { column: 'shoe_size' }, 422],
    ['/entities/market_data/forget', { why: `because of ${KEY}` }, 422],
    ['/entities/market_data/forget', { key: ' ' }, 422],
    ['/entities/market_data/forget', { column: 'mail' }, 409],
  ])('%s %j', async (path, more, status) => {
    const api = apiOn(chain.parts)
    const market = testProject.entities.market_data as (typeof testProject.entities)[string]
    const columns = [...market.columns, { name: 'mail', glueType: 'string' }]
    const entities = { market_data: { ...market, columns, classified: { mail: 'pii' as const } } }
    const project = { ...testProject, entities }
    const body = { key: KEY, by: 'ada', why: 'asked', ...more }
    const answer = await ask({ ...api, project }, path, { method: 'POST', body })
    expect([answer.status, api.requested]).toEqual([status, []])
  })
})

describe('a deletion and a compaction of one entity', () => {
  const compacts = async () => {
    const detail = { entity: 'market_data', requestId: 'c', today: true, by: 'test' }
    await chain.parts.bus.publish([{ name: CompactionRequested.name, detail }])
    while (chain.parts.bus.details(CompactionReady.name).length === 0) await chain.deliverNext()
  }

  test('the deletion waits for the end of the compaction', async () => {
    await compacts()
    await asked()
    const { starts, clock } = chain.parts
    await expect(startRun(starts.cleanse, last().runId)).rejects.toThrow('a compaction of market_data')
    expect(last().state).toBe('READY')
    clock.advance(300)
    await chain.rest()
    expect(last()).toMatchObject({ state: 'COMMITTED', forgotten: { removed: 3 } })
  })

  test('the compaction does nothing while a deletion is under way', async () => {
    await asked()
    await compacts()
    const [run] = runs('compact')
    expect(await startRun(chain.parts.starts.compact, String(run?.runId))).toContain('rows are being deleted')
    await chain.rest()
    expect(runs('compact')[0]).toMatchObject({ state: 'COMMITTED', attempt: 0 })
  })
})

import { beforeEach, describe, expect, test } from 'vitest'
import { retryOf } from '../../functions/3-transform/start-build/retry-of.js'
import { publishGold } from '../../functions/4-publish/publish-gold/publish-gold.js'
import { reconcile } from '../../functions/operate/reconcile/reconcile.js'
import { PASS } from '../../shared/bounds.js'
import { editionKey, goldPointerKey } from '../../shared/build.js'
import type { GoldTable } from '../../shared/gold-tables.js'
import { holdKey, registerLane } from '../../shared/lane.js'
import type { Item, Ledger, Query } from '../../shared/ledger.js'
import { runKey } from '../../shared/run.js'
import { override } from '../fakes/faults.js'
import { type Parts, parts } from '../fakes/parts.js'
import { buildReportOf } from '../fakes/work.js'
import { ID, LANE, now, runAt } from './under-way.js'

/** What single mutants of a pass, a publication and a repeat would break, and no story of the other tests has told. */
let own: Parts
beforeEach(() => {
  own = parts()
})
const put = (item: Item) => own.ledger.write({ put: item })
const passOver = (methods: Partial<Ledger>) =>
  reconcile({ ...own.reconcile, ledger: override<Ledger>(own.ledger, methods) })
const noBronze = { listVersions: async () => ({ versions: [] }) }

describe('a pass of the reconciler', () => {
  const due = (count: number) =>
    Array.from({ length: count }, (_, place) => ({ PK: `RUN#n${place}`, SK: 'META', runId: `n${place}` }))

  test('asks for the late in pages, each from where the last one ended, up to its bound', async () => {
    const asked: { limit: number; after?: string | undefined }[] = []
    const index: Ledger['index'] = async (_, { limit, after }) => {
      asked.push({ limit, after })
      return { items: due(60), next: `after ${asked.length}` }
    }
    expect((await passOver({ index })).late).toBe(540)
    expect(asked.map(({ after }) => after).slice(0, 3)).toEqual([undefined, 'after 1', 'after 2'])
    expect(asked.map(({ limit }) => limit)).toEqual([100, 100, 100, 100, 100, 100, 100, 80, 20])
  })

  test.each([
    [PASS.seconds, 1, 8],
    [PASS.seconds + 1, 1, 0],
  ])('that has lasted %i seconds asks for %i page and drives %i', async (seconds, pages, drives) => {
    let asked = 0
    const read: string[] = []
    const index: Ledger['index'] = async () => {
      asked += 1
      if (asked === 1) own.clock.advance(seconds)
      else own.clock.advance(1)
      return asked > 1 ? { items: [] } : { items: due(8), next: 'more' }
    }
    const get: Ledger['get'] = async (key) => {
      if (key.PK.startsWith('RUN#n')) read.push(key.PK)
      return own.ledger.get(key)
    }
    await passOver({ index, get })
    expect(read.length).toBe(drives)
    expect(asked).toBe(seconds > PASS.seconds ? pages : pages + 1)
  })

  test('says of each thing that could not be driven what it was', async () => {
    const fails = async (): Promise<never> => {
      throw new Error('away')
    }
    const own_ = { ...own.reconcile, listVersions: fails }
    await expect(reconcile(own_)).rejects.toThrow(/reconcile could not drive \d: landings: away/)
    const errors = await reconcile(own_).catch((error: AggregateError) => error.errors)
    expect(errors).toContain('sweep: away')
    await runAt(own, { state: 'READY', lane: 'cleanse:other' })
    const starts = { ...own.reconcile.starts, cleanse: { ...own.starts.cleanse, prepare: fails } }
    await expect(reconcile({ ...own.reconcile, ...noBronze, starts })).rejects.toThrow(/RUN#\w+: away/)
    expect((await now(own)).dueAt).toBe(new Date(own.clock.now() + 60_000).toISOString())
  })

  test('claims each idle lane, page after page, and only those in which something waits', async () => {
    const lanes = ['cleanse:a', 'cleanse:b', 'cleanse:c']
    for (const lane of lanes) await registerLane(own.world, lane)
    await put({ PK: 'FILE#f', SK: 'META' })
    await put({ PK: 'LANE#cleanse:c', SK: 'WAIT#1#FILE#f', owner: 'FILE#f', bytes: 1 })
    await put({ PK: 'LANE#cleanse:b', SK: 'NOTE', owner: 'x' })
    await put({ ...holdKey('cleanse:a') })
    const asked: Query[] = []
    const query: Ledger['query'] = async (pk, ask) => {
      if (pk === 'LANES') asked.push(ask)
      return own.ledger.query(pk, pk === 'LANES' ? { ...ask, limit: 2 } : ask)
    }
    expect((await passOver({ query })).lanes).toBe(1)
    expect(asked.map(({ after }) => Boolean(after))).toEqual([false, true])
    expect(await own.ledger.get(holdKey('cleanse:c'))).toMatchObject({ holder: expect.any(String) })
  })

  test('reads ten pages of lanes at most', async () => {
    let asked = 0
    const query: Ledger['query'] = async (pk, ask) => {
      if (pk !== 'LANES') return own.ledger.query(pk, ask)
      asked += 1
      if (asked > 50) throw new Error('no end')
      return { items: [], next: 'more' }
    }
    await passOver({ query })
    expect(asked).toBe(PASS.lanePages)
  })

  test('says which lane could not be claimed', async () => {
    await registerLane(own.world, LANE)
    await put({ PK: 'FILE#f', SK: 'META', run: 'taken' })
    await put({ PK: `LANE#${LANE}`, SK: 'WAIT#1#FILE#f', owner: 'FILE#f', bytes: 1 })
    await expect(passOver({})).rejects.toThrow(`lanes: lane ${LANE} was contended`)
  })
})

describe('a publication', () => {
  const EDITION = `${ID}-1`
  const built = { runId: ID, domains: ['finance'], edition: EDITION }
  const edition = (name: string, ordinal: number) =>
    put({ ...editionKey('finance', name), ordinal, runId: ID, attempt: 1, state: 'passed', datasets: [] })
  const tables: GoldTable[] = []
  const publish = (key?: string) => {
    tables.length = 0
    const report = buildReportOf({ run_id: ID, attempt: 1, edition: EDITION, database_out: 'x', silver: {} })
    const datasets = report.datasets.map((one) => ({
      ...one,
      files: key ? [{ key, rows: 1, bytes: 1 }] : [],
    }))
    own.artifacts.put(`runs/${ID}/attempt=1/report.json`, { ...report, datasets })
    const put = async (table: GoldTable) => void tables.push(table)
    return publishGold({ ...own.publish, tables: { ...own.publish.tables, put } }, built)
  }

  test('of an edition that the ledger does not know yet comes again', async () => {
    await expect(publish()).rejects.toThrow(`the ledger does not know edition ${EDITION} of finance yet`)
  })

  test('that comes after a newer one touches no table and tells nobody', async () => {
    await edition(EDITION, 1)
    await put({ ...goldPointerKey('finance'), edition: 'newer', ordinal: 2, newest: 2, flip: 1 })
    expect(await publish()).toBe('a newer edition is published already')
    expect(tables).toEqual([])
    expect(own.bus.details('Gold Published')).toEqual([])
  })

  test.each([
    ['gold/year=2024/month=01/a.parquet', { first: 2024, last: 2024 }],
    ['gold/none.parquet', { first: 1970, last: 1970 }],
    [undefined, { first: 1970, last: 1970 }],
  ])('of the file %s gives its tables the years %o, and words and columns', async (key, years) => {
    await edition(EDITION, 1)
    await publish(key)
    expect(tables[0]).toMatchObject({ years, description: expect.stringMatching(/^finance: ./) })
    expect(tables[0]?.columns[0]).toEqual({ name: 'account_id', glueType: 'string' })
  })
})

describe('a build that repeats a failed one', () => {
  const silverRuns = { market_data: 2 }
  const same = { base: 3, silverRuns, request: { taskDefinition: 'sluice-dbt:1' } }
  const facts = { base: 3, silverRuns }
  const settings = { task: { taskDefinition: 'sluice-dbt:1' } }
  const ask = async (values: object, attempt = 2, reported = 1) => {
    const run = await runAt(own, { kind: 'build', attempt: 1, ...same, ...values })
    own.artifacts.put(`runs/${ID}/attempt=${reported}/report.json`, { partial_database: 's3://artifacts/p' })
    return retryOf({ ledger: own.ledger, reports: own.artifacts, settings }, run, attempt, facts)
  }

  test('is the attempt before it, on the same base, silver and image', async () => {
    expect(await ask({})).toBe(`runs/${ID}/attempt=1/`)
    expect(await ask({ attempt: 2 }, 3, 2)).toBe(`runs/${ID}/attempt=2/`)
    expect(await ask({ base: 2 })).toBeUndefined()
    expect(await ask({ silverRuns: { market_data: 1 } })).toBeUndefined()
    expect(await ask({ request: { taskDefinition: 'sluice-dbt:2' } })).toBeUndefined()
    expect(await ask({ request: undefined })).toBeUndefined()
  })

  test('is no parked run beside which it took another, and none that never had an attempt', async () => {
    const parked = async (name: string, attempt: number) => {
      await put({ ...runKey(name), runId: name, attempt, ...same })
      await put({ PK: `RUN#${ID}`, SK: `IN#RUN#${name}`, input: { run: name } })
      own.artifacts.put(`runs/${name}/attempt=${attempt}/report.json`, {
        partial_database: 's3://artifacts/p',
      })
    }
    expect(await ask({}, 1)).toBeUndefined()
    await parked('a', 0)
    expect(await ask({}, 1)).toBeUndefined()
    await parked('a', 1)
    expect(await ask({}, 1)).toBe('runs/a/attempt=1/')
    await parked('b', 1)
    expect(await ask({}, 1)).toBeUndefined()
  })
})

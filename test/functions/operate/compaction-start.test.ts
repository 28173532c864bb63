import { beforeEach, describe, expect, test } from 'vitest'
import { compactionAsked } from '../../../functions/operate/plan-compaction/plan-compaction.js'
import { silverHeadKey, silverKey, silverRunKey } from '../../../shared/cleanse.js'
import { compactLane, compactStateKey, type SilverFile, snapshotKey } from '../../../shared/compact.js'
import { holdKey } from '../../../shared/lane.js'
import type { Item, Value } from '../../../shared/ledger.js'
import { inputKey, type Run, runKey } from '../../../shared/run.js'
import type { Prepared } from '../../../shared/start-run.js'
import { type Parts, parts } from '../../fakes/parts.js'
import { testProject } from '../../fakes/project.js'

const E = 'market_data'
const DAY = '2026/03/01'
let own: Parts
beforeEach(() => {
  own = parts()
})
const put = (item: Item) => own.ledger.write({ put: item })
const head = (entity: string, count: number) => put({ ...silverHeadKey(entity), count })
const entries = (entity: string) => own.ledger.all(`ENTRY#${compactLane(entity)}`)

describe('a request to compact', () => {
  const asks = (detail: object) =>
    compactionAsked(
      { ...own.starts.compact, project: testProject },
      { 'detail-type': 'Compaction Requested', detail: { requestId: 'q1', ...detail } as never },
    )

  test('of every entity asks for those with new silver, in the order of their names', async () => {
    await head('transactions', 2)
    await head('market_data', 1)
    await head('notes', 3)
    await put({ ...compactStateKey(E), ordinal: 1, upTo: 1 })
    expect(await asks({ by: 'schedule' })).toEqual({ did: 'asked for notes, transactions' })
    expect(entries(E)).toEqual([])
    const [entry] = entries('transactions')
    expect(entry).toMatchObject({ entity: 'transactions', requestId: 'q1', by: 'schedule' })
    expect(entry).not.toHaveProperty('today')
  })

  test('of one entity asks for that one only, behind whatever else waits', async () => {
    await head('transactions', 1)
    await head(E, 1)
    expect(await asks({ entity: E, today: true })).toEqual({ did: `asked for ${E}` })
    expect(entries('transactions')).toEqual([])
    const [entry] = entries(E)
    expect(entry).toMatchObject({ today: true })
    expect(entry).not.toHaveProperty('by')
    const runs = own.ledger.all('RUN#').filter(({ SK }) => SK === 'META')
    expect(runs).toMatchObject([{ kind: 'compact', subject: E, priority: 'low' }])
  })

  test('is refused of an entity that nobody declares, and asks for nothing without new silver', async () => {
    await head('toString', 1)
    expect(await asks({ entity: 'toString' })).toEqual({ did: 'refused: there is no entity "toString"' })
    expect(await asks({ entity: E })).toEqual({ did: 'no entity has new silver' })
    expect(own.ledger.all('ENTRY#')).toEqual([])
  })

  test('is followed by the start of the run that is ready', async () => {
    const detail = { runId: 'r9', kind: 'compact', subject: E } as never
    const asked = { 'detail-type': 'Compaction Ready' as const, detail }
    const effects = { ...own.starts.compact, project: testProject }
    await expect(compactionAsked(effects, asked)).resolves.toMatchObject({ runId: 'r9' })
  })
})

describe('a start', () => {
  const run = { runId: 'c1', attempt: 1, subject: E, kind: 'compact', lane: compactLane(E) } as Run
  const silver = (number: number, day: string, bytes: number) =>
    put({ ...silverRunKey(E, number), runId: `r${number}`, ordinal: number, days: [day], bytes: [bytes] })
  const asked = (name: string, input: { [name: string]: Value }) =>
    put({ ...inputKey('c1', `ENTRY#${name}`), input })
  const start = async () => (await own.starts.compact.prepare(run, 1)) as Prepared & { unchanged?: string }
  const state = () => own.ledger.get(compactStateKey(E))
  const LARGE = 10 ** 12

  test('plans one job for all days with small files', async () => {
    await silver(1, DAY, 10)
    await silver(2, DAY, 20)
    await silver(3, '2026/02/28', LARGE)
    await put({ ...compactStateKey(E), ordinal: 4, upTo: 0 })
    const { plan, shown, engine, request } = await start()
    const file = (number: number, day: string, bytes: number): SilverFile => ({
      ...{ key: silverKey(E, day, `r${number}`, 0), bytes, from: number, upTo: number },
    })
    const files = [file(1, DAY, 10), file(2, DAY, 20)]
    expect(plan).toMatchObject({
      ...{ version: 1, kind: 'compact', run_id: 'c1', attempt: 1, entity: E, engine: 'duckdb' },
      groups: [{ day: DAY, files }],
      ...{ silver_bucket: 'silver', pending_prefix: '_pending/run=c1/attempt=1/' },
      report_uri: 's3://artifacts/runs/c1/attempt=1/report.json',
      ...{ base: 4, up_to: 3, more: false },
      days: [
        { day: DAY, before: null, kept: [] },
        { day: '2026/02/28', before: null, kept: [file(3, '2026/02/28', LARGE)] },
      ],
    })
    expect(shown).toEqual({ files: 2, bytes: 30, days: 2, base: 4, upTo: 3 })
    expect(engine).toBe('duckdb')
    expect(JSON.stringify(request)).toContain('s3://artifacts/runs/c1/attempt=1/plan.json')
  })

  test('goes to Spark by its bytes in all, or as the contract says', async () => {
    const many = (count: number) => ({ days: Array(count).fill(DAY), bytes: Array(count).fill(500) })
    await put({ ...silverRunKey(E, 1), runId: 'r1', ordinal: 1, ...many(1_999) })
    expect((await start()).engine).toBe('duckdb')
    await put({ ...silverRunKey(E, 1), runId: 'r1', ordinal: 1, ...many(2_000) })
    expect((await start()).engine).toBe('spark')
    for (const [entity, engine] of [
      ['notes', 'spark'],
      ['of_yesterday', 'duckdb'],
    ] as const) {
      for (const number of [1, 2])
        await put({ ...silverRunKey(entity, number), ordinal: number, days: [DAY], bytes: [1], runId: 'r' })
      const other = { ...run, subject: entity } as Run
      expect(await own.starts.compact.prepare(other, 1)).toMatchObject({ engine })
    }
  })

  test('looks at today if one of those who asked wants it', async () => {
    const today = new Date(own.clock.now()).toISOString().slice(0, 10).replaceAll('-', '/')
    await silver(1, today, 10)
    await silver(2, today, 10)
    expect(await start()).toEqual({ unchanged: 'no small files in 0 days' })
    expect(await state()).toBeUndefined()
    await asked('night', { requestId: 'n' })
    await asked('ada', { requestId: 'a', today: true })
    expect(await start()).toMatchObject({ shown: { files: 2 } })
  })

  test('notes days without small files as they are, and a second one looks at what is new only', async () => {
    await silver(1, DAY, LARGE)
    expect(await start()).toEqual({ unchanged: 'no small files in 1 days' })
    expect(await state()).toEqual({ ...compactStateKey(E), upTo: 1, ordinal: 0 })
    const kept = { key: silverKey(E, DAY, 'r1', 0), bytes: LARGE, from: 1, upTo: 1 }
    const snapshot = { ...snapshotKey(E, DAY), day: DAY, upTo: 1, files: [kept], by: 'c1' }
    expect(await own.ledger.get(snapshotKey(E, DAY))).toEqual(snapshot)
    await silver(2, DAY, LARGE)
    expect(await start()).toEqual({ unchanged: 'no small files in 1 days' })
    expect(await own.ledger.get(snapshotKey(E, DAY))).toMatchObject({ upTo: 2, files: [{}, {}] })
    expect(await state()).toMatchObject({ upTo: 2 })
    expect(await start()).toEqual({ unchanged: 'no small files in 0 days' })
  })

  test.each([
    ['looked further', compactStateKey(E), { upTo: 7, ordinal: 0 }],
    ['moved the day', snapshotKey(E, DAY), { day: DAY, upTo: 1, files: [], by: 'another' }],
  ])('notes nothing where another one has %s meanwhile', async (_what, key, item) => {
    for (const before of [false, true]) {
      own = parts()
      await silver(1, DAY, LARGE)
      if (before) await start()
      await silver(2, DAY, LARGE)
      const { ledger } = own
      const write = ledger.write.bind(ledger)
      ledger.write = async (...writes) => {
        await write({ put: { ...key, ...item } as Item })
        return write(...writes)
      }
      await start()
      expect(await ledger.get(key)).toMatchObject(item)
      const untouched = key.SK === 'STATE' ? await ledger.get(snapshotKey(E, DAY)) : await state()
      expect(untouched?.upTo).toBe(before ? 1 : undefined)
    }
  })

  test('goes through ten stretches without small files, and the next one goes on', async () => {
    const day = (n: number) => new Date(Date.UTC(2020, 0, n)).toISOString().slice(0, 10).replaceAll('-', '/')
    for (let n = 1; n <= 60 * 10 + 5; n += 1) await silver(n, day(n), LARGE)
    expect(await start()).toEqual({ unchanged: 'no small files in 600 days' })
    expect(await state()).toMatchObject({ upTo: 600 })
    expect(await start()).toEqual({ unchanged: 'no small files in 5 days' })
  })

  test('finds small files behind a stretch without any', async () => {
    const day = (n: number) => new Date(Date.UTC(2020, 0, n)).toISOString().slice(0, 10).replaceAll('-', '/')
    for (let n = 1; n <= 60; n += 1) await silver(n, day(n), LARGE)
    await silver(61, DAY, 1)
    await silver(62, DAY, 1)
    expect(await start()).toMatchObject({ plan: { up_to: 62 }, shown: { files: 2, days: 1 } })
  })

  test('does nothing while rows are deleted on request', async () => {
    await silver(1, DAY, 1)
    await silver(2, DAY, 1)
    await put({ ...holdKey(`cleanse:${E}`), holder: 'f1' })
    await put({ ...runKey('f1') })
    await put({ ...inputKey('f1', 'FORGET#q'), input: { forget: 'q', column: 'symbol', by: 'ada' } })
    expect((await start()).unchanged).toContain('rows are being deleted')
    expect(await state()).toBeUndefined()
  })
})

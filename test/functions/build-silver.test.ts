import { beforeEach, describe, expect, test } from 'vitest'
import { movedDays } from '../../functions/3-transform/start-build/moved-days.js'
import { retryOf } from '../../functions/3-transform/start-build/retry-of.js'
import { newRuns } from '../../functions/3-transform/start-build/silver-runs.js'
import { silverKey, silverRunKey } from '../../shared/cleanse.js'
import { compactedKey, compactStateKey, snapshotKey } from '../../shared/compact.js'
import type { Item, Value } from '../../shared/ledger.js'
import { inputKey, type Run, runKey } from '../../shared/run.js'
import { FakeLedger } from '../fakes/ledger.js'

const E = 'trades'
const [ONE, TWO, THREE] = ['2026/03/01', '2026/03/02', '2026/03/03'] as const
let ledger: FakeLedger
beforeEach(() => {
  ledger = new FakeLedger({ pageItems: 2 })
})
const put = (item: Item) => ledger.write({ put: item })
const snapshot = (day: string, upTo: number, ...keys: string[]) => {
  const files = keys.map((key) => ({ key, bytes: 1, from: 1, upTo }))
  return put({ ...snapshotKey(E, day), day, upTo, files, by: 'c' })
}

describe('new silver', () => {
  beforeEach(async () => {
    for (const number of [1, 2, 3, 4, 5])
      await put({ ...silverRunKey(E, number), runId: `r${number}`, ordinal: number, days: [ONE] })
  })
  const numbers = async (range: { after: number; upTo?: number }) =>
    (await newRuns(ledger, 'silver', E, range)).map(({ number }) => number)

  test('is each run behind the last one that was built, up to what was promised', async () => {
    expect(await numbers({ after: 0 })).toEqual([1, 2, 3, 4, 5])
    expect(await numbers({ after: 2 })).toEqual([3, 4, 5])
    expect(await numbers({ after: 2, upTo: 4 })).toEqual([3, 4])
    expect(await numbers({ after: 2, upTo: 2 })).toEqual([])
    expect(await numbers({ after: 5 })).toEqual([])
  })

  test('lies in the files of its runs, or in those that compaction made of them', async () => {
    await snapshot(ONE, 4, 'compacted')
    expect(await newRuns(ledger, 'silver', E, { after: 3 })).toEqual([
      { run_id: 'r4', number: 4, files: ['s3://silver/compacted'] },
      { run_id: 'r5', number: 5, files: [`s3://silver/${silverKey(E, ONE, 'r5', 0)}`] },
    ])
  })

  test('beyond 200,000 runs is more than one build takes', async () => {
    const page = (count: number) => ({
      get: async () => undefined,
      index: async () => ({ items: [] }),
      query: async (_pk: string, { after }: { after?: string }) => ({
        items: Array(count).fill({ runId: 'r', ordinal: 1, days: [] }),
        ...(after?.startsWith('{') && { next: 'on' }),
      }),
    })
    const all = await newRuns(page(100_000), 'silver', E, { after: 0 })
    expect(all).toHaveLength(200_000)
    const more = newRuns(page(100_001), 'silver', E, { after: 0 })
    await expect(more).rejects.toThrow(`${E} has more than 200000 runs that no build has read`)
  })
})

describe('days that compaction has moved', () => {
  const compacted = async (...days: string[][]) => {
    await put({ ...compactStateKey(E), ordinal: days.length, upTo: 9 })
    for (const [place, ofOne] of days.entries())
      await put({ ...compactedKey(E, place + 1), runId: `c${place}`, days: ofOne })
  }
  const moved = (state?: { compactions?: Record<string, number> }) =>
    movedDays(ledger, 'silver', ['prices', E], state)

  test('are none where nothing was compacted', async () => {
    expect(await moved({})).toEqual({ days: {}, compactions: {} })
  })

  test('are those since the compaction that the database has followed, each once', async () => {
    await compacted([ONE], [TWO], [TWO, THREE])
    await snapshot(ONE, 1, 'a')
    await snapshot(TWO, 7, 'b', 'c')
    const found = await moved({ compactions: { [E]: 1 } })
    const file = (key: string) => ({ uri: `s3://silver/${key}`, from: 1, up_to: 7 })
    expect(found).toEqual({
      days: { [E]: [{ day: TWO, up_to: 7, files: [file('b'), file('c')] }] },
      compactions: { [E]: 3 },
    })
  })

  test('are all to a database from before the first, page by page, and none to a new one or one that knows', async () => {
    await compacted([ONE], [TWO], [THREE])
    for (const day of [ONE, TWO, THREE]) await snapshot(day, 1, 'a')
    const days = (found: Awaited<ReturnType<typeof moved>>) => found.days[E]?.map(({ day }) => day)
    expect(days(await moved({}))).toEqual([ONE, TWO, THREE])
    expect(days(await moved({ compactions: {} }))).toEqual([ONE, TWO, THREE])
    expect(await moved({ compactions: { [E]: 3 } })).toEqual({ days: {}, compactions: { [E]: 3 } })
    expect(await moved()).toEqual({ days: {}, compactions: { [E]: 3 } })
  })
})

describe('an attempt that repeats only what failed', () => {
  const task = { taskDefinition: 'dbt:7' }
  const facts = { base: 3, silverRuns: { [E]: 2 } }
  const failed = { ...facts, request: task }
  const run = (set: object = {}) => ({ runId: 'b2', attempt: 2, ...failed, ...set }) as unknown as Run
  const PATH = 'runs/b2/attempt=1/'
  let reports: Record<string, unknown>
  beforeEach(() => {
    reports = { [`${PATH}report.json`]: { partial_database: 's3://artifacts/half.duckdb' } }
  })
  const of = (one: Run, attempt: number) =>
    retryOf(
      { ledger, reports: { read: async (key) => reports[key] }, settings: { task } },
      one,
      attempt,
      facts,
    )

  test('follows the one before on the same base, silver and image', async () => {
    expect(await of(run(), 2)).toBe(PATH)
    for (const other of [
      { base: 2 },
      { silverRuns: { [E]: 1 } },
      { request: { taskDefinition: 'dbt:6' } },
      { request: undefined },
    ])
      expect(await of(run(other), 2)).toBeUndefined()
  })

  test('needs what the one before has left', async () => {
    for (const content of [undefined, {}, { partial_database: null }, { partial_database: 7 }]) {
      reports[`${PATH}report.json`] = content
      expect(await of(run(), 2)).toBeUndefined()
    }
  })

  test('follows the last attempt of the one parked run that it took up again', async () => {
    const took = (name: string, input: { [name: string]: Value }) => put({ ...inputKey('b2', name), input })
    const parked = (set: object = {}) =>
      put({ ...runKey('b1'), runId: 'b1', attempt: 4, ...failed, ...set } as unknown as Item)
    reports['runs/b1/attempt=4/report.json'] = { partial_database: 's3://artifacts/half.duckdb' }
    const first = () => of(run({ attempt: 1 }), 1)
    await parked()
    expect(await first()).toBeUndefined()
    await took('ENTRY#x', { selector: 'stg_a', silverRun: 'c1' })
    await took('RUN#b1', { run: 'b1' })
    expect(await first()).toBe('runs/b1/attempt=4/')
    await parked({ attempt: 0 })
    reports['runs/b1/attempt=0/report.json'] = reports['runs/b1/attempt=4/report.json']
    expect(await first()).toBeUndefined()
    await parked()
    await took('RUN#b0', { run: 'b0' })
    expect(await first()).toBeUndefined()
  })

  test.each<{ [name: string]: Value }>([
    { source: 'ads', syncId: 's1', selectors: ['stg_a'] },
    { mode: 'standard', domain: 'risk' },
  ])('is no parked one when somebody else wants what was loaded since: %o', async (input) => {
    await put({ ...runKey('b1'), runId: 'b1', attempt: 4, ...failed } as unknown as Item)
    reports['runs/b1/attempt=4/report.json'] = { partial_database: 's3://artifacts/half.duckdb' }
    await put({ ...inputKey('b2', 'RUN#b1'), input: { run: 'b1' } })
    expect(await of(run({ attempt: 1 }), 1)).toBe('runs/b1/attempt=4/')
    await put({ ...inputKey('b2', 'ENTRY#y'), input })
    expect(await of(run({ attempt: 1 }), 1)).toBeUndefined()
  })
})

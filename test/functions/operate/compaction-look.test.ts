import { describe, expect, test } from 'vitest'
import { choose, filesOf } from '../../../functions/operate/plan-compaction/choose.js'
import { look } from '../../../functions/operate/plan-compaction/look.js'
import { silverKey, silverRunKey } from '../../../shared/cleanse.js'
import {
  compactStateKey,
  type SilverFile,
  type SilverRunItem,
  type Snapshot,
  snapshotKey,
} from '../../../shared/compact.js'
import type { Item, LedgerReader } from '../../../shared/ledger.js'

const E = 'trades'
const DAY = '2026/03/01'
const NOON = Date.parse('2026-03-02T12:00:00Z')
const file = (from: number, bytes: number, key = `f${from}`): SilverFile => ({ key, bytes, from, upTo: from })
const names = (groups: SilverFile[][]) => groups.map((group) => group.map(({ key }) => key))

describe('which files of a day go together', () => {
  test('is told by the order of their runs, then of their keys, however they are listed', () => {
    const files = [file(2, 30, 'a'), file(1, 30, 'c'), file(1, 30, 'b'), file(1, 30, 'd')]
    const { groups, kept } = choose(files, 60)
    expect(names(groups)).toEqual([
      ['b', 'c'],
      ['d', 'a'],
    ])
    expect(kept).toEqual([])
    expect(choose([...files].reverse(), 60).groups).toEqual(groups)
  })

  test('leaves one that has the target, also between small ones', () => {
    const small = (from: number) => Array.from({ length: 5 }, (_, n) => file(from, 0, `${from}-${n}`))
    for (const bytes of [100, 250]) {
      const { groups, kept } = choose([...small(1), file(2, bytes), ...small(3)], 100)
      expect(groups).toEqual([[...small(1), ...small(3)]])
      expect(kept).toEqual([file(2, bytes)])
    }
  })

  test('writes a file again if it is below a quarter of the target, or others add a third, or they are many', () => {
    const goes = (...bytes: number[]) =>
      choose(
        bytes.map((one, n) => file(n, one)),
        100,
      ).groups.length
    expect([goes(24, 1), goes(25, 1), goes(75, 24), goes(75, 25)]).toEqual([1, 0, 0, 1])
    const zeros = (count: number) => Array.from({ length: count }, () => 0)
    expect([goes(90, ...zeros(8)), goes(90, ...zeros(9))]).toEqual([0, 1])
  })

  test('are those of the day in its snapshot and in the runs after it, with the place in their run', () => {
    const run = (ordinal: number, days: string[], bytes?: number[]): SilverRunItem => ({
      ...{ runId: `r${ordinal}`, ordinal, days },
      ...(bytes && { bytes }),
    })
    const snapshot = { upTo: 2, files: [file(1, 7)] } as unknown as Snapshot
    const runs = [run(1, [DAY]), run(2, [DAY]), run(3, ['2026/02/28', DAY], [1, 2]), run(4, [DAY])]
    const own = (runId: string, place: number, bytes: number, from: number) => ({
      ...{ key: silverKey(E, DAY, runId, place), bytes, from, upTo: from },
    })
    const unknown = Number.MAX_SAFE_INTEGER
    expect(filesOf(E, DAY, snapshot, runs)).toEqual([
      file(1, 7),
      own('r3', 1, 2, 3),
      own('r4', 0, unknown, 4),
    ])
    expect(filesOf(E, DAY, undefined, runs.slice(0, 1))).toEqual([own('r1', 0, unknown, 1)])
  })
})

describe('a look at an entity', () => {
  /** A ledger with these runs, the first of number 1, and these other items. */
  function ledgerOf(runs: { days: string[]; bytes?: number[] }[], items: Item[] = [], pageItems = 1_000) {
    const all = runs.map((run, place) => ({
      ...{ ...silverRunKey(E, place + 1), runId: `r${place + 1}`, ordinal: place + 1 },
      ...run,
    }))
    return {
      get: async ({ PK, SK }) => items.find((item) => item.PK === PK && item.SK === SK),
      query: async (_pk, { after, limit }) => {
        const begin = Number(/RUN#(\d+)/.exec(String(after))?.[1])
        const end = begin + Math.min(limit, pageItems)
        const next = end < all.length ? JSON.stringify(silverRunKey(E, end)) : undefined
        return { items: all.slice(begin, end) as unknown as Item[], ...(next && { next }) }
      },
      index: async () => ({ items: [] }),
    } satisfies LedgerReader
  }
  const looked = (ledger: LedgerReader, today = false) =>
    look({ ledger, clock: { now: () => NOON } }, E, { today, targetBytes: 100 })
  const days = (count: number) =>
    Array.from({ length: count }, (_, n) => new Date(Date.UTC(2020, 0, n + 1)).toISOString())
      .map((day) => day.slice(0, 10).replaceAll('-', '/'))
      .map((day) => ({ days: [day], bytes: [200] }))

  test('finds nothing in an empty silver', async () => {
    const state = { ordinal: 0, upTo: 0 }
    expect(await looked(ledgerOf([]))).toEqual({ state, upTo: 0, days: [], more: false })
  })

  test('goes on behind the last one, and plans each day with its snapshot', async () => {
    const before = [file(1, 10, 'old')]
    const items = [
      { ...compactStateKey(E), ordinal: 3, upTo: 1 },
      { ...snapshotKey(E, DAY), day: DAY, upTo: 1, files: before, by: 'c1' },
    ] as unknown as Item[]
    const runs = [{ days: [DAY] }, { days: [DAY], bytes: [20] }, { days: ['2026/02/28'], bytes: [30] }]
    const fresh = { key: silverKey(E, DAY, 'r2', 0), bytes: 20, from: 2, upTo: 2 }
    const alone = { key: silverKey(E, '2026/02/28', 'r3', 0), bytes: 30, from: 3, upTo: 3 }
    expect(await looked(ledgerOf(runs, items, 1))).toEqual({
      ...{ state: { ordinal: 3, upTo: 1 }, upTo: 3, more: false },
      days: [
        { day: DAY, before: 'c1', kept: [], groups: [[...before, fresh]] },
        { day: '2026/02/28', before: null, kept: [alone], groups: [] },
      ],
    })
  })

  test('stops at the first run with rows of a day that is not over, unless asked for today', async () => {
    const runs = [{ days: [DAY] }, { days: [DAY, '2026/03/02'] }, { days: [DAY] }]
    expect(await looked(ledgerOf(runs))).toMatchObject({ upTo: 1, more: false })
    expect(await looked(ledgerOf(runs), true)).toMatchObject({ upTo: 3, more: false })
    expect(await looked(ledgerOf([{ days: ['2026/03/02'] }]))).toMatchObject({ upTo: 0, days: [] })
  })

  test('takes sixty days at once, and leaves the rest to the next one', async () => {
    const sixty = await looked(ledgerOf(days(60)))
    expect([sixty.upTo, sixty.days.length, sixty.more]).toEqual([60, 60, false])
    const more = await looked(ledgerOf(days(61)))
    expect([more.upTo, more.days.length, more.more]).toEqual([60, 60, true])
  })

  test('counts a day once, in a run and among runs', async () => {
    const [first = { days: [] }] = days(1)
    const twice = { days: ['2019/01/01', '2019/01/01'], bytes: [200, 200] }
    const found = await looked(ledgerOf([...days(59), twice, first, first]))
    expect([found.upTo, found.days.length, found.more]).toEqual([62, 60, false])
    const beyond = await looked(ledgerOf([...days(59), { days: ['2019/01/01', '2019/01/02'] }]))
    expect([beyond.upTo, beyond.more]).toEqual([59, true])
  })

  test('takes 20,000 runs at once, and leaves the rest to the next one', async () => {
    const none = (count: number) => Array.from({ length: count }, () => ({ days: [] }))
    expect(await looked(ledgerOf(none(20_000)))).toMatchObject({ upTo: 20_000, more: false })
    expect(await looked(ledgerOf(none(20_001)))).toMatchObject({ upTo: 20_000, more: true })
  })

  test('gives up a day of more files than its snapshot can name, those that become one counted once', async () => {
    const apart = (count: number) => [{ days: Array.from({ length: count }, () => DAY) }]
    await expect(looked(ledgerOf(apart(1_501)))).rejects.toThrow(`${E} has more than 1500 files of ${DAY}`)
    const [found] = (await looked(ledgerOf(apart(1_500)))).days
    expect(found?.kept).toHaveLength(1_500)
    const small = [...apart(1_499), { days: [DAY, DAY], bytes: [1, 1] }]
    expect((await looked(ledgerOf(small))).days).toMatchObject([{ groups: [[{}, {}]] }])
    await expect(looked(ledgerOf([...apart(1_500), ...small.slice(1)]))).rejects.toThrow('1500 files')
  })
})

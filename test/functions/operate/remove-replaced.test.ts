import { beforeEach, expect, test } from 'vitest'
import { removeReplaced } from '../../../functions/operate/reconcile/remove-replaced.js'
import { compactStateKey, replacedKey, snapshotKey } from '../../../shared/compact.js'
import { holdKey } from '../../../shared/lane.js'
import type { Item } from '../../../shared/ledger.js'
import { inputKey, runKey } from '../../../shared/run.js'
import { FakeClock } from '../../fakes/clock.js'
import { FakeLedger } from '../../fakes/ledger.js'
import { testProject } from '../../fakes/project.js'

const E = 'market_data'
const [ONE, TWO] = ['2026/03/01', '2026/03/02'] as const
const BUILD = 'build:finance+risk'
const file = (key: string) => ({ key, bytes: 1, from: 1, upTo: 1 })
const plan = {
  ...{ entity: E, base: 0, up_to: 9, more: false, days: [] },
  groups: [
    { day: ONE, files: [file('a'), file('b')] },
    { day: TWO, files: [file('c'), file('d')] },
  ],
}

let ledger: FakeLedger
let clock: FakeClock
let removed: string[]
beforeEach(async () => {
  ledger = new FakeLedger()
  clock = new FakeClock()
  removed = []
  await due(0)
})
const put = (item: Item) => ledger.write({ put: item })
const at = (seconds: number) => new Date(clock.now() + seconds * 1_000).toISOString()
const due = (seconds: number) =>
  put({
    ...{ ...replacedKey('c1'), runId: 'c1', entity: E, attempt: 2, at: clock.now() - 7_200_000 },
    ...{ duePk: 'all', dueAt: at(seconds) },
  })
const item = () => ledger.get(replacedKey('c1'))
const remove = () =>
  removeReplaced(
    {
      ...{ ledger, clock, project: testProject },
      reports: { read: async (key) => (key === 'runs/c1/attempt=2/plan.json' ? plan : undefined) },
      removeObjects: async (keys) => {
        removed.push(...keys)
      },
    },
    'c1',
  )

test('the old files of a compaction go once its grace is over, and are asked for no more', async () => {
  await due(1)
  expect(await remove()).toBe('its grace is not over')
  expect([removed, (await item())?.dueAt]).toEqual([[], at(1)])
  clock.advance(1)
  expect(await remove()).toBe(`deleted 4 files that ${compactStateKey(E).PK} has replaced`)
  expect(removed).toEqual(['a', 'b', 'c', 'd'])
  expect(await item()).toMatchObject({ removed: 4, removedAt: clock.now() })
  for (const name of ['duePk', 'dueAt']) expect(await item()).not.toHaveProperty(name)
  expect(await remove()).toBe('its old files are gone')
})

test('a compaction that is not known has no old files', async () => {
  await ledger.write({ remove: replacedKey('c1') })
  expect(await remove()).toBe('its old files are gone')
})

test('a file that a snapshot names never goes', async () => {
  const day = (name: string, ...keys: string[]) =>
    put({ ...snapshotKey(E, name), day: name, upTo: 9, files: keys.map(file), by: 'c1' } as Item)
  await day(ONE, 'new', 'b')
  await day(TWO, 'c')
  expect(await remove()).toContain('deleted 2 files')
  expect(removed).toEqual(['a', 'd'])
})

test.each([
  ['began no later', '2026-03-02T05:00:00.000Z'],
  ['seems to have begun a minute later, by the clock of another function', '2026-03-02T05:01:00.000Z'],
])('a build that %s keeps them all, and is asked again later', async (_what, createdAt) => {
  await put({ ...holdKey(BUILD), holder: 'b1' })
  await put({ ...runKey('b1'), runId: 'b1', createdAt })
  expect(await remove()).toBe('build b1 may read the old files')
  expect(removed).toEqual([])
  expect(Date.parse(String((await item())?.dueAt))).toBeGreaterThan(clock.now())
})

test.each([
  [
    'began after it',
    { holder: 'b1' },
    [{ ...runKey('b1'), runId: 'b1', createdAt: '2026-03-02T05:01:00.001Z' }],
  ],
  ['nobody knows', { holder: 'b1' }, []],
  ['is over', {}, [{ ...runKey('undefined'), runId: 'x', createdAt: '2026-03-01T00:00:00Z' }]],
])('a build that %s keeps nothing', async (_what, hold, others) => {
  await put({ ...holdKey(BUILD), ...hold })
  for (const one of others) await put(one)
  expect(await remove()).toContain('deleted 4 files')
})

test('a deletion that is under way keeps them all', async () => {
  await put({ ...holdKey(`cleanse:${E}`), holder: 'f1' })
  await put({ ...inputKey('f1', 'FORGET#q'), input: { forget: 'q', column: 'symbol', by: 'ada' } })
  expect(await remove()).toBe('deletion f1 may read the old files')
  expect(removed).toEqual([])
})

test('another look that has put it off meanwhile is not overruled', async () => {
  const write = ledger.write.bind(ledger)
  ledger.write = async (...writes) => {
    await write({ update: replacedKey('c1'), set: { dueAt: at(300) } })
    return write(...writes)
  }
  await remove()
  expect(await item()).toMatchObject({ dueAt: at(300) })
  expect(await item()).not.toHaveProperty('removed')
})

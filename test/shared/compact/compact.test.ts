import { expect, test } from 'vitest'
import { silverKey } from '../../../shared/cleanse.js'
import {
  compactedKey,
  graceOf,
  keysOf,
  type SilverFile,
  type Snapshot,
  snapshotKey,
  snapshotsOf,
} from '../../../shared/compact.js'
import { BadInput } from '../../../shared/errors.js'
import { FakeLedger } from '../../fakes/ledger.js'

const E = 'trades'
const [ONE, TWO] = ['2026/03/01', '2026/03/02'] as const
const file = (key: string, from: number, upTo: number): SilverFile => ({ key, bytes: 1, from, upTo })
const snapshot = (upTo: number, ...files: SilverFile[]) => ({ upTo, files }) as unknown as Snapshot

test('the rows of a run lie in those files of its days that may hold them, each named once', () => {
  const run = (ordinal: number, ...days: string[]) => ({ runId: `r${ordinal}`, ordinal, days })
  const files = [file('early', 1, 3), file('middle', 3, 5), file('late', 6, 6)]
  const snapshots = new Map([[ONE, snapshot(6, ...files)]])
  const keys = (ordinal: number, ...days: string[]) => keysOf(E, run(ordinal, ...days), snapshots)
  expect(keys(1, ONE, ONE)).toEqual(['early'])
  expect(keys(3, ONE)).toEqual(['early', 'middle'])
  expect(keys(5, ONE)).toEqual(['middle'])
  expect(keys(6, ONE)).toEqual(['late'])
  const own = (day: string, ordinal: number, place: number) => silverKey(E, day, `r${ordinal}`, place)
  expect(keys(7, ONE)).toEqual([own(ONE, 7, 0)])
  expect(keys(1, TWO, ONE, TWO)).toEqual([own(TWO, 1, 0), 'early', own(TWO, 1, 2)])
})

test('snapshots are asked for once a day, and a day without one has none', async () => {
  const ledger = new FakeLedger()
  await ledger.write({ put: { ...snapshotKey(E, ONE), day: ONE, upTo: 1, files: [], by: 'c1' } })
  const asked: string[] = []
  const get = async (key: { PK: string; SK: string }) => {
    asked.push(key.SK)
    return ledger.get(key)
  }
  const found = await snapshotsOf({ get }, E, [ONE, TWO, ONE])
  expect([...found.keys()]).toEqual([ONE])
  expect(asked).toEqual([`DAY#${ONE}`, `DAY#${TWO}`])
})

test('compactions lie in the order of their numbers', () => {
  expect(compactedKey(E, 12)).toEqual({ PK: 'SILVER#trades', SK: 'COMPACTED#0000000012' })
})

test('a grace is an hour at least', () => {
  expect([graceOf('3600'), graceOf('3601')]).toEqual([3_600, 3_601])
  for (const wrong of ['3599', '', 'an hour']) {
    expect(() => graceOf(wrong)).toThrow(BadInput)
    expect(() => graceOf(wrong)).toThrow('the grace of compacted files is wrong')
    expect(() => graceOf(wrong)).toThrow(`3600 at least, longer than the longest query, not "${wrong}"`)
  }
})

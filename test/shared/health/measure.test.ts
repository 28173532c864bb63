import { beforeEach, describe, expect, test } from 'vitest'
import { buildStateKey, editionKey, goldPointerKey } from '../../../shared/build.js'
import { silverHeadKey, silverRunKey } from '../../../shared/cleanse.js'
import { earliest, measureLane } from '../../../shared/health/measure.js'
import { HISTORY_MAX } from '../../../shared/health/rows.js'
import { holdKey } from '../../../shared/lane.js'
import type { Key, Value } from '../../../shared/ledger.js'
import { qualityKey } from '../../../shared/quality.js'
import { runKey } from '../../../shared/run.js'
import { FakeLedger } from '../../fakes/ledger.js'

const at = (minute: number) => `2026-03-01T12:${String(minute).padStart(2, '0')}:00.000Z`
const lane = { lane: 'money', domains: ['finance'], entities: ['trades'], datasets: [] }

let ledger: FakeLedger
beforeEach(() => {
  ledger = new FakeLedger()
})
const keep = (key: Key, item: { [name: string]: Value }) => ledger.write({ put: { ...key, ...item } })
const built = (state: { [name: string]: Value }) =>
  keep(buildStateKey('build:money'), { ordinal: 1, silverRuns: {}, builtBy: 'b1', ...state })
const measured = () => measureLane({ ledger }, lane)
const entity = async () => (await measured()).entities[0]
const domain = async () => (await measured()).domains[0]

test('of an empty ledger nothing is known', async () => {
  const rows = { in: 0, out: 0, duplicates: 0, rejected: 0 }
  expect(await measured()).toEqual({
    ...{ lane, state: undefined, waitingSince: undefined },
    entities: [{ entity: 'trades', count: 0, built: 0, rows }],
    domains: [{ domain: 'finance', builds: [] }],
  })
})

describe('what is in silver', () => {
  beforeEach(async () => {
    await keep(silverHeadKey('trades'), { count: 2, rows: { in: 7 }, newestAt: at(9) })
    for (const place of [1, 2])
      await keep(silverRunKey('trades', place), { runId: `r${place}`, arrivedAt: at(place) })
  })

  test('waits for a build since the first run that none has read', async () => {
    const rows = { in: 7, out: 0, duplicates: 0, rejected: 0 }
    expect(await entity()).toMatchObject({ count: 2, built: 0, rows, newestAt: at(9), unbuiltSince: at(1) })
    await built({ silverRuns: { trades: 1 } })
    expect(await entity()).toMatchObject({ built: 1, unbuiltSince: at(2) })
  })

  test('waits for nothing once all of it is built, whatever else lies there', async () => {
    await built({ silverRuns: { trades: 2 } })
    // A run that is about to be committed is not in the head yet.
    await keep(silverRunKey('trades', 3), { runId: 'r3', arrivedAt: at(3) })
    expect(await entity()).toMatchObject({ built: 2, unbuiltSince: undefined })
  })

  test('came when its run came, or began, where the run itself does not say', async () => {
    await keep(silverRunKey('trades', 1), { runId: 'r1' })
    expect((await entity())?.unbuiltSince).toBeUndefined()
    await keep(runKey('r1'), { createdAt: at(5) })
    expect((await entity())?.unbuiltSince).toBe(at(5))
    await keep(runKey('r1'), { createdAt: at(5), arrivedAt: at(4) })
    expect((await entity())?.unbuiltSince).toBe(at(4))
  })
})

describe('what waits in a lane', () => {
  const waiting = (name: string, minute: number) =>
    keep({ PK: `LANE#${name}`, SK: `WAIT#${Date.parse(at(minute))}#x` }, { input: {} })
  const held = async (name: string, minute: number) => {
    await keep(holdKey(name), { holder: `of ${name}` })
    await keep(runKey(`of ${name}`), { createdAt: at(minute), arrivedAt: at(minute) })
  }

  test('came with the oldest entry, or with the run under way', async () => {
    await waiting('build:money', 8)
    await waiting('build:money', 9)
    expect((await measured()).waitingSince).toBe(at(8))
    await held('build:money', 3)
    expect((await measured()).waitingSince).toBe(at(3))
    await waiting('build:money', 2)
    expect((await measured()).waitingSince).toBe(at(2))
  })

  test('is nothing that the lane has closed or notes of itself', async () => {
    await keep(
      { PK: 'LANE#build:money', SK: `CLOSE#${Date.parse(at(1))}#x` },
      { input: { arrivedAt: at(1) } },
    )
    await keep(holdKey('build:money'), { holder: '' })
    expect((await measured()).waitingSince).toBeUndefined()
  })

  test('is asked of an entity in its own lane', async () => {
    await waiting('cleanse:trades', 8)
    expect(await measured()).toMatchObject({
      ...{ waitingSince: undefined, entities: [{ uncleansedSince: at(8) }] },
    })
  })
})

describe('a domain', () => {
  const pointer = (set: { [name: string]: Value } = {}) =>
    keep(goldPointerKey('finance'), { edition: 'e1', newest: 1, ...set })
  beforeEach(() => keep(runKey('b1'), { createdAt: at(7), arrivedAt: at(6) }))

  test('shows the edition that its pointer names', async () => {
    await keep(editionKey('finance', 'e1'), { ordinal: 1 })
    expect((await domain())?.edition).toBeUndefined()
    await pointer()
    expect(await domain()).toMatchObject({ pointer: { edition: 'e1' }, edition: { ordinal: 1 } })
  })

  test('is behind while a good build is newer than what was ever published', async () => {
    await built({ ordinal: 1 })
    expect((await domain())?.unpublishedSince).toBe(at(6))
    await pointer()
    expect((await domain())?.unpublishedSince).toBeUndefined()
    await built({ ordinal: 2 })
    expect((await domain())?.unpublishedSince).toBe(at(6))
  })

  test('is not behind where a person has rolled it back for good', async () => {
    await built({ ordinal: 2 })
    await pointer({ rollback: { holds: true } })
    expect((await domain())?.unpublishedSince).toBeUndefined()
    await pointer({ rollback: { holds: false } })
    expect((await domain())?.unpublishedSince).toBe(at(6))
  })

  test('has the last builds, newest first, with room for some that are newer than what is shown', async () => {
    for (let place = 10; place < 50; place += 1) await keep(qualityKey('finance', `e${place}`), {})
    const builds = (await domain())?.builds ?? []
    expect(builds.map(({ SK }) => SK).slice(0, 2)).toEqual(['QUALITY#e49', 'QUALITY#e48'])
    expect(builds).toHaveLength(HISTORY_MAX + 5)
  })
})

test('the earliest of some times is found among those that are known', () => {
  expect(earliest([undefined, at(3), at(1), undefined, at(2)])).toBe(at(1))
  expect(earliest([undefined])).toBeUndefined()
})

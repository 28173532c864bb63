import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compare } from '../../../bench/calls/compare.js'
import { startWorld, type World } from '../world.js'

const SET_UP_MILLISECONDS_MAX = 180_000

/** The small version of `npm run bench:calls`. */
describe('calls to AWS', () => {
  let world: World
  beforeAll(async () => {
    world = await startWorld()
  }, SET_UP_MILLISECONDS_MAX)
  afterAll(async () => {
    await world?.stop()
  })

  test('none is made more often after 1,000 runs than after 20, and nobody scans the ledger', async () => {
    const found = await compare(world, { small: 20, large: 1_000, rounds: 1 }, () => {})
    expect(found.grown).toEqual([])
    const names = [found.perRun, found.perFile, found.perTick, found.perRequest].flat().flatMap(Object.keys)
    expect(names.filter((name) => name.endsWith(' dynamodb:Scan'))).toEqual([])
    // Each file costs one transaction of its own, one read by the cleanse, and next to nothing else.
    const perFile = Object.values(found.perFile[1] ?? {}).reduce((sum, count) => sum + count, 0)
    expect(perFile).toBeLessThan(PER_FILE_MAX)
  })
})

const PER_FILE_MAX = 6

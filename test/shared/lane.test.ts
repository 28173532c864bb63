import { beforeEach, describe, expect, test } from 'vitest'
import { claim } from '../../shared/claim.js'
import { Contention } from '../../shared/errors.js'
import { inputsOf } from '../../shared/inputs.js'
import { BYTES_MAX, type Entry, holdKey, join, registerLane, release, seal } from '../../shared/lane.js'
import type { Ledger, Write } from '../../shared/ledger.js'
import { type Run, runKey } from '../../shared/run.js'
import { override } from '../fakes/faults.js'
import { type Parts, parts } from '../fakes/parts.js'

const LANE = 'cleanse:market_data'
let own: Parts
beforeEach(() => {
  own = parts()
})

const entry = (name: string, bytes = 1): Entry => ({
  owner: { PK: `FILE#${name}`, SK: 'META' },
  input: { key: name },
  bytes,
})
const joinAll = async (...names: string[]) => {
  for (const name of names) await join(own.world, LANE, entry(name))
}
const runOf = async (runId: string | undefined) => (await own.ledger.get(runKey(runId ?? ''))) as Run
const waiting = () => own.ledger.all(`LANE#${LANE}`).filter(({ SK }) => SK.startsWith('WAIT#'))
const inputs = async (runId: string | undefined) =>
  (await inputsOf(own.ledger, runId ?? '')).map(({ input }) => input.key)
/** The same world over a ledger whose writes a test gets into its hands. */
const withWrites = (write: (next: Ledger['write'], ...writes: Write[]) => ReturnType<Ledger['write']>) => ({
  ...own.world,
  ledger: override<Ledger>(own.ledger, {
    write: async (...writes) => write((...all) => own.ledger.write(...all), ...writes),
  }),
})
const isTake = (writes: Write[]) => writes.some((write) => 'update' in write && write.update.SK === 'HOLD')
const isFill = (writes: Write[]) => writes.some((write) => 'check' in write)

describe('joining', () => {
  test('remembers the owner with its lane, so that the same entry joins once', async () => {
    expect(await join(own.world, LANE, entry('a'))).toBe('joined')
    expect(await join(own.world, LANE, entry('a'))).toBe('known')
    expect(waiting()).toHaveLength(1)
    expect(await own.ledger.get({ PK: 'FILE#a', SK: 'META' })).toMatchObject({ lane: LANE })
  })

  test('knows an entry again after its run has taken it and even later', async () => {
    await joinAll('a')
    await claim(own.world, LANE)
    own.clock.advance(3_600)
    expect(await join(own.world, LANE, entry('a'))).toBe('known')
    expect(waiting()).toEqual([])
  })

  test('registers a lane once, where the reconciler finds it', async () => {
    await registerLane(own.world, LANE)
    const first = own.ledger.all('LANES')
    own.clock.advance(60)
    await registerLane(own.world, LANE)
    expect(own.ledger.all('LANES')).toEqual(first)
  })
})

describe('claiming', () => {
  test('takes all that waits into one run that is ready, and says so once', async () => {
    await joinAll('a', 'b')
    const runId = await claim(own.world, LANE)
    expect(await runOf(runId)).toMatchObject({ state: 'READY', attempt: 0, tries: 0, lane: LANE })
    expect(await inputs(runId)).toEqual(['a', 'b'])
    expect(own.bus.seen).toEqual([{ name: 'Batch Ready', detail: { runId, correlationId: runId } }])
    expect(await own.ledger.get({ PK: 'FILE#a', SK: 'META' })).toMatchObject({ run: runId })
  })

  test('creates no run while nothing waits', async () => {
    expect(await claim(own.world, LANE)).toBeUndefined()
    expect(own.ledger.all()).toEqual([])
  })

  test('leaves a late file to the next batch', async () => {
    await joinAll('a')
    const first = await claim(own.world, LANE)
    await joinAll('late')
    expect(await claim(own.world, LANE)).toBeUndefined()
    expect(await inputs(first)).toEqual(['a'])
    expect(waiting()).toHaveLength(1)
  })

  test('takes first come first, whatever the names are', async () => {
    for (const name of ['z', 'm', 'a']) {
      await joinAll(name)
      own.clock.advance(1)
    }
    expect(waiting().map(({ owner }) => owner)).toEqual(['FILE#z', 'FILE#m', 'FILE#a'])
  })

  test.each([1_000, 100])('lands 1,000 entries in one run when a page holds %i', async (pageItems) => {
    own = parts({ pageItems })
    await joinAll(...Array.from({ length: 1_000 }, (_, n) => `file-${n}`))
    const runId = await claim(own.world, LANE)
    expect(new Set(await inputs(runId)).size).toBe(1_000)
    expect(waiting()).toEqual([])
    expect(await runOf(runId)).toMatchObject({ state: 'READY' })
    expect(own.bus.details('Batch Ready')).toEqual([{ runId, correlationId: runId }])
  })

  test('takes an entry above the byte bound alone', async () => {
    await join(own.world, LANE, entry('huge', BYTES_MAX + 1))
    own.clock.advance(1)
    await joinAll('small')
    expect(await inputs(await claim(own.world, LANE))).toEqual(['huge'])
    expect(waiting().map(({ owner }) => owner)).toEqual(['FILE#small'])
  })

  test('takes the longest prefix within the byte bound, and no smaller entry from behind it', async () => {
    for (const [name, share] of [
      ['a', 0.5],
      ['b', 0.5],
      ['c', 0.1],
    ] as const) {
      await join(own.world, LANE, entry(name, BYTES_MAX * share))
      own.clock.advance(1)
    }
    expect(await inputs(await claim(own.world, LANE))).toEqual(['a', 'b'])
  })
})

describe('claiming against others', () => {
  test('only the claimer takes: of many claims at once one gets the lane, and every entry is in its run', async () => {
    await joinAll(...Array.from({ length: 70 }, (_, n) => `file-${n}`))
    const claims = await Promise.all([1, 2, 3, 4].map(() => claim(own.world, LANE)))
    const won = claims.filter((runId) => runId !== undefined)
    expect(won).toHaveLength(1)
    expect(await inputs(won[0])).toHaveLength(70)
    expect(own.ledger.all('RUN#').filter(({ SK }) => SK === 'META')).toHaveLength(1)
  })

  test('recognises its own take when the answer was lost', async () => {
    await joinAll('a')
    const world = withWrites(async (next, ...writes) => {
      const answer = await next(...writes)
      if (isTake(writes)) throw new Contention('the answer was lost')
      return answer
    })
    const runId = await claim(world, LANE)
    expect(runId).toBeDefined()
    expect(await own.ledger.get(holdKey(LANE))).toMatchObject({ holder: runId })
    expect(own.bus.details('Batch Ready')).toEqual([{ runId, correlationId: runId }])
  })

  test('tries again when somebody else took an entry meanwhile', async () => {
    await joinAll('a', 'b')
    let rounds = 0
    const world = withWrites(async (next, ...writes) => {
      if (isTake(writes) && rounds++ === 0)
        await next({ remove: { PK: waiting()[0]?.PK ?? '', SK: waiting()[0]?.SK ?? '' } })
      return next(...writes)
    })
    expect(await inputs(await claim(world, LANE))).toEqual(['b'])
  })

  test('throws after five contended rounds, and leaves everything waiting', async () => {
    await joinAll('a')
    let rounds = 0
    const world = withWrites((next, ...writes) => {
      if (!isTake(writes)) return next(...writes)
      rounds += 1
      throw new Contention('TransactionConflict')
    })
    await expect(claim(world, LANE)).rejects.toThrow(Contention)
    expect(rounds).toBe(5)
    expect(waiting()).toHaveLength(1)
    expect(own.bus.seen).toEqual([])
  })

  test('never reads an unknown error as contention', async () => {
    await joinAll('a')
    const world = withWrites(() => Promise.reject(new Error('access denied')))
    await expect(claim(world, LANE)).rejects.toThrow('access denied')
  })
})

describe('filling a large batch', () => {
  const names = Array.from({ length: 80 }, (_, n) => `file-${String(n).padStart(2, '0')}`)

  test('stops at a page that is contended, and what it kept is the whole run', async () => {
    await joinAll(...names)
    const world = withWrites((next, ...writes) => {
      if (isFill(writes)) throw new Contention('TransactionConflict')
      return next(...writes)
    })
    const runId = await claim(world, LANE)
    expect(await inputs(runId)).toHaveLength(32)
    expect(waiting()).toHaveLength(48)
    expect(await runOf(runId)).toMatchObject({ state: 'READY' })
  })

  test('takes nothing more once somebody has sealed the run', async () => {
    await joinAll(...names)
    const world = withWrites(async (next, ...writes) => {
      const runId = own.ledger.all('RUN#').find(({ state }) => state === 'FILLING')?.runId
      if (isFill(writes)) await seal(own.world, String(runId))
      return next(...writes)
    })
    const runId = await claim(world, LANE)
    expect(await inputs(runId)).toHaveLength(32)
    expect(waiting()).toHaveLength(48)
  })

  test('starts nothing while the run is still filling', async () => {
    await joinAll(...names)
    let seen: string[] = []
    const world = withWrites((next, ...writes) => {
      if (isFill(writes)) seen = own.bus.seen.map(({ name }) => name)
      return next(...writes)
    })
    await claim(world, LANE)
    expect(seen).toEqual([])
    expect(own.bus.details('Batch Ready')).toHaveLength(1)
  })
})

test('a late release never frees the next holder', async () => {
  await joinAll('a')
  const runId = await claim(own.world, LANE)
  expect(await own.ledger.write(release(LANE, 'an-older-run'))).toEqual({ done: false, refused: [0] })
  expect((await own.ledger.get(holdKey(LANE)))?.holder).toBe(runId)
})

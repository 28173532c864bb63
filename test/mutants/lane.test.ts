import { beforeEach, describe, expect, test } from 'vitest'
import { claim } from '../../shared/claim.js'
import { Contention } from '../../shared/errors.js'
import {
  BYTES_MAX,
  ENTRIES_MAX,
  type Entry,
  holdKey,
  join,
  NEW_LANE_SECONDS,
  registerLane,
  seal,
} from '../../shared/lane.js'
import type { Item, Ledger, Query, Write } from '../../shared/ledger.js'
import { moveRun, type Run, runKey } from '../../shared/run.js'
import { override } from '../fakes/faults.js'
import { type Parts, parts } from '../fakes/parts.js'

/** What single mutants of the lane would break, and no story of the other tests has told. */
const LANE = 'cleanse:market_data'
let own: Parts
beforeEach(() => {
  own = parts()
})

const entry = (name: string): Entry => ({
  owner: { PK: `FILE#${name}`, SK: 'META' },
  input: { key: name },
  bytes: 1,
})
const joinAll = async (...names: string[]) => {
  for (const name of names) await join(own.world, LANE, entry(name))
}
const many = (count: number) =>
  Array.from({ length: count }, (_, place) => `f${String(place).padStart(5, '0')}`)
const runOf = async (runId: string | undefined) => (await own.ledger.get(runKey(runId ?? ''))) as Run
const taken = (runId: string | undefined) =>
  own.ledger.all(`RUN#${runId}`).filter(({ SK }) => SK.startsWith('IN#')).length
const put = (item: Item) => own.ledger.write({ put: item })
const over = (methods: Partial<Ledger>) => ({ ...own.world, ledger: override<Ledger>(own.ledger, methods) })

describe('joining', () => {
  test('sorts by arrival also where the number of milliseconds has fewer digits', async () => {
    await join({ ...own.world, clock: { ...own.clock, now: () => 5, newId: () => 'x' } }, LANE, entry('a'))
    expect(await own.ledger.get({ PK: 'FILE#a', SK: 'META' })).toMatchObject({
      waitSk: 'WAIT#0000000000005#FILE#a',
    })
  })

  test('never writes over what waits in its place', async () => {
    const SK = `WAIT#${String(own.clock.now()).padStart(13, '0')}#FILE#a`
    await put({ PK: `LANE#${LANE}`, SK, owner: 'other' })
    expect(await join(own.world, LANE, entry('a'))).toBe('known')
    expect(await own.ledger.get({ PK: `LANE#${LANE}`, SK })).toMatchObject({ owner: 'other' })
  })
})

describe('claiming', () => {
  test('does not read what waits while the lane is held', async () => {
    await joinAll('a')
    await claim(own.world, LANE)
    await joinAll('b')
    const query = async (): Promise<never> => {
      throw new Error('it read what waits')
    }
    expect(await claim(over({ query }), LANE)).toBeUndefined()
  })

  test('gives way at once to somebody who took the lane since', async () => {
    await joinAll('a')
    let reads = 0
    const get: Ledger['get'] = async (key) => {
      const item = await own.ledger.get(key)
      if (key.SK !== 'HOLD') return item
      reads += 1
      if (reads === 1) await put({ ...holdKey(LANE), holder: 'another' })
      return reads === 1 ? undefined : own.ledger.get(key)
    }
    expect(await claim(over({ get }), LANE)).toBeUndefined()
    expect(reads).toBe(2)
  })

  test('says which lane was contended, and how often', async () => {
    await joinAll('a')
    const write = async (): Promise<never> => {
      throw new Contention('busy')
    }
    await expect(claim(over({ write }), LANE)).rejects.toThrow(`lane ${LANE} was contended in 5 rounds`)
  })

  test('writes one transaction for what fits into one, and reads the holder once', async () => {
    await joinAll('a', 'b')
    const writes: Write[][] = []
    let reads = 0
    const world = over({
      write: async (...all) => {
        writes.push(all)
        return own.ledger.write(...all)
      },
      get: async (key) => {
        if (key.SK === 'HOLD') reads += 1
        return own.ledger.get(key)
      },
    })
    const runId = await claim(world, LANE)
    expect(writes).toHaveLength(1)
    expect(reads).toBe(1)
    expect((await runOf(runId)).history).toEqual([{ at: expect.stringContaining('T'), state: 'READY' }])
  })

  test('never writes over a run that exists', async () => {
    await joinAll('a')
    await put({ ...runKey('taken'), runId: 'taken', state: 'COMMITTED' })
    const clock = { now: () => own.clock.now(), newId: () => 'taken' }
    await expect(claim({ ...own.world, clock }, LANE)).rejects.toThrow(Contention)
    expect(await runOf('taken')).toMatchObject({ state: 'COMMITTED' })
  })

  test.each([
    ['FILE#a', { run: 'old' }],
    ['RUN#a', { state: 'REPLAYED', into: 'old' }],
    ['RUN#a', { state: 'PARKED' }],
  ])('takes no entry whose owner %s is %o', async (owner, is) => {
    await put({ PK: owner, SK: 'META', ...is })
    await put({ PK: `LANE#${LANE}`, SK: `WAIT#1#${owner}`, owner, bytes: 1 })
    await expect(claim(own.world, LANE)).rejects.toThrow(Contention)
    expect(await own.ledger.get({ PK: owner, SK: 'META' })).toMatchObject(is)
  })
})

describe('the bounds of a run', () => {
  test('reads 50 pages of what waits at most', async () => {
    own = parts({ pageItems: 1 })
    await joinAll(...many(60))
    expect(taken(await claim(own.world, LANE))).toBe(50)
  })

  test('takes as many entries as a run may have, and no more', async () => {
    const lane = 'build:finance'
    for (const owner of many(ENTRIES_MAX.build + 1)) {
      await put({ PK: `ENTRY#${owner}`, SK: 'META' })
      await put({ PK: `LANE#${lane}`, SK: `WAIT#${owner}`, owner: `ENTRY#${owner}`, bytes: 0 })
    }
    expect(taken(await claim(own.world, lane))).toBe(ENTRIES_MAX.build)
  })

  test('takes exactly as many bytes as a run may have', async () => {
    await join(own.world, LANE, { ...entry('a'), bytes: BYTES_MAX - 1 })
    await join(own.world, LANE, entry('b'))
    await join(own.world, LANE, entry('c'))
    expect(taken(await claim(own.world, LANE))).toBe(2)
  })

  test.each([32, 33, 64, 96])('takes %i entries in whole pages', async (count) => {
    await joinAll(...many(count))
    const runId = await claim(own.world, LANE)
    expect(taken(runId)).toBe(count)
    expect((await runOf(runId)).state).toBe('READY')
  })

  test('takes no page after one that was refused', async () => {
    await joinAll(...many(100))
    let pages = 0
    const write: Ledger['write'] = async (...all) => {
      if (!all.some((one) => 'check' in one)) return own.ledger.write(...all)
      pages += 1
      return pages === 1 ? { done: false, refused: [0] } : own.ledger.write(...all)
    }
    expect(taken(await claim(over({ write }), LANE))).toBe(32)
    expect(pages).toBe(1)
  })

  test('takes no page after one that was contended', async () => {
    await joinAll(...many(100))
    let pages = 0
    const write: Ledger['write'] = async (...all) => {
      if (!all.some((one) => 'check' in one)) return own.ledger.write(...all)
      pages += 1
      if (pages === 1) throw new Contention('busy')
      return own.ledger.write(...all)
    }
    expect(taken(await claim(over({ write }), LANE))).toBe(32)
  })

  test('asks for each page from where the last one ended', async () => {
    const asked: Query[] = []
    own = parts({ pageItems: 2 })
    await joinAll('a', 'b', 'c')
    const query: Ledger['query'] = async (pk, ask) => {
      asked.push(ask)
      return own.ledger.query(pk, ask)
    }
    await claim(over({ query }), LANE)
    expect(asked.map(({ after, prefix, limit }) => [Boolean(after), prefix, limit])).toEqual([
      [false, 'WAIT#', 1_000],
      [true, 'WAIT#', 1_000],
    ])
  })
})

describe('an entry with a waiver', () => {
  const waived = async (name: string, at: number) => {
    await put({ PK: `RUN#${name}`, SK: 'META', state: 'REPLAYED' })
    const waiver = { by: 'me', why: 'known' }
    await put({ PK: `LANE#${LANE}`, SK: `WAIT#${at}#RUN#${name}`, owner: `RUN#${name}`, bytes: 1, waiver })
  }

  test('goes alone when it is first, and its run carries the waiver', async () => {
    await waived('p', 1)
    await joinAll('a')
    const runId = await claim(own.world, LANE)
    expect(taken(runId)).toBe(1)
    expect((await runOf(runId)).waiver).toEqual({ by: 'me', why: 'known' })
  })

  test('waits for the next run when it is not first, and waives nothing of this one', async () => {
    await joinAll('a')
    await waived('p', 9)
    const runId = await claim(own.world, LANE)
    expect(taken(runId)).toBe(1)
    expect((await runOf(runId)).waiver).toBeUndefined()
  })
})

describe('a build lane that shares a domain', () => {
  const enter = async (lane: string) => {
    await registerLane(own.world, lane)
    await join(own.world, lane, { owner: { PK: `ENTRY#${lane}`, SK: 'META' }, input: {}, bytes: 0 })
  }
  const both = async () => {
    await enter('build:finance')
    await enter('build:finance+risk')
    own.clock.advance(NEW_LANE_SECONDS)
  }

  test('is told as contended, not as held, when nobody holds it or the other', async () => {
    await both()
    const write = async (): Promise<never> => {
      throw new Contention('busy')
    }
    await expect(claim(over({ write }), 'build:finance+risk')).rejects.toThrow(Contention)
  })

  test.each(['build:finance', 'build:a'])(
    'is too new by its own age, whatever that of %s is',
    async (old) => {
      const lane = old === 'build:a' ? 'build:a+b' : 'build:b+finance'
      await enter(old)
      own.clock.advance(NEW_LANE_SECONDS)
      await enter(lane)
      expect(await claim(own.world, lane)).toBeUndefined()
      own.clock.advance(NEW_LANE_SECONDS - 1)
      expect(await claim(own.world, lane)).toBeUndefined()
      own.clock.advance(1)
      expect(await claim(own.world, lane)).toBeDefined()
    },
  )

  test('is too new while no registry knows it', async () => {
    await enter('build:finance')
    const lane = 'build:finance+risk'
    await join(own.world, lane, { owner: { PK: 'ENTRY#x', SK: 'META' }, input: {}, bytes: 0 })
    expect(await claim(own.world, lane)).toBeUndefined()
  })

  test('has nothing to do with a cleanse whose entity is called like a domain', async () => {
    await registerLane(own.world, 'cleanse:finance')
    await enter('build:finance')
    expect(await claim(own.world, 'build:finance')).toBeDefined()
  })

  test('checks 20 others at most', async () => {
    for (let n = 0; n < 25; n += 1) await registerLane(own.world, `build:finance+d${n}`)
    await enter('build:finance')
    own.clock.advance(NEW_LANE_SECONDS)
    let checks = 0
    const write: Ledger['write'] = async (...all) => {
      checks += all.filter((one) => 'check' in one).length
      return own.ledger.write(...all)
    }
    await claim(over({ write }), 'build:finance')
    expect(checks).toBe(20)
  })
})

describe('sealing', () => {
  test('never takes a run back that is under way', async () => {
    await joinAll('a')
    const runId = (await claim(own.world, LANE)) as string
    await own.ledger.write(moveRun(own.clock, runId, 'RUNNING', { when: [] }))
    const told = own.bus.seen.length
    await seal(own.world, runId)
    expect((await runOf(runId)).state).toBe('RUNNING')
    expect(own.bus.seen).toHaveLength(told)
  })
  test('does nothing to a run that nobody knows', async () => {
    await expect(seal(own.world, 'unknown')).resolves.toBeUndefined()
    expect(own.ledger.all('RUN#')).toEqual([])
  })
})

import { describe, expect, test } from 'vitest'
import { WAITING_MAX } from '../../../shared/backfill/live.js'
import { placeOf } from '../../../shared/backfill/place.js'
import { World } from './world.js'

async function started(parallel = 4): Promise<World> {
  const world = new World(parallel)
  await world.create('b1')
  await world.look()
  return world
}

/** Delivers and ends all that is under way, by events alone: no reconciler, and no time passes. */
async function finish(world: World): Promise<void> {
  while (world.events.length > 0 || world.live().length > 0) {
    while (world.events.length > 0) await world.deliver()
    if (world.live().length > 0) await world.end(0, 'well')
  }
}

describe('a backfill', () => {
  test('asks for as many chunks as may run at once, each in a lane of its own', async () => {
    const world = await started()
    expect(world.events).toMatchObject([
      {
        name: 'Extract Requested',
        detail: { requestId: 'backfill:b1:2020-01-01', slot: 0, backfillId: 'b1' },
      },
      { name: 'Extract Requested', detail: { window: { from: '2020-01-11', to: '2020-01-21' }, slot: 1 } },
    ])
    while (world.events.length > 0) await world.deliver()
    expect(world.live().map(({ lane }) => lane)).toEqual(['extract:market:0', 'extract:market:1'])
  })

  test('goes on chunk by chunk to its end, and frees the place of its source', async () => {
    const world = await started()
    await world.rest()
    expect(await world.get()).toMatchObject({
      state: 'done',
      done: 6,
      slots: {},
      spent: { chunks: 6, days: 60, files: 6, rows: 60 },
    })
    expect([...world.goodRuns().values()].map((runs) => runs.length)).toEqual([1, 1, 1, 1, 1, 1])
    expect(world.chunks()).toHaveLength(6)
    expect(await placeOf(world.store, 'market')).toBeUndefined()
    expect(world.most).toBe(2)
  })

  test('asks again for a chunk whose request was lost, and for no other', async () => {
    const world = await started()
    world.lose()
    await world.deliver()
    world.events.splice(0)
    world.clock.advance(300)
    await world.reconcile()
    const requests = world.events.filter(({ name }) => name === 'Extract Requested')
    expect(requests).toMatchObject([{ detail: { requestId: 'backfill:b1:2020-01-01' } }])
  })

  test('runs only the failed chunks again when it is resumed', async () => {
    const world = await started()
    while (world.events.length > 0) await world.deliver()
    await world.end(0, 'hopeless')
    await world.rest()
    expect(await world.get()).toMatchObject({ state: 'failed', done: 5, failed: [{ place: 0 }] })
    const before = world.runs().length
    await world.ask('resume')
    await world.rest()
    expect(await world.get()).toMatchObject({ state: 'done', done: 6, failed: [] })
    expect(world.runs().length).toBe(before + 1)
    expect(world.goodRuns().get('2020-01-01')).toHaveLength(1)
  })

  test('lets nothing go while it is paused, and goes on where it was', async () => {
    const world = await started()
    await world.ask('pause')
    await world.rest()
    expect(await world.get()).toMatchObject({ state: 'paused', done: 2, released: 2 })
    await world.ask('resume')
    await world.rest()
    expect(await world.get()).toMatchObject({ state: 'done', done: 6 })
  })

  test('starts nothing more once it is cancelled, not even what waits in a lane', async () => {
    const world = await started()
    await world.deliver()
    await world.ask('cancel')
    await world.rest()
    expect(await world.get()).toMatchObject({ state: 'cancelled', done: 0, released: 2, slots: {} })
    expect(world.chunks().map(({ state }) => state)).toEqual(['cancelled', 'cancelled'])
    expect(await placeOf(world.store, 'market')).toBeUndefined()
  })

  test('of a source waits for the one before it', async () => {
    const world = await started()
    await world.create('b2', { from: '2021-01-01', to: '2021-01-11' })
    await world.look('b2')
    expect(await world.get('b2')).toMatchObject({
      released: 0,
      heldBy: 'backfill b1 of the same source goes first',
    })
    await world.look('b2')
    expect(await placeOf(world.store, 'market')).toMatchObject({ backfillId: 'b1', waiting: ['b2'] })
    await finish(world)
    expect(await world.get()).toMatchObject({ state: 'done' })
    expect(await world.get('b2')).toMatchObject({ state: 'done', done: 1 })
    expect(await placeOf(world.store, 'market')).toBeUndefined()
  })

  test('of a source misses no end of the one before it, however late it comes to wait', async () => {
    const world = await started()
    await world.create('b2', { from: '2021-01-01', to: '2021-01-11' })
    // Its first write says that it rests, its second that it waits: before that one the other ends.
    const goOn = world.stalled('ledger.write', 'b2', 2)
    await finish(world)
    expect(await world.get()).toMatchObject({ state: 'done' })
    await goOn()
    await finish(world)
    expect(await world.get('b2')).toMatchObject({ state: 'done', done: 1 })
  })

  test('of a source that ends while another one comes to wait tells that one too', async () => {
    const world = await started()
    await world.create('b2', { from: '2021-01-01', to: '2021-01-11' })
    await world.ask('pause')
    while (world.events.length > 0) await world.deliver()
    for (let run = 0; run < 2; run += 1) await world.end(0, 'well')
    world.lose(1)
    world.lose(0)
    // The look that takes in both ends has read the place, and then somebody comes.
    const goOn = world.stalled('ledger.write')
    await world.look('b2')
    await goOn()
    await finish(world)
    expect(await world.get('b2')).toMatchObject({ state: 'done', done: 1 })
  })
})

describe('an invocation that dies', () => {
  test('after a failed chunk was let go again leaves the run parked: the next look puts it back, as the same try', async () => {
    const world = new World()
    await world.create('b1', { parallel: 1, to: '2020-01-11' })
    await world.look()
    await world.deliver()
    await world.end(0, 'badly')
    world.faults.crashAtEffect('ledger.write', 'after')
    await world.look()
    expect(world.faults.isDead()).toBe(true)
    expect((await world.get()).slots['0']).toMatchObject({ again: expect.any(String), tries: 2 })
    expect(world.runs().map(({ state }) => state)).toEqual(['PARKED'])
    await world.look()
    expect((await world.get()).slots['0']).toMatchObject({ tries: 2 })
    expect(world.runs().map(({ state }) => state)).toEqual(['REPLAYED', 'READY'])
    await world.rest()
    expect(await world.get()).toMatchObject({ state: 'done', failed: [] })
  })

  test('slowly writes nothing over what others did meanwhile', async () => {
    const world = await started()
    while (world.events.length > 0) await world.deliver()
    await world.end(0, 'well')
    const goOn = world.stalled('ledger.write')
    for (let turn = 0; turn < 4; turn += 1) await world.deliver(0)
    await world.end(0, 'well')
    await world.look()
    const before = await world.get()
    expect(before.done).toBe(2)
    await goOn()
    expect(await world.get()).toMatchObject({ done: 2, released: before.released, version: before.version })
  })

  test('keeps no late backfill in front of the others: each drive makes it late anew', async () => {
    const world = await started()
    while (world.events.length > 0) await world.deliver()
    world.clock.advance(300)
    const { dueAt } = await world.get()
    await world.reconcile()
    const after = await world.get()
    expect(String(after.dueAt) > String(dueAt)).toBe(true)
    expect(after.version).toBe(2)
  })
})

describe('live traffic goes first', () => {
  const wait = (world: World, lane: string, count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, place) =>
        world.store.write({ put: { PK: `LANE#${lane}`, SK: `WAIT#${place}`, owner: 'FILE#x', bytes: 1 } }),
      ),
    )
  const room = async (prepare: (world: World) => Promise<unknown>, limit = 4) => {
    const world = new World(limit)
    await world.create('b1', { parallel: 4 })
    await prepare(world)
    await world.look()
    const { slots, heldBy } = await world.get()
    return { world, released: Object.keys(slots).length, heldBy }
  }

  test('a live extraction that waits holds every chunk back, and one look later is asked for', async () => {
    const { world, released, heldBy } = await room((one) => wait(one, 'extract:market', 1))
    expect([released, heldBy]).toEqual([0, 'a live extraction waits'])
    await world.look()
    expect(world.delayed).toHaveLength(1)
    // A minute by one clock is less by another one: the next look is put off all the same.
    world.clock.advance(50)
    await world.look()
    expect(world.delayed).toHaveLength(2)
    await world.store.write({ remove: { PK: 'LANE#extract:market', SK: 'WAIT#0' } })
    world.clock.advance(60)
    world.events.push(...world.delayed.splice(0))
    await world.deliver()
    expect(Object.keys((await world.get()).slots)).toHaveLength(4)
  })

  test('a live extraction that runs counts against the limit of the source', async () => {
    const hold = { PK: 'LANE#extract:market', SK: 'HOLD', holder: 'r' }
    expect(await room((world) => world.store.write({ put: hold }))).toMatchObject({ released: 3 })
    expect(await room((world) => world.store.write({ put: hold }), 1)).toMatchObject({ released: 0 })
  })

  test.each([
    ['cleanse:market_data', WAITING_MAX.cleanse],
    ['build:finance+risk', WAITING_MAX.build],
  ])('a backed up lane %s holds every chunk back', async (lane, most) => {
    expect(await room((world) => wait(world, lane, most))).toMatchObject({ released: 0 })
    expect(await room((world) => wait(world, lane, most - 1))).toMatchObject({ released: 4 })
  })

  test('a source that is not declared any more lets nothing go', async () => {
    const { heldBy } = await room(async (world) => void delete world.project.sources.market)
    expect(heldBy).toContain('no source "market"')
  })
})

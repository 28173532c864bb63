import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chunkAt, chunkCount } from '../../../shared/backfill/range.js'
import { type End, World } from './world.js'

const SEED = 20_260_302

describe('whatever is lost, doubled, late or dies', () => {
  const act = fc.oneof(
    { weight: 6, arbitrary: fc.record({ deliver: fc.nat(9), again: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ lose: fc.nat(9) }) },
    { weight: 2, arbitrary: fc.record({ looks: fc.integer({ min: 2, max: 3 }) }) },
    { weight: 2, arbitrary: fc.record({ stall: fc.nat(12) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        end: fc.nat(3),
        how: fc.constantFrom<End>('well', 'well', 'badly', 'badly', 'hopeless'),
      }),
    },
    { weight: 1, arbitrary: fc.record({ pass: fc.integer({ min: 60, max: 600 }) }) },
    { weight: 1, arbitrary: fc.record({ ask: fc.constantFrom('pause' as const, 'resume' as const) }) },
  )
  const crash = fc.record({
    call: fc.integer({ min: 1, max: 200 }),
    when: fc.constantFrom('before' as const, 'after' as const),
  })
  type Act = {
    deliver?: number
    again?: boolean
    lose?: number
    looks?: number
    stall?: number
    end?: number
    how?: End
    pass?: number
    ask?: 'pause' | 'resume'
  }

  async function live(world: World, acts: Act[]): Promise<void> {
    const stalled: (() => Promise<void>)[] = []
    for (const { deliver, again, lose, looks, stall, end, how, pass, ask } of acts) {
      const some = Math.max(1, world.events.length)
      if (deliver !== undefined) await world.deliver(deliver % some, again)
      if (lose !== undefined) world.lose(lose % some)
      if (looks) await Promise.all(Array.from({ length: looks }, () => world.look()))
      if (end !== undefined && how) await world.end(end, how)
      if (pass !== undefined) {
        world.clock.advance(pass)
        await world.reconcile()
      }
      if (ask) await world.ask(ask)
      // A look that stalled goes on when another one stalls: what it has read is old by then.
      if (stall !== undefined) {
        await stalled.pop()?.()
        stalled.push(world.stalled(stall))
      }
    }
    for (const goOn of stalled) await goOn()
  }

  test('each chunk ends in exactly one good run, and no more run at once than may', async () => {
    const property = fc.asyncProperty(
      fc.array(act, { maxLength: 60 }),
      fc.array(crash, { maxLength: 3 }),
      fc.integer({ min: 1, max: 3 }),
      async (acts, crashes, parallel) => {
        const world = new World(3)
        world.faults.crashAt(...crashes)
        await world.create('b1', { parallel })
        await world.look()
        await live(world, acts as Act[])
        world.faults.crashAt()
        await world.rest()
        for (let resumed = 0; (await world.get()).state !== 'done' && resumed < 3; resumed += 1) {
          await world.ask('resume')
          await world.rest()
        }
        const backfill = await world.get()
        expect(backfill).toMatchObject({ state: 'done', slots: {}, failed: [] })
        const windows = Array.from(
          { length: chunkCount(backfill) },
          (_, place) => chunkAt(backfill, place).from,
        )
        expect([...world.goodRuns().keys()].sort()).toEqual(windows)
        expect([...world.goodRuns().values()].filter((runs) => runs.length !== 1)).toEqual([])
        expect(world.chunks().filter(({ state }) => state !== 'done')).toEqual([])
        expect(world.most).toBeLessThanOrEqual(parallel)
      },
    )
    await fc.assert(property, { numRuns: 150, seed: SEED })
  })

  test('a cancelled backfill lets nothing go any more, and comes to rest', async () => {
    const property = fc.asyncProperty(
      fc.array(act, { maxLength: 30 }),
      fc.array(act, { maxLength: 20 }),
      fc.array(crash, { maxLength: 2 }),
      async (before, after, crashes) => {
        const world = new World(3)
        world.faults.crashAt(...crashes)
        await world.create('b1')
        await world.look()
        await live(world, before as Act[])
        const cancelled = await world.ask('cancel')
        const released = world.chunks().length
        const good = [...world.goodRuns().values()].flat().length
        await live(world, after as Act[])
        world.faults.crashAt()
        await world.rest()
        if (!cancelled) return
        expect(await world.get()).toMatchObject({ state: 'cancelled', slots: {}, holdsSource: false })
        expect(world.chunks()).toHaveLength(released)
        expect([...world.goodRuns().values()].flat()).toHaveLength(good)
      },
    )
    await fc.assert(property, { numRuns: 100, seed: SEED })
  })
})

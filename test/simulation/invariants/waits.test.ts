import { describe, expect, it } from 'vitest'
import { Waits } from '../waits.js'
import { forget, NOW, put, type World } from './good-world.js'
import { judge, objects, type Wrong } from './judging.js'

const LANE = 'LANE#cleanse:market_data'
const wait = (more: object) => ({ PK: LANE, SK: 'WAIT#1#FILE#f1', owner: 'FILE#f1', ...more })
const waiting = (more: object) => (world: World) => put(world, wait(more))
/** A claim takes all that waits into a run. */
const taken = (world: World) => {
  for (const { PK, SK } of [...world.items.values()]) if (SK.startsWith('WAIT#')) forget(world, PK, SK)
  put(world, { PK: LANE, SK: 'HOLD', holder: 'c1' })
}
const EARLY = 'a claim takes only what is ready, and what settles along with it'
const later = NOW + 60_000
const closing = (at: number) => ({ closes: 'prices', notBefore: later, landedAt: at })

describe('what waits in a lane', () => {
  const wrong: Wrong[] = [
    [EARLY, 'nothing that was taken was ready', taken, waiting({ notBefore: later })],
    [EARLY, 'was taken before a sync of prices closed', taken, waiting(closing(NOW))],
    [
      EARLY,
      'was taken before a sync of prices closed',
      (world) => {
        taken(world)
        put(world, { PK: LANE, SK: 'CLOSE#prices', at: NOW - 10_000 })
      },
      waiting(closing(NOW)),
    ],
    [
      'at rest every finished sync of a warehouse was heard by a build lane, and its run has ended',
      'was heard by no build lane',
      (world) => {
        world.project.sources.ads = { feeds: [] }
        put(world, { PK: 'SYNC#1', SK: 'META', syncId: '1', source: 'ads' })
      },
    ],
  ]
  it.each(wrong)('is held to: %s, "%s"', (...one) => objects(one))

  it('may be taken when it is ready, or along with what is', () => {
    const early = (...before: object[]) =>
      judge(taken, (world) => {
        for (const [place, more] of before.entries())
          put(world, { ...wait(more), SK: `WAIT#${place}#FILE#f${place}` })
        put(world, { PK: LANE, SK: 'CLOSE#prices', at: NOW })
      }).filter(({ invariant }) => invariant === EARLY)
    expect(early({})).toEqual([])
    expect(early({ notBefore: later }, {})).toEqual([])
    expect(early({ notBefore: NOW })).toEqual([])
    expect(early(closing(NOW + 1_000))).toEqual([])
  })

  it('is claimed when it is ready and the lane is free, some ticks later at most', () => {
    const waits = new Waits(true)
    const ready = [wait({ notBefore: NOW - 60_000 })]
    const found = [1, 2, 3, 4].map(() => waits.look(ready, NOW))
    expect(found).toEqual([[], [], [], [`${LANE} WAIT#1#FILE#f1 is ready for 4 ticks`]])
    const held = [...ready, { PK: LANE, SK: 'HOLD', holder: 'c1' }]
    for (const _ of [1, 2, 3, 4]) expect(waits.look(held, NOW)).toEqual([])
  })
})

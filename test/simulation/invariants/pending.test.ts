import { describe, it } from 'vitest'
import { item, put, type World } from './good-world.js'
import { objects, type Wrong } from './judging.js'

const DOMAIN = 'DOMAIN#finance'
const edition = (name: string, values: object) => (world: World) =>
  Object.assign(item(world, DOMAIN, `EDITION#${name}`), values)

/** A newer edition that readers see before its tests have run, which its run of mode `test` was to say. */
function pending(world: World): void {
  put(world, { ...item(world, 'RUN#b1'), PK: 'RUN#b2', runId: 'b2', mode: 'fast' })
  const shown = { ordinal: 2, runId: 'b2', state: 'pending' }
  put(world, { ...item(world, DOMAIN, 'EDITION#b1-1'), SK: 'EDITION#b2-1', ...shown })
  const { passed: _, ...exported } = world.editions.get('finance/b1-1') as { passed?: boolean }
  world.editions.set('finance/b2-1', { ...exported, edition: 'b2-1' } as never)
  world.editionTables.add('finance/b2-1')
}
const tests = (values: object) => (world: World) => {
  const tested = { edition: 'b2-1', domains: ['finance'] }
  const run = { ...item(world, 'RUN#p1'), PK: 'RUN#b3', runId: 'b3', kind: 'build', lane: 'build:finance' }
  put(world, { ...run, mode: 'test', tested, ...values })
  put(world, { PK: 'ENTRY#build:finance#tests:b2-1', SK: 'META', lane: 'build:finance', run: 'b3', tested })
}
const DECIDE = 'only its tests, or a person, say of a pending edition that it has passed or failed'
const FOLLOW = 'what was published before its tests is tested, or its tests are parked'
const SHOWN = 'readers see no edition that failed its tests where they have seen a good one'
const KNOWN = 'what failed its tests is called failed once they have ended'

const wrongs: Wrong[] = [
  [
    DECIDE,
    'finance/b2-1 is called passed, its tests: undefined',
    edition('b2-1', { state: 'passed' }),
    pending,
  ],
  [
    DECIDE,
    'finance/b2-1 is called failed, its tests: undefined',
    edition('b2-1', { state: 'failed' }),
    pending,
  ],
  [FOLLOW, 'finance/b2-1 is pending, and nobody tests it', pending],
  [
    FOLLOW,
    'finance/b2-1 is pending, and nobody tests it',
    (world) => {
      pending(world)
      tests({ state: 'COMMITTED' })(world)
    },
  ],
  [
    SHOWN,
    'finance/b2-1 has failed and is shown, and finance/b1-1 is good',
    (world) => {
      pending(world)
      edition('b2-1', { state: 'failed' })(world)
      Object.assign(item(world, DOMAIN, 'GOLD'), { edition: 'b2-1' })
    },
  ],
  [
    KNOWN,
    'finance/b2-1 failed its tests and is called pending',
    (world) => {
      pending(world)
      tests({ state: 'PARKED', gate: 'failed' })(world)
    },
  ],
]

describe('the invariants of editions that are published before their tests', () => {
  it.each(wrongs)('%s: %s %#', (...wrong) => objects(wrong))
})

import { describe, expect, it } from 'vitest'
import { event, item, NOW, put, type World } from './good-world.js'
import { judge, objects, type Wrong } from './judging.js'

const iso = (milliseconds: number) => new Date(milliseconds).toISOString()
const MINUTE = 60_000
const DOMAIN = 'DOMAIN#finance'
const set = (sk: string, values: object) => (world: World) => Object.assign(item(world, DOMAIN, sk), values)

/** A second edition of the same build's kind, newer than the one that is shown. */
function newer(world: World): void {
  const begun = { createdAt: iso(NOW - 5 * MINUTE) }
  put(world, { ...item(world, 'RUN#b1'), PK: 'RUN#b2', runId: 'b2', ...begun })
  put(world, { ...item(world, DOMAIN, 'EDITION#b1-1'), SK: 'EDITION#b2-1', ordinal: 2, runId: 'b2' })
  world.editions.set('finance/b2-1', { ...world.editions.get('finance/b1-1'), edition: 'b2-1' })
  world.editionTables.add('finance/b2-1')
}

const asked = { requestId: 'q1', from: 'b2-1', by: 'ada', why: 'it is wrong', at: iso(NOW - 4 * MINUTE) }
/** A person who went back from the newer edition to the first one. */
function rolledBack(world: World): void {
  newer(world)
  const record = { ...asked, domain: 'finance', to: 'b1-1', state: 'done' }
  put(world, { PK: 'ROLLBACK#q1', SK: 'META', ...record })
  set('GOLD', { newest: 2, flip: 3, rollback: { ...asked, holds: true } })(world)
  world.events.push({ ...event('e5', 'Rollback Requested', 'publish-gold'), detail: { requestId: 'q1' } })
  put(world, { PK: 'EVENT#e5', SK: 'publish-gold', outcome: 'done', did: 'its work' })
}
const show = (edition: string, values: object) => (world: World) => {
  set('GOLD', { edition: `${edition}-1`, runId: edition, ...values })(world)
  world.goldTables.set('daily_summary', { edition: `${edition}-1`, domain: 'finance' })
}
const BACK = 'a gold pointer never goes back by itself'
const NEWEST = 'a domain publishes its newest edition, or the one that a person went back to'

const wrongs: Wrong[] = [
  [
    BACK,
    'went from b2-1 (2) to b1-1 (1)',
    show('b1', { ordinal: 1, flip: 3 }),
    (world) => {
      newer(world)
      show('b2', { ordinal: 2, newest: 2, flip: 2 })(world)
    },
  ],
  [
    BACK,
    'and counts 7 after 1 moves',
    (world) => show('b2', { ordinal: 2, newest: 2, flip: 7 })(world),
    newer,
  ],
  [BACK, 'moved to where it was', set('GOLD', { flip: 2 })],
  [
    BACK,
    'whose build began before the rollback',
    (world) => {
      newer(world)
      put(world, { ...item(world, 'RUN#b2'), PK: 'RUN#b3', runId: 'b3', createdAt: iso(NOW - 9 * MINUTE) })
      show('b3', { ordinal: 3, newest: 3, flip: 4, rollback: undefined })(world)
    },
    rolledBack,
  ],
  [
    NEWEST,
    'finance publishes b1-1, and should publish b2-1',
    (world) => {
      rolledBack(world)
      set('GOLD', { rollback: undefined })(world)
    },
  ],
  [
    NEWEST,
    'EDITION#b2-1 is newer',
    (world) => {
      newer(world)
      set('EDITION#b2-1', { publishedAt: undefined })(world)
    },
  ],
  [
    'the edition that readers see is whole, and nobody gives it up',
    'is given up',
    set('EDITION#b1-1', { retiredAt: iso(NOW) }),
  ],
  [
    'the edition that readers see is whole, and nobody gives it up',
    'has lost files',
    (world) => world.editions.set('finance/b1-1', { ...world.editions.get('finance/b1-1'), goneAt: NOW }),
  ],
  [
    'no file of an edition goes before the grace',
    'went 60000 ms after it was given up',
    (world) => {
      newer(world)
      set('EDITION#b2-1', { retiredAt: iso(NOW - MINUTE) })(world)
      world.editions.set('finance/b2-1', { ...world.editions.get('finance/b2-1'), goneAt: NOW })
    },
  ],
  [
    'an edition is told to be deleted when its files are gone, and not before',
    'its files are there',
    (world) => {
      newer(world)
      set('EDITION#b2-1', { retiredAt: iso(NOW), deletedAt: iso(NOW) })(world)
    },
  ],
  [
    'each edition that can be shown has tables of its own',
    'finance/b1-1 was published and has no table of its own',
    (world) => world.editionTables.clear(),
  ],
  [
    'what dashboards read is there for the shown edition, and goes with a deleted one',
    'nothing of finance/b1-1 is precomputed',
    (world) => world.artifacts.delete('dashboards/domain=finance/edition=b1-1/overview-0.json'),
  ],
  [
    'what dashboards read is there for the shown edition, and goes with a deleted one',
    'finance/b2-1 is deleted, and what was precomputed is there',
    (world) => {
      newer(world)
      set('EDITION#b2-1', { deletedAt: iso(NOW) })(world)
      world.artifacts.set('dashboards/domain=finance/edition=b2-1/overview-0.json', {})
    },
  ],
]

describe('the invariants of editions', () => {
  it.each(wrongs)('%s: %s', (...wrong) => objects(wrong))

  it('let a person go back, once for a request', () => {
    const from = (world: World) => {
      newer(world)
      show('b2', { ordinal: 2, newest: 2, flip: 2 })(world)
    }
    const to = (world: World) => {
      rolledBack(world)
      show('b1', { ordinal: 1, flip: 3 })(world)
    }
    expect(judge(to, from)).toEqual([])
  })

  it('let a rollback keep an edition from readers that began before it', () => {
    const held = (world: World) => {
      rolledBack(world)
      set('EDITION#b2-1', { publishedAt: iso(NOW - 6 * MINUTE) })(world)
      put(world, { ...item(world, 'RUN#b2'), PK: 'RUN#b3', runId: 'b3', createdAt: iso(NOW - 9 * MINUTE) })
      const edition = { ...item(world, DOMAIN, 'EDITION#b2-1'), SK: 'EDITION#b3-1', ordinal: 3, runId: 'b3' }
      put(world, { ...edition, publishedAt: undefined })
      put(world, { PK: 'ENTRY#publish:finance#gold:b3', SK: 'META', heldBy: 'q1', current: false })
    }
    const own = judge(held).filter(({ invariant }) => invariant === NEWEST)
    expect(own).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import { item, put, type World } from './good-world.js'
import { judge, objects, type Wrong } from './judging.js'

const AT_REST = 'at rest what each finished sync brought was exported, or its build is parked'
const STEP =
  'a sync ends without a job only when a build has exported what it brought, or another lane has it'
const ENTRY = 'ENTRY#build:finance#sync:s1'

/** A sync of a warehouse that the good world's build has taken in. */
function told(world: World): void {
  world.project.sources.ads = { feeds: [], warehouse: { domain: 'finance' } }
  put(world, { PK: 'SYNC#s1', SK: 'META', syncId: 's1', source: 'ads', outcome: 'finished' })
  put(world, { PK: ENTRY, SK: 'META', syncId: 's1', lane: 'build:finance', run: 'b1' })
  world.editions.set('finance/b1-1', { ...world.editions.get('finance/b1-1'), syncs: ['s1'] })
}
const exported = (more: object) => (world: World) => {
  told(world)
  world.editions.set('finance/b1-1', { ...world.editions.get('finance/b1-1'), ...more })
}
/** Another run of its lane took the sync, and ended without a job. */
const idle = (world: World) => {
  const run = { runId: 'b2', kind: 'build', lane: 'build:finance', subject: 'finance', attempt: 0 }
  const ended = { state: 'COMMITTED', unchanged: 'nothing new', endedAt: '2026-03-02T10:00:00.000Z' }
  put(world, { PK: 'RUN#b2', SK: 'META', tries: 0, ...run, ...ended })
  put(world, { PK: 'RUN#b2', SK: `IN#${ENTRY}`, input: { syncId: 's1', source: 'ads' } })
}
const wrongly = (name: string, change: (world: World) => void, before?: (world: World) => void) =>
  judge(change, before).filter(({ invariant }) => invariant === name)

describe('what a sync has brought', () => {
  const wrong: Wrong[] = [
    [AT_REST, 'what sync s1 of ads brought is in no edition of finance', exported({ syncs: [] })],
    [AT_REST, 'what sync s1 of ads brought is in no edition of finance', exported({ complete: false })],
    [STEP, 'RUN#b2 ends with sync s1, which is in no edition of finance', idle, exported({ syncs: [] })],
  ]
  it.each(wrong)('is held to: %s, "%s"', (...one) => objects(one))

  it('is with readers, or waits for a person, or is none of ours', () => {
    expect(wrongly(AT_REST, told)).toEqual([])
    expect(wrongly(STEP, idle, told)).toEqual([])
    const parked = (world: World) => {
      exported({ syncs: [] })(world)
      item(world, ENTRY).run = 'p1'
    }
    expect(wrongly(AT_REST, parked)).toEqual([])
    const failed = (world: World) => {
      exported({ syncs: [] })(world)
      item(world, 'SYNC#s1').outcome = 'failed'
    }
    expect(wrongly(AT_REST, failed)).toEqual([])
  })

  it('may have moved to the lane that a deployment gave its domain', () => {
    const moved = (world: World) => {
      exported({ syncs: [] })(world)
      put(world, { PK: 'ENTRY#build:other#moved:b2:s1', SK: 'META', syncId: 's1', lane: 'build:other' })
    }
    expect(wrongly(STEP, idle, moved)).toEqual([])
  })
})

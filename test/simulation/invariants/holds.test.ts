import { describe, expect, it } from 'vitest'
import { event, evidenceOf, forget, goodWorld, item, NOW, put } from './good-world.js'
import { invariants } from './index.js'
import { judge } from './judging.js'
import { changesOf, itemAt, itemsUnder } from './reading.js'

describe('the invariants', () => {
  it('have nothing to say about a good world, with and without a step before it', () => {
    expect(judge(() => {})).toEqual([])
    const alone = evidenceOf(goodWorld())
    expect(invariants.flatMap(({ check }) => check(alone))).toEqual([])
  })

  it('have names of their own', () => {
    const names = invariants.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })

  it('take a run that is put back for waiting, and its files with it', () => {
    const putBack = judge((world) => {
      Object.assign(item(world, 'RUN#p1'), { state: 'REPLAYED' })
      put(world, { PK: 'LANE#cleanse:transactions', SK: 'WAIT#9#RUN#p1', owner: 'RUN#p1' })
    })
    expect(putBack.map(({ invariant }) => invariant).sort()).toEqual([
      'at rest every file is committed, parked, quarantined, or ignored with a reason',
      'every run reaches an end',
      'no entry waits and no lane is held at rest',
    ])
  })

  it('let a parked build explain why the published edition lacks a silver run', () => {
    const found = judge((world) => {
      const entry = 'ENTRY#build:finance#silver:c1'
      put(world, {
        ...item(world, 'RUN#p1'),
        PK: 'RUN#b2',
        runId: 'b2',
        kind: 'build',
        lane: 'build:finance',
      })
      Object.assign(item(world, entry), { run: 'b2' })
      world.editions.set('finance/b1-1', { ...world.editions.get('finance/b1-1'), silverRuns: [] })
    })
    expect(found.map(({ what }) => what).filter((what) => what.startsWith('finance publishes'))).toEqual([])
  })

  it('let a build be over before anybody was told, when the alert stage has heard of it', () => {
    const over = (heard: boolean) =>
      judge((world) => {
        put(world, {
          ...item(world, 'RUN#p1'),
          PK: 'RUN#b0',
          runId: 'b0',
          kind: 'build',
          lane: 'build:finance',
        })
        const [first] = world.jobs
        if (first)
          world.jobs.push({ ...first, kind: 'build', runId: 'b0', job: 'j2', endedAt: NOW - 3_600_000 })
        if (heard) put(world, { PK: 'ENTRY#alert#run:b0', SK: 'META' })
      }).filter(({ invariant }) => invariant === 'every parked run stands in an incident')
    expect(over(true)).toEqual([])
    expect(over(false)).toHaveLength(1)
  })

  it('let a dead-lettered event rest without a fate', () => {
    const found = judge((world) => {
      const dead = event('e9', 'Gold Built', 'publish-gold')
      world.events.push({
        ...dead,
        deadLettered: true,
        deliveries: [{ stage: 'publish-gold', result: 'threw' }],
      })
    })
    expect(found).toEqual([])
  })
})

describe('reading the ledger', () => {
  it('finds what a step changed by walking both sides once', () => {
    const before = goodWorld()
    const after = { ...goodWorld(), items: new Map(before.items) }
    put(after, { ...item(after, 'RUN#c1'), job: 'other' })
    put(after, { PK: 'LANES', SK: 'new' })
    forget(after, 'EVENT#e1', 'plan-build')
    const changes = changesOf(evidenceOf(after, before))
    const told = changes.map((change) => [
      `${change.item.PK} ${change.item.SK}`,
      Boolean(change.before),
      Boolean(change.after),
    ])
    expect(told).toEqual([
      ['EVENT#e1 plan-build', true, false],
      ['LANES new', false, true],
      ['RUN#c1 META', true, true],
    ])
  })

  it('sees no change where nothing was written', () => {
    const evidence = evidenceOf(goodWorld())
    const { ledger, silver } = evidence
    expect(changesOf({ ledger, before: { ledger, silver, goldPointers: {} } })).toEqual([])
  })

  it('finds items by key and by prefix', () => {
    const { ledger } = evidenceOf(goodWorld())
    expect(itemAt(ledger, 'RUN#c1', 'META')?.runId).toBe('c1')
    expect(itemAt(ledger, 'RUN#c1', 'NO')).toBeUndefined()
    expect(itemsUnder(ledger, 'RUN#c1', 'IN#').map(({ SK }) => SK)).toEqual(['IN#FILE#f1'])
    expect(itemsUnder(ledger, 'LANES')).toHaveLength(3)
  })
})

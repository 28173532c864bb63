import { beforeEach, describe, expect, test } from 'vitest'
import { reconcile } from '../../functions/operate/reconcile/reconcile.js'
import { claim, ENTRIES_PER_TRANSACTION } from '../../shared/claim.js'
import { holdKey, join, NEW_LANE_SECONDS, registerLane, release } from '../../shared/lane.js'
import { type Parts, parts } from '../fakes/parts.js'

const OLD = 'build:finance'
const NEW = 'build:finance+risk'
let own: Parts
beforeEach(() => {
  own = parts()
})
const enter = async (lane: string, name = 'x') => {
  await registerLane(own.world, lane)
  const owner = { PK: `ENTRY#${lane}#${name}`, SK: 'META' }
  await join(own.world, lane, { owner, input: { selector: 's+', entity: 'market_data' }, bytes: 0 })
}
const holder = async (lane: string) => (await own.ledger.get(holdKey(lane)))?.holder

describe('a build lane that shares a domain with an older one', () => {
  test('is not claimed while the other is held, and is once that has ended', async () => {
    await enter(OLD)
    const run = await claim(own.world, OLD)
    await enter(NEW)
    own.clock.advance(NEW_LANE_SECONDS)
    expect(await claim(own.world, NEW)).toBeUndefined()
    expect(await holder(NEW)).toBeUndefined()
    await own.ledger.write(release(OLD, run ?? ''))
    expect(await claim(own.world, NEW)).toBe(await holder(NEW))
  })

  test('is not claimed while a claim of the other may be under way that does not know it yet', async () => {
    await enter(OLD)
    await enter(NEW)
    expect(await claim(own.world, NEW)).toBeUndefined()
    own.clock.advance(NEW_LANE_SECONDS)
    await reconcile(own.reconcile)
    const held = [await holder(OLD), await holder(NEW)].filter(Boolean)
    expect(held).toHaveLength(1)
  })

  test('is claimed at once by one of two that claim at the same moment', async () => {
    await enter(OLD)
    await enter(NEW)
    own.clock.advance(NEW_LANE_SECONDS)
    await Promise.all([claim(own.world, OLD), claim(own.world, NEW)])
    expect([await holder(OLD), await holder(NEW)].filter(Boolean)).toHaveLength(1)
  })

  test('leaves room for the checks in the first transaction of a large batch', async () => {
    await enter(OLD)
    for (let n = 0; n < ENTRIES_PER_TRANSACTION + 8; n += 1) await enter(NEW, String(n))
    own.clock.advance(NEW_LANE_SECONDS)
    const runId = await claim(own.world, NEW)
    const inputs = own.ledger.all(`RUN#${runId}`).filter(({ SK }) => SK.startsWith('IN#'))
    expect(inputs).toHaveLength(ENTRIES_PER_TRANSACTION + 8)
  })
})

test('lanes that share no domain, and lanes of a cleanse, never wait for one another', async () => {
  for (const lane of [OLD, 'build:risk', 'cleanse:finance', 'cleanse:finance+risk']) {
    await enter(lane)
    expect(await claim(own.world, lane), lane).toBeDefined()
  }
})

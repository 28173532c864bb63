import { describe, expect, test } from 'vitest'
import { type Behaviour, Chain } from '../../fakes/chain.js'
import { GRACE_SECONDS } from '../../fakes/parts.js'
import { asks, ENTITY, isWhole, lands } from './compacted.js'

describe('a compaction, when an invocation dies at any effect', () => {
  async function story(chain: Chain): Promise<number> {
    await lands(chain, 'a.json', 'b.json')
    const before = chain.parts.faults.calls
    await asks(chain)
    await chain.rest()
    // The pass that would delete may be the one that dies: the next one does.
    for (let passes = 0; passes < 2; passes += 1) {
      chain.parts.clock.advance(GRACE_SECONDS)
      await chain.rest()
    }
    return before
  }
  const ways: ['before' | 'after', Behaviour][] = [
    ['before', {}],
    ['after', { retried: false }],
  ]
  test.each(ways)(
    '%s it, %o: no row is lost, and the old files are gone in the end',
    async (when, behaviour) => {
      const whole = new Chain()
      const begin = await story(whole)
      for (let call = begin + 1; call <= whole.parts.faults.calls; call += 1) {
        const chain = new Chain(behaviour)
        chain.parts.faults.crashAt({ call, when })
        await story(chain)
        await isWhole(chain)
        const left = chain.parts.silver.keys(`entity=${ENTITY}`).length
        // A request that died before it joined, and is never tried again, asks for nothing.
        const asked = chain.parts.ledger.all('COMPACTED#').length > 0
        expect(left, `${chain.parts.faults.diedAt}`).toBe(asked ? 1 : 4)
        expect(asked || behaviour.retried === false).toBe(true)
      }
    },
  )
})

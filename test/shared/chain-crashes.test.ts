import { describe, expect, test } from 'vitest'
import { type Behaviour, Chain } from '../fakes/chain.js'
import { checkRest } from '../fakes/invariants.js'

/** Two batches of one entity, the second while the first is under way, and the builds that follow. */
async function story(chain: Chain): Promise<void> {
  await chain.record(chain.land('a.json'))
  await chain.record(chain.land('b.json'), chain.land('c.json'))
  await chain.rest()
}

const undisturbed = new Chain()
await story(undisturbed)
const calls = undisturbed.parts.faults.calls

describe('the chain, when an invocation dies at any effect', () => {
  test('comes to rest without any fault', async () => {
    await checkRest(undisturbed)
    expect(undisturbed.parts.ledger.all('FILE#')).toHaveLength(3)
    expect(calls).toBeGreaterThan(100)
  })

  const ways: [string, 'before' | 'after', Behaviour][] = [
    ['before the effect, and is tried again', 'before', {}],
    ['before the effect, and its event is lost', 'before', { retried: false }],
    ['after the effect, and is tried again', 'after', {}],
    ['after the effect, and its event is lost', 'after', { retried: false }],
  ]
  test.each(ways)(
    'ends with every file in one ended run and every lane free: %s',
    async (_, when, behaviour) => {
      for (let call = 1; call <= calls; call += 1) {
        const chain = new Chain(behaviour)
        chain.parts.faults.crashAt({ call, when })
        await story(chain)
        await checkRest(chain)
      }
    },
  )
})

import { beforeEach, describe, expect, test } from 'vitest'
import { publishGold } from '../../functions/4-publish/publish-gold/publish-gold.js'
import { editionKey } from '../../shared/build.js'
import { goldTableName } from '../../shared/declared.js'
import type { Ledger } from '../../shared/ledger.js'
import { Chain } from '../fakes/chain.js'
import { override } from '../fakes/faults.js'
import { buildReportOf } from '../fakes/work.js'

let chain: Chain
beforeEach(() => {
  chain = new Chain()
})

/** What a build leaves: its editions in the ledger and its report; gives the event of it. */
async function built(ordinal: number, edition = `e${ordinal}`) {
  const { ledger, artifacts } = chain.parts
  const runId = `run-of-${edition}`
  for (const domain of ['finance', 'risk'])
    await ledger.write({ put: { ...editionKey(domain, edition), ordinal, runId, attempt: 1, datasets: [] } })
  const plan = { run_id: runId, attempt: 1, edition, database_out: 's3://artifacts/db', silver: {} }
  await artifacts.put(`runs/${runId}/attempt=1/report.json`, buildReportOf(plan))
  return { runId, domains: ['finance', 'risk'], edition }
}
const publish = (detail: Awaited<ReturnType<typeof built>>) => publishGold(chain.parts.publish, detail)
const shown = () => [...chain.parts.goldTables.values()].map(({ edition }) => edition)
const pointers = () =>
  chain.parts.ledger.all('DOMAIN#').flatMap(({ SK, edition }) => (SK === 'GOLD' ? [edition] : []))

describe('publishing an edition', () => {
  test('flips each domain’s pointer, then its catalog tables, and tells of each domain', async () => {
    expect(await publish(await built(1))).toBe('published finance, risk')
    expect(pointers()).toEqual(['e1', 'e1'])
    expect(shown()).toEqual(['e1', 'e1'])
    expect(chain.parts.bus.details('Gold Published').map(({ domain }) => domain)).toEqual(['finance', 'risk'])
    expect(chain.parts.goldTables.get('daily_summary')).toMatchObject({
      location: 's3://gold/domain=finance/dataset=daily_summary/version=1/edition=e1/',
      years: { first: 2026, last: 2026 },
    })
  })

  test('that is older and comes late flips nothing, and is remembered as heard', async () => {
    const older = await built(1)
    await publish(await built(2))
    expect(await publish(older)).toBe('a newer edition is published already')
    expect(pointers()).toEqual(['e2', 'e2'])
    expect(shown()).toEqual(['e2', 'e2'])
    expect(chain.parts.ledger.all('ENTRY#publish:finance')).toHaveLength(2)
  })

  test('again is harmless', async () => {
    const event = await built(1)
    await publish(event)
    const before = chain.parts.ledger.all()
    expect(await publish(event)).toBe('published finance, risk')
    expect(chain.parts.ledger.all()).toEqual(before)
    expect(chain.parts.bus.details('Gold Published')).toHaveLength(2)
    expect(shown()).toEqual(['e1', 'e1'])
  })

  test('that the ledger does not know yet comes back later', async () => {
    const event = { runId: 'r', domains: ['finance'], edition: 'nobody' }
    await expect(publish(event)).rejects.toMatchObject({ name: 'TransientError' })
    expect(chain.parts.ledger.all()).toEqual([])
  })

  test('that retention has given up meanwhile flips nothing', async () => {
    const late = await built(1)
    await chain.parts.ledger.write({ update: editionKey('finance', 'e1'), set: { retiredAt: 'T' } })
    expect(await publish({ ...late, domains: ['finance'] })).toBe('a newer edition is published already')
    expect(pointers()).toEqual([])
  })

  test('while a newer one is published leaves the newer one in the catalog too', async () => {
    const older = await built(1)
    const newer = await built(2)
    const { ledger } = chain.parts
    let once = true
    // The older publisher has just seen its pointer when the newer one passes it.
    const slow = override<Ledger>(ledger, {
      get: async (key) => {
        const item = await ledger.get(key)
        if (key.SK === 'GOLD' && once) {
          once = false
          await publish(newer)
        }
        return item
      },
    })
    await publishGold({ ...chain.parts.publish, ledger: slow }, older)
    expect(pointers()).toEqual(['e2', 'e2'])
    expect(shown()).toEqual(['e2', 'e2'])
  })
})

test('a second schema version of a dataset has a table of its own', () => {
  expect(goldTableName('daily_summary', 1)).toBe('daily_summary')
  expect(goldTableName('daily_summary', 2)).toBe('daily_summary_v2')
})

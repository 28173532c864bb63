import { expect, test } from 'vitest'
import type { Run } from './chain.js'
import { incidentOf, sluice } from './gate.case.js'
import { goldAgainstTruth } from './oracle.js'
import { content, ndjson } from './rows.js'
import { landFiles, type World } from './world.js'

/** dbt's cost scan composes this many trades of a position; a test guards the bound, and no contract does. */
const TRADES_OF_A_POSITION_MAX = 16_384
const TEST = 'assert_positions_fit_the_cost_scan'

const trade = (number: number, account_id: string) => ({
  transaction_id: `SCAN-${String(number).padStart(5, '0')}`,
  account_id,
  symbol: 'MSFT',
  side: 'BUY',
  quantity: 1,
  price: 27.95,
  traded_at: new Date(Date.UTC(2013, 2, 1, 15) + number).toISOString(),
  currency: 'USD',
})
const tooMany = Array.from({ length: TRADES_OF_A_POSITION_MAX + 1 }, (_, at) => trade(at + 1, 'ACC-9001'))

/** Data that passes its contract and fails one of dbt's tests. */
export function failingTestCase(world: () => World): void {
  const chain = () => world().chain
  let failed: Run

  test('a failing dbt test leaves gold at the edition before', async () => {
    const before = await chain().gold('finance', 'daily_portfolio_summary')
    const editions = await chain().editions()
    await landFiles(world(), [{ source: 'trading', name: 'zz2-too-many.ndjson', content: ndjson(tooMany) }])
    const [newest] = await chain().rest(world().landed)
    expect(newest).toMatchObject({ kind: 'build', state: 'PARKED' })
    failed = await chain().run(newest?.runId ?? '')
    expect(await chain().editions()).toEqual(editions)
    expect(content(await chain().gold('finance', 'daily_portfolio_summary'))).toEqual(content(before))
  })

  test('the run names the test and its number of rows, and people were told', async () => {
    expect(failed.failedTests).toContainEqual(expect.objectContaining({ test: TEST, failures: 1 }))
    expect(failed.tests?.failed).toBe(failed.failedTests?.length)
    expect(failed.reason).toMatch(new RegExp(`failed tests: .*${TEST} on .* \\(1 rows?\\)`))
    expect(await sluice('show', failed.runId)).toContain(TEST)
    expect(await incidentOf(failed.runId)).toMatchObject({ priority: 'P2', reason: failed.reason })
  })

  test('a correcting file lets the next build publish, with all that waited', async () => {
    const fix = ndjson([trade(TRADES_OF_A_POSITION_MAX + 1, 'ACC-9002')])
    const editions = await chain().editions()
    await landFiles(world(), [{ source: 'trading', name: 'zz3-moved.ndjson', content: fix }])
    const runs = await chain().rest(world().landed)
    expect(runs.find(({ kind }) => kind === 'build')).toMatchObject({ state: 'COMMITTED' })
    expect(await chain().editions()).not.toEqual(editions)
    expect(await goldAgainstTruth(chain(), world().truth, world().scratch)).toBe('')
  })
}

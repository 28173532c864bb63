import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { silverKey } from '../../shared/cleanse.js'
import { type CleanseReport, cleanseReport, judge } from '../../shared/cleanse-gate.js'
import { Chain } from '../fakes/chain.js'
import { cleanseReportOf } from '../fakes/work.js'

const base = cleanseReportOf({
  run_id: 'r',
  attempt: 1,
  entity: 'market_data',
  pending_prefix: '_pending/run=r/attempt=1/',
  inputs: [{ key: 'a' }],
})
const report = (rows: CleanseReport['rows'], reasons: Record<string, number> = {}): CleanseReport => ({
  ...base,
  rows,
  reasons,
})
const rejecting = (rejected: number, of: number) =>
  report({ in: of, out: of - rejected, duplicates: 0, rejected })

describe('the gate of a cleanse', () => {
  test.each([
    [5, 100, 5, true],
    [6, 100, 5, false],
    [5, 99, 5, false],
    [1, 3, 100 / 3, true],
    [0, 100, 0, true],
    [1, 1_000_000, 0, false],
    [100, 100, 100, true],
    [0, 0, 0, true],
  ])('%i rejected of %i rows against a bound of %d %%: pass is %s', (rejected, of, bound, pass) => {
    expect(judge(rejecting(rejected, of), bound)).toMatchObject({ pass })
  })

  test('says how many were rejected, what the contract allows, and the three worst reasons', () => {
    const reasons = { close_missing: 2, symbol_missing: 5, a_not_a_date: 1, b_out_of_range: 4 }
    const verdict = judge(report({ in: 20, out: 8, duplicates: 0, rejected: 12 }, reasons), 5)
    expect(verdict).toMatchObject({
      pass: false,
      reason:
        '12 of 20 rows rejected (60.0 %), the contract allows 5 %: symbol_missing 5, b_out_of_range 4, close_missing 2',
    })
  })

  test('never lets rows pass whose sum does not add up, whatever the bound', () => {
    const count = fc.integer({ min: 0, max: 1_000 })
    const property = fc.property(count, count, count, count, (rowsIn, out, duplicates, rejected) => {
      fc.pre(rowsIn !== out + duplicates + rejected)
      const verdict = judge(report({ in: rowsIn, out, duplicates, rejected }), 100)
      expect(verdict).toMatchObject({ pass: false })
    })
    fc.assert(property, { seed: 1 })
  })

  test('counts duplicates as neither good nor rejected', () => {
    expect(judge(report({ in: 10, out: 1, duplicates: 9, rejected: 0 }), 0)).toMatchObject({ pass: true })
  })

  test('shows at most 50 drifted columns', () => {
    const drift = Array.from({ length: 60 }, (_, n) => ({ column: `c${n}`, rows: 1 }))
    expect(judge({ ...base, drift }, 5)).toMatchObject({ shown: { drift: drift.slice(0, 50) } })
  })
})

describe('the commit of a cleanse', () => {
  test('copies exactly the listed files of the accepted attempt, and no other that lies beside them', async () => {
    const chain = new Chain()
    await chain.record(chain.land('a.json'))
    const runId = chain.parts.bus.details('Batch Ready')[0]?.runId ?? ''
    const stray = `_pending/run=${runId}/attempt=1/year=2026/month=03/day=02/retry.parquet`
    await chain.parts.silver.put(stray, 'of a Spark retry')
    await chain.rest()
    expect(chain.parts.silver.keys('entity=')).toEqual([
      `entity=market_data/year=2026/month=03/day=02/market_data_${runId}-0.parquet`,
      `entity=market_data/year=2026/month=03/day=02/market_data_${runId}-1.parquet`,
    ])
    expect(chain.parts.silverDays.get('market_data')).toEqual(new Set(['2026/03/02']))
  })

  test('lists each file’s day, so that a build finds exactly these keys', async () => {
    const chain = new Chain()
    await chain.record(chain.land('a.json'))
    await chain.rest()
    const [head, item] = chain.parts.ledger.all('SILVER#market_data')
    expect(head).toMatchObject({ SK: 'HEAD', count: 1 })
    expect(item).toMatchObject({ SK: 'RUN#0000000001', ordinal: 1 })
    const { days, runId } = item as { days: string[]; runId: string } & typeof item
    const keys = days.map((day, place) => silverKey('market_data', day, runId, place))
    expect(keys).toEqual(chain.parts.silver.keys('entity='))
  })
})

test.each([
  ['a negative count', { rows: { in: -1, out: 0, duplicates: 0, rejected: 0 } }],
  ['a fraction', { rows: { in: 0.5, out: 0.5, duplicates: 0, rejected: 0 } }],
  ['a month that is none', { files: [{ ...base.files[0], month: '3/../..' }] }],
])('a report with %s is no report', (_, wrong) => {
  expect(cleanseReport.safeParse({ ...base, ...wrong }).success).toBe(false)
})

import { expect, test } from 'vitest'
import { bundle } from './bundle.js'
import { hitsOf, readMeans } from './cells.js'
import { BARS, type Worst } from './measures.js'
import { simulate } from './simulate.js'

const SEEDS = 1_500
/** Each fault of each cell that can occur is hit at least this often. */
const HITS_MIN = 20
const asked = { faults: 'all' as const, trace: false, firstOnly: false, unasked: [] }

test(`${SEEDS} seeds hold every invariant, and hit every fault of every cell`, async () => {
  const file = await bundle('test')
  const means = readMeans()
  const summary = await simulate(file, { ...asked, start: 0, seeds: SEEDS, workers: 2, means })
  expect(summary.violations.slice(0, 10)).toEqual([])
  expect(summary.seeds).toBe(SEEDS)
  expect(hitsOf(summary, means).filter(({ hits }) => hits < HITS_MIN)).toEqual([])
  for (const [name, { milliseconds }] of Object.entries(summary.worst))
    expect(milliseconds, `${name} is noticed in time`).toBeLessThan(BARS[name as keyof Worst])
})

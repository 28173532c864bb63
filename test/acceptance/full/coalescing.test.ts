import { expect, test } from 'vitest'
import { type Coalescing, coalescing } from '../../../bench/coalescing.js'

const TEST_MILLISECONDS_MAX = 600_000

test('500 files that land together on a slow cluster cost at most three cleanse runs and three builds', {
  timeout: TEST_MILLISECONDS_MAX,
}, async () => {
  expectFew(await coalescing(15))
})

test('500 files that land together cost at most two runs of a kind and what the time of their arrival adds', {
  timeout: TEST_MILLISECONDS_MAX,
}, async () => {
  expectFew(await coalescing(0))
})

function expectFew(figures: Coalescing): void {
  const { files, filesCleansed, parked, goldDifferences, cleanse, build } = figures
  expect({ filesCleansed, parked, goldDifferences }).toEqual({
    filesCleansed: files,
    parked: 0,
    goldDifferences: '',
  })
  expect(cleanse.runs, JSON.stringify(figures)).toBeLessThanOrEqual(cleanse.runsMax)
  expect(build.runs, JSON.stringify(figures)).toBeLessThanOrEqual(build.runsMax)
}

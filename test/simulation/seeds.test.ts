import { expect, test } from 'vitest'
import { readMeans } from './cells.js'
import { allFaults } from './chance.js'
import { invariants } from './invariants/index.js'
import { runSeeds } from './run-seeds.js'

/** Some seeds in this process, so that what counts lines or plants faults by machine sees them run. */
const SEEDS = Number(process.env.SLUICE_SEEDS ?? 20)
const EACH = 5
const starts = Array.from({ length: Math.ceil(SEEDS / EACH) }, (_, part) => part * EACH)

test.each(starts)('nothing is lost, nothing twice, nothing stuck: seeds from %i', async (start) => {
  const ask = { start, seeds: EACH, faults: allFaults, means: readMeans(), invariants }
  expect((await runSeeds(ask)).violations).toEqual([])
})

test('a seed without faults comes to gold', async () => {
  const ask = { start: 0, seeds: 5, faults: new Set<never>(), means: readMeans(), invariants }
  const { violations, coverage } = await runSeeds(ask)
  expect(violations).toEqual([])
  expect(coverage.hit.size).toBe(0)
  expect(coverage.occurred.get('publish-gold|Update DOMAIN/GOLD')).toBeGreaterThan(0)
})

test('a seed is the same each time', async () => {
  const lines: string[][] = [[], []]
  for (const trace of lines) {
    const ask = { start: 3, seeds: 1, faults: allFaults, means: readMeans(), invariants }
    await runSeeds({ ...ask, trace: (line) => trace.push(line) })
  }
  expect(lines[0]).toEqual(lines[1])
  expect(lines[0]?.length).toBeGreaterThan(100)
})

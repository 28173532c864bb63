import { expect, test } from 'vitest'
import type { Run } from './chain.js'
import { goldAgainstTruth, truthOf } from './oracle.js'
import { landSamples, type World } from './world.js'

/** The main job: what landed is published, and it is right. */
export function samplesCase(world: () => World): void {
  test('samples that land in bronze become gold that equals an independent computation', async () => {
    const { chain, truth, scratch } = world()
    await landSamples(world())
    await chain.rest(world().landed)
    expect(await goldAgainstTruth(chain, truth, scratch)).toBe('')
  })

  test('every row that came in is out, a duplicate or rejected, in each run and in all', async () => {
    const runs = await world().chain.runs({ kind: 'cleanse' })
    for (const { runId, state, rows } of runs) {
      expect(state).toBe('COMMITTED')
      const { in: all, out, duplicates, rejected } = rows ?? { in: -1, out: 0, duplicates: 0, rejected: 0 }
      expect(out + duplicates + rejected, `rows of ${runId}`).toBe(all)
    }
    const truth = await truthOf(world().truth)
    for (const entity of ['market_data', 'transactions']) {
      const { rows_in, keys, superseded, rejected, reasons } = truth[entity] ?? {}
      const ofEntity = runs.filter(({ subject }) => subject === entity)
      expect(sumRows(ofEntity)).toEqual({ in: rows_in, out: keys, duplicates: superseded, rejected })
      expect(sumReasons(ofEntity)).toEqual(reasons)
    }
  })
}

function sumRows(runs: Run[]) {
  const sum = { in: 0, out: 0, duplicates: 0, rejected: 0 }
  for (const { rows } of runs) {
    if (rows) for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += rows[name]
  }
  return sum
}

function sumReasons(runs: Run[]): Record<string, number> {
  const sum: Record<string, number> = {}
  for (const { reasons = {} } of runs) {
    for (const [reason, rows] of Object.entries(reasons)) sum[reason] = (sum[reason] ?? 0) + rows
  }
  return sum
}

import { parentPort, workerData } from 'node:worker_threads'
import { allFaults, type Means } from '../chance.js'
import { invariants } from '../invariants/index.js'
import { runSeeds } from '../run-seeds.js'
import { wake } from './awake.js'

export interface Search {
  /** The bug's place in the list. */
  bug: number
  seedsMax: number
  /** A seed that has found it once: it is tried before all others. */
  first?: number
}

const means = workerData as Means

/** Looks for one bug after another, as it is asked, each until a seed finds it. */
// Services refuse a lot, and nobody reads where.
Error.stackTraceLimit = 0

parentPort?.on('message', async ({ bug, seedsMax, first }: Search) => {
  wake(bug)
  const find = async (start: number, seeds: number) =>
    (await runSeeds({ start, seeds, faults: allFaults, means, invariants, firstOnly: true })).violations[0]
  const known = first === undefined ? undefined : await find(first, 1)
  parentPort?.postMessage(known ?? (await find(0, seedsMax)))
})

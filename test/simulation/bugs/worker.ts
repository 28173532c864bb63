import { parentPort, workerData } from 'node:worker_threads'
import { allFaults, type Means } from '../chance.js'
import { invariants } from '../invariants/index.js'
import { runSeeds } from '../run-seeds.js'
import { wake } from './awake.js'

export interface Search {
  /** The bug's place in the list. */
  bug: number
  seedsMax: number
}

const means = workerData as Means

/** Looks for one bug after another, as it is asked, each from the first seed on until one finds it. */
parentPort?.on('message', async ({ bug, seedsMax }: Search) => {
  wake(bug)
  const ask = { start: 0, seeds: seedsMax, faults: allFaults, means, invariants, firstOnly: true }
  const { violations } = await runSeeds(ask)
  parentPort?.postMessage(violations[0])
})

import { parentPort, workerData } from 'node:worker_threads'
import { allFaults } from './chance.js'
import type { Fault } from './effect.js'
import { invariants } from './invariants/index.js'
import { runSeeds } from './run-seeds.js'

export interface Job {
  start: number
  seeds: number
  every: number
  faults: readonly Fault[] | 'all'
  means: Record<string, number>
  trace: boolean
  show?: string
  firstOnly: boolean
  /** Parts of the names of invariants that are not asked. */
  unasked: readonly string[]
}

/** Runs its share of the seeds and posts progress, traces and in the end the summary. */
async function work(job: Job): Promise<void> {
  const { faults, trace, unasked, ...rest } = job
  // Services refuse a lot, and nobody reads where.
  if (!trace) Error.stackTraceLimit = 0
  const summary = await runSeeds({
    ...rest,
    invariants: invariants.filter(({ name }) => !unasked.some((part) => name.includes(part))),
    faults: faults === 'all' ? allFaults : new Set(faults),
    ...(trace && { trace: (line: string) => parentPort?.postMessage({ line }) }),
    onFound: ({ seed, invariant, what }) =>
      parentPort?.postMessage({ line: `seed ${seed}: ${invariant}: ${what}` }),
    onSeed: (done) => {
      if (done % 100 === 0) parentPort?.postMessage({ done })
    },
  })
  parentPort?.postMessage({ summary })
}

if (parentPort) await work(workerData as Job)

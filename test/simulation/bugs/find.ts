import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { bundle } from '../bundle.js'
import { readMeans } from '../cells.js'
import type { Summary } from '../run-seeds.js'
import type { Bug } from './bug.js'
import { planting } from './planting.js'
import type { Search } from './worker.js'

export interface Finding {
  name: string
  /** How many seeds it took; nothing when it was not found. */
  seeds: number | undefined
  invariant: string
}

type Found = Summary['violations'][number] | undefined

/** Bugs that are looked for at once. */
const AT_ONCE = 2

/**
 * Looks for each bug on its own, from the first seed on until one finds it, and tells of each as it is found. A seed of
 * `first`, by the bug's name, goes before all others: where product or simulator have changed, it only costs itself.
 */
export async function findAll(
  bugs: readonly Bug[],
  seedsMax: number,
  tell: (finding: Finding) => void,
  first: Readonly<Record<string, number>> = {},
): Promise<Finding[]> {
  const entry = fileURLToPath(new URL('./worker.ts', import.meta.url))
  const file = await bundle('bugs', { entry, plugins: [await planting(bugs)] })
  const left = [...bugs.entries()]
  const findings: Finding[] = []
  const work = async () => {
    const env = { ...process.env, POWERTOOLS_LOG_LEVEL: 'SILENT' }
    const worker = new Worker(file, { workerData: readMeans(), env })
    for (let next = left.shift(); next; next = left.shift()) {
      const [bug, { name }] = next
      worker.postMessage({ bug, seedsMax, first: first[name] } satisfies Search)
      const finding = { name, ...saying((await once(worker, 'message'))[0], seedsMax) }
      findings.push(finding)
      tell(finding)
    }
    await worker.terminate()
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return findings
}

const saying = (found: Found, seedsMax: number) =>
  found
    ? { seeds: found.seed + 1, invariant: `${found.invariant}: ${found.what}` }
    : { seeds: undefined, invariant: `not found in ${seedsMax} seeds` }

import { bundle } from '../bundle.js'
import { readMeans } from '../cells.js'
import { simulate } from '../simulate.js'
import type { Bug } from './bugs.js'

export interface Finding {
  name: string
  /** How many seeds it took; nothing when it was not found. */
  seeds: number | undefined
  invariant: string
}

/** Bugs that are looked for at once. */
const AT_ONCE = 2

/** Plants a bug and runs seeds, from the first on, until one finds it. */
async function find({ name, planted }: Bug, seedsMax: number): Promise<Finding> {
  const file = await bundle(`bug-${name.replace(/\W+/g, '-')}`, planted)
  const asked = { faults: 'all' as const, trace: false, firstOnly: true, unasked: [] }
  const summary = await simulate(file, {
    ...asked,
    start: 0,
    seeds: seedsMax,
    workers: 1,
    means: readMeans(),
  })
  const [first] = summary.violations
  if (!first) return { name, seeds: undefined, invariant: `not found in ${seedsMax} seeds` }
  return { name, seeds: first.seed + 1, invariant: `${first.invariant}: ${first.what}` }
}

/** Looks for each bug on its own, two at once, and tells of each as it is found. */
export async function findAll(
  bugs: readonly Bug[],
  seedsMax: number,
  tell: (finding: Finding) => void,
): Promise<Finding[]> {
  const left = [...bugs]
  const findings: Finding[] = []
  const work = async () => {
    for (let bug = left.shift(); bug; bug = left.shift()) {
      const finding = await find(bug, seedsMax)
      findings.push(finding)
      tell(finding)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return findings
}

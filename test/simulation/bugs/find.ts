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

/** Plants a bug and runs seeds, from the first on, until one finds it. */
export async function find(
  { name, planted }: Bug,
  seedsMax: number,
  unasked: readonly string[] = [],
): Promise<Finding> {
  const file = await bundle(`bug-${name.replace(/\W+/g, '-')}`, planted)
  const asked = { faults: 'all' as const, trace: false, firstOnly: true, unasked }
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

import type { Coverage, Means } from './chance.js'
import { newCoverage } from './chance.js'
import type { Fault } from './effect.js'
import type { Invariant, Violation } from './evidence.js'
import { newWorst, type Worst } from './measures.js'
import { Seed } from './seed.js'
import { turn } from './timeline.js'

export interface Ask {
  start: number
  seeds: number
  /** Every how many seeds this one takes one, when several share the work. */
  every?: number
  faults: ReadonlySet<Fault>
  means: Means
  invariants: readonly Invariant[]
  trace?: (line: string) => void
  show?: string
  /** Ends with the first seed that finds something. */
  firstOnly?: boolean
  onSeed?: (done: number) => void
  /** Told of each violation as it is found. */
  onFound?: (violation: Violation & { seed: number }) => void
}

export interface Summary {
  seeds: number
  steps: number
  violations: (Violation & { seed: number })[]
  coverage: Coverage
  worst: Worst
}

/** Runs seeds one after another and sums up what they found. */
export async function runSeeds(ask: Ask): Promise<Summary> {
  const { start, seeds, every = 1, faults, means, invariants, firstOnly, onSeed } = ask
  const { trace, show } = ask
  const coverage = newCoverage()
  const worst = newWorst()
  const summary: Summary = { seeds: 0, steps: 0, violations: [], coverage, worst }
  for (let seed = start; seed < start + seeds; seed += every) {
    // From a turn on promises go before ticks, whatever called this: the first step settles like all others.
    await turn()
    const result = await new Seed({
      seed,
      faults,
      means,
      coverage,
      worst,
      invariants,
      ...(trace && { trace }),
      ...(show !== undefined && { show }),
    }).run()
    summary.seeds += 1
    summary.steps += result.steps
    for (const violation of result.violations) {
      summary.violations.push({ ...violation, seed })
      ask.onFound?.({ ...violation, seed })
    }
    onSeed?.(summary.seeds)
    if (firstOnly && summary.violations.length > 0) break
  }
  return summary
}

/** Several summaries of one run as one. */
export function together(summaries: readonly Summary[]): Summary {
  const coverage = newCoverage()
  const worst = newWorst()
  for (const one of summaries) {
    for (const what of ['occurred', 'hit'] as const)
      for (const [cell, count] of one.coverage[what])
        coverage[what].set(cell, (coverage[what].get(cell) ?? 0) + count)
    for (const [cell, faults] of one.coverage.own) coverage.own.set(cell, faults)
    for (const name of Object.keys(worst) as (keyof Worst)[])
      if (one.worst[name].milliseconds > worst[name].milliseconds) worst[name] = one.worst[name]
  }
  return {
    seeds: sum(summaries.map((one) => one.seeds)),
    steps: sum(summaries.map((one) => one.steps)),
    violations: summaries.flatMap((one) => one.violations).sort((a, b) => a.seed - b.seed),
    coverage,
    worst,
  }
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0)

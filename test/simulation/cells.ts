import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { EVERYWHERE, type Means, WORLD } from './chance.js'
import type { Fault } from './effect.js'
import { ACTS } from './people.js'
import type { Summary } from './run-seeds.js'
import { GLUE_ENDS, TASK_ENDS } from './work/endings.js'

const path = fileURLToPath(new URL('./cells.json', import.meta.url))
/** Fewer occurrences a seed than this, and 1,500 seeds cannot hit each of a call's faults 20 times: it is left to chance. */
const RARE = 0.2
const OF_EVENTS: readonly Fault[] = ['lost event', 'late event', 'duplicate event']

/** The cells that are known to occur, with how often they do in a seed. */
export const readMeans = (): Means => JSON.parse(readFileSync(path, 'utf8')) as Means

/** Learns the cells from a run: what occurred, and how often a seed. */
export function learn({ coverage, seeds }: Summary): number {
  const means = [...coverage.occurred]
    .map(([cell, count]) => [cell, Number((count / seeds).toPrecision(3))] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  writeFileSync(path, `${JSON.stringify(Object.fromEntries(means), null, 1)}\n`)
  return means.length
}

export interface CellHits {
  cell: string
  hits: number
}

/** How often each fault of each cell was hit that occurs often enough, the least first. */
export const hitsOf = (summary: Summary, means: Means): CellHits[] =>
  hits(summary, [...cells(summary, means, (mean) => mean >= RARE), ...world()])

/** The same of the calls that occur too seldom to be judged so. */
export const rareHitsOf = (summary: Summary, means: Means): CellHits[] =>
  hits(
    summary,
    cells(summary, means, (mean) => mean < RARE),
  )

const hits = ({ coverage }: Summary, names: Iterable<string>): CellHits[] =>
  [...new Set(names)]
    .map((cell) => ({ cell, hits: coverage.hit.get(cell) ?? 0 }))
    .sort((a, b) => a.hits - b.hits)

/** Each known cell with each fault that it can have, hit or not. */
const cells = ({ coverage }: Summary, means: Means, isAsked: (mean: number) => boolean): string[] =>
  Object.entries(means).flatMap(([cell, mean]) =>
    isAsked(mean) ? faultsOf(coverage, cell).map((fault) => `${cell}|${fault}`) : [],
  )

function faultsOf({ own, hit }: Summary['coverage'], cell: string): readonly string[] {
  if (/\|on /.test(cell)) return OF_EVENTS
  if (!/\|(tick|a landed)/.test(cell) && !cell.startsWith('job|'))
    return [...EVERYWHERE, ...(own.get(cell) ?? [])]
  return [...hit.keys()]
    .filter((name) => name.startsWith(`${cell}|`))
    .map((name) => name.slice(cell.length + 1))
}

const badOnes = (ends: typeof TASK_ENDS) => Object.keys(ends).filter((name) => name !== 'ok')

/** What happens to the world around the functions. */
const world = (): string[] =>
  [
    ...badOnes(TASK_ENDS).map((end) => `an ECS task ends: ${end}`),
    ...badOnes(GLUE_ENDS).map((end) => `a Glue run ends: ${end}`),
    ...Object.keys(ACTS).map((act) => `somebody: ${act}`),
    'a clock is off',
    'a spot task is told of before it ends',
  ].map((what) => `${WORLD}${what}`)

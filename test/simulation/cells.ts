import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { EVERYWHERE, type Means } from './chance.js'
import type { Summary } from './run-seeds.js'

const path = fileURLToPath(new URL('./cells.json', import.meta.url))
/** Fewer occurrences a seed than this, and 1,500 seeds cannot hit a cell's faults 20 times: it is left to chance. */
const RARE = 0.45

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
export function hitsOf({ coverage }: Summary, means: Means): CellHits[] {
  const cells = new Set(coverage.hit.keys())
  for (const cell of Object.keys(means))
    if (isEffect(cell)) for (const fault of EVERYWHERE) cells.add(`${cell}|${fault}`)
  return [...cells]
    .filter((cell) => (means[cell.slice(0, cell.lastIndexOf('|'))] ?? 0) >= RARE)
    .map((cell) => ({ cell, hits: coverage.hit.get(cell) ?? 0 }))
    .sort((a, b) => a.hits - b.hits)
}

/** What happens to the calls of services, not to the world around the functions. */
const isEffect = (cell: string) => !/\|(on |tick|a landed)/.test(cell) && !cell.startsWith('job|')

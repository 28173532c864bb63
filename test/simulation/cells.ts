import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Means } from './chance.js'
import type { Summary } from './run-seeds.js'

const path = fileURLToPath(new URL('./cells.json', import.meta.url))
/** Fewer occurrences a seed than this, and 1,500 seeds cannot hit a cell's faults 20 times: it is left to chance. */
const RARE = 0.08

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

/** How often each fault of each cell that can occur was hit, the least first. */
export function hitsOf({ coverage }: Summary, means: Means): CellHits[] {
  const common = new Set(Object.entries(means).flatMap(([cell, mean]) => (mean >= RARE ? [cell] : [])))
  const cells = new Set(coverage.hit.keys())
  for (const cell of common) for (const fault of EVERYWHERE) if (isEffect(cell)) cells.add(`${cell}|${fault}`)
  return [...cells]
    .filter((cell) => common.has(cell.slice(0, cell.lastIndexOf('|'))))
    .map((cell) => ({ cell, hits: coverage.hit.get(cell) ?? 0 }))
    .sort((a, b) => a.hits - b.hits)
}

const EVERYWHERE = ['crash before', 'crash after', 'throttled', 'stall']
const isEffect = (cell: string) => !/\|(on |tick|a landed)/.test(cell) && !cell.startsWith('job|')

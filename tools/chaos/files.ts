import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { filesToLand } from '../start/options.js'

const TRADING_FILES = 12
/** Of the files, how many land a second time under another key: their rows are in bronze twice, and count once. */
const LANDED_AGAIN_SHARE = 0.1
const BURST_FILES_MAX = 24

export interface Landing {
  source: string
  path: string
}

/** Makes `count` files below `folder`, market data for the most part, the rest trades. */
export function makeFiles(root: string, folder: string, count: number): void {
  const trading = Math.min(TRADING_FILES, Math.max(1, Math.floor(count / 4)))
  const many = String(Math.max(1, count - trading))
  const generate = ['samples/generate.py', '--many', many, '--with-trades', '--out', folder]
  execFileSync(`${root}/.venv/bin/python`, generate, { cwd: root })
  split(`${folder}/trading/transactions.ndjson`, trading)
}

/** One file of trades becomes several, so that their lane has something to do all the time. */
function split(file: string, parts: number): void {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
  for (let part = 0; part < parts; part += 1) {
    const mine = lines.filter((_, place) => place % parts === part)
    if (mine.length > 0) writeFileSync(file.replace('.ndjson', `-${part}.ndjson`), `${mine.join('\n')}\n`)
  }
  rmSync(file)
}

/** All files and some of them again, in the seed's order, in bursts of 1 to 24. */
export function bursts(folder: string, random: () => number): Landing[][] {
  const files = filesToLand(folder).map(({ source, file }) => ({ source, path: file }))
  const again = files.filter(() => random() < LANDED_AGAIN_SHARE)
  const order = [...files, ...again]
    .map((file) => ({ file, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ file }) => file)
  const found: Landing[][] = []
  while (order.length > 0) found.push(order.splice(0, 1 + Math.floor(random() * BURST_FILES_MAX)))
  return found
}

/** Numbers from 0 to 1 that follow from the seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/**
 * How many runs it takes when 500 files land at once: `node --import tsx bench/coalescing.ts [--pad-seconds 15]`.
 * Prints JSON; exit code 1 when there were more runs than the bound, a file was lost, or gold is wrong.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Run } from '../test/acceptance/chain.js'
import { goldAgainstTruth } from '../test/acceptance/oracle.js'
import { ROOT } from '../test/acceptance/stack.js'
import { landPaths, startWorld, type World } from '../test/acceptance/world.js'
import { filesToLand } from '../tools/start/options.js'

const FILES = 500
/** What a padded cluster may take for 500 files, of each kind of run. */
const PADDED_RUNS_MAX = 3
const REST_SECONDS_MAX = 420

export interface Coalescing {
  files: number
  padSeconds: number
  /** From the first file's landing to the last one's. */
  arrivalSeconds: number
  totalSeconds: number
  cleanse: Kind
  build: Kind
  filesCleansed: number
  parked: number
  /** In words; empty when gold is right. */
  goldDifferences: string
  ok: boolean
}

interface Kind {
  runs: number
  runsMax: number
  jobSeconds: number
  files: number[]
}

/** Lands 500 market data files and a file of trades at once on a stack of its own and counts the runs. */
export async function coalescing(padSeconds: number): Promise<Coalescing> {
  const folder = mkdtempSync(`${tmpdir()}/sluice-many-`)
  const world = await startWorld({ padSeconds })
  try {
    const generate = [
      'samples/generate.py',
      '--many',
      String(FILES),
      '--with-trades',
      '--out',
      `${folder}/many`,
    ]
    execFileSync(`${ROOT}/.venv/bin/python`, generate, { cwd: ROOT })
    cpSync(`${folder}/many`, world.truth, { recursive: true })
    return await measure(world, `${folder}/many`, padSeconds)
  } finally {
    await world.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measure(world: World, folder: string, padSeconds: number): Promise<Coalescing> {
  const drops = filesToLand(folder).map(({ source, file }) => ({ source, path: file }))
  const begun = performance.now()
  await landPaths(world, drops)
  const arrivalSeconds = (performance.now() - begun) / 1_000
  const runs = await world.chain.rest(drops.length, REST_SECONDS_MAX)
  const totalSeconds = (performance.now() - begun) / 1_000
  const ofMarketData = ({ kind, subject }: Run) => kind === 'cleanse' && subject === 'market_data'
  const cleanse = kindOf(runs.filter(ofMarketData), arrivalSeconds, padSeconds)
  const build = kindOf(
    runs.filter(({ kind }) => kind === 'build'),
    arrivalSeconds,
    padSeconds,
  )
  const filesCleansed = runs.reduce((sum, { files = 0 }) => sum + files, 0)
  const parked = runs.filter(({ state }) => state !== 'COMMITTED').length
  const goldDifferences = await goldAgainstTruth(world.chain, world.truth, world.scratch)
  const few = cleanse.runs <= cleanse.runsMax && build.runs <= build.runsMax
  const ok = few && filesCleansed === drops.length && parked === 0 && goldDifferences === ''
  return {
    files: drops.length,
    padSeconds,
    arrivalSeconds: round(arrivalSeconds),
    totalSeconds: round(totalSeconds),
    cleanse,
    build,
    filesCleansed,
    parked,
    goldDifferences,
    ok,
  }
}

/** The runs of one kind, oldest first, and how many there may be: 2 + arrival time / job time on an unpadded cluster. */
function kindOf(runs: Run[], arrivalSeconds: number, padSeconds: number): Kind {
  const jobSeconds = runs.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0) / Math.max(1, runs.length)
  const runsMax = padSeconds > 0 ? PADDED_RUNS_MAX : Math.floor(2 + arrivalSeconds / jobSeconds)
  return {
    runs: runs.length,
    runsMax,
    jobSeconds: round(jobSeconds),
    files: runs.map(({ files = 0 }) => files).reverse(),
  }
}

const round = (seconds: number) => Math.round(seconds * 10) / 10

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { 'pad-seconds': { type: 'string', default: '0' } } })
  const figures = await coalescing(Number(values['pad-seconds']))
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`)
  process.exitCode = figures.ok ? 0 : 1
}

import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import type { Chain } from './chain.js'
import { ROOT } from './stack.js'

interface EntityTruth {
  rows_in: number
  valid: number
  keys: number
  superseded: number
  superseded_within_files: number
  rejected: number
  reasons: Record<string, number>
}

const run = promisify(execFile)
const python = (...args: string[]) => run(`${ROOT}/.venv/bin/python`, args, { cwd: ROOT, maxBuffer: 1 << 28 })

/** What the raw files below `<folder>/<source>/` must give, computed by an independent program. */
export async function truthOf(folder: string): Promise<Record<string, EntityTruth>> {
  const { stdout } = await python('-m', 'test.oracle', folder, '--json')
  return JSON.parse(stdout).entities
}

/**
 * Compares both published marts, as the API gives them, with the oracle's: to the row, the cent and 1e-9 of a return.
 * Gives the differences in words, empty when there are none.
 */
export async function goldAgainstTruth(chain: Chain, folder: string, scratch: string): Promise<string> {
  mkdirSync(scratch, { recursive: true })
  const marts = { daily_portfolio_summary: 'finance', var_calculations: 'risk' }
  const files = await Promise.all(
    Object.entries(marts).map(async ([dataset, domain]) => {
      const file = `${scratch}/${dataset}.json`
      writeFileSync(file, JSON.stringify(await chain.gold(domain, dataset)))
      return `${dataset}=${file}`
    }),
  )
  try {
    await python('-m', 'test.oracle.compare', folder, ...files)
    return ''
  } catch (error) {
    return (error as { stdout?: string }).stdout || String(error)
  }
}

import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { Chain } from '../../test/acceptance/chain.js'
import { keysOf } from '../../test/acceptance/operator.js'
import { goldAgainstTruth } from '../../test/acceptance/oracle.js'
import { ROOT, type Stack } from '../../test/acceptance/stack.js'
import type { Landing } from './files.js'
import { type Item, runsOf } from './rest.js'

interface SilverRows {
  [entity: string]: { files: number; rows: number; twice: string[] }
}

/** Every difference between what there must be and what there is, in words; none when all is well. */
export async function differences(
  stack: Stack,
  items: Item[],
  landings: Landing[],
  folders: { truth: string; scratch: string },
): Promise<string[]> {
  const found = [...ledgerDifferences(items, landings), ...(await silverDifferences(items, folders.scratch))]
  const gold = await goldAgainstTruth(new Chain(stack), folders.truth, folders.scratch)
  return gold ? [...found, `gold: ${gold.trim()}`] : found
}

/** Rows in = out + duplicates + rejected in each run, and each landed row was read by exactly one committed run. */
export function ledgerDifferences(items: Item[], landings: Landing[]): string[] {
  const committed = runsOf(items).filter(({ kind, state }) => kind === 'cleanse' && state === 'COMMITTED')
  const found = committed
    .filter(({ rows }) => rows.in !== rows.out + rows.duplicates + rows.rejected)
    .map(({ runId, rows }) => `run ${runId}: its rows do not add up: ${JSON.stringify(rows)}`)
  const read = committed.reduce((sum, { rows }) => sum + rows.in, 0)
  const lines = landings.reduce((sum, { path }) => sum + linesOf(path), 0)
  if (read !== lines) found.push(`${lines} rows landed, and the committed runs read ${read}`)
  const parked = runsOf(items).filter(({ state }) => state === 'PARKED')
  return [...found, ...parked.map(({ runId, reason }) => `run ${runId} is parked: ${reason}`)]
}

const linesOf = (path: string) => readFileSync(path, 'utf8').split('\n').filter(Boolean).length

/** Each committed row is in silver once, under the file and line that it came from, and no other row is there. */
async function silverDifferences(items: Item[], scratch: string): Promise<string[]> {
  const folder = `${scratch}/silver`
  await fetchSilver(folder)
  const read = `${ROOT}/tools/chaos/silver_rows.py`
  const silver = JSON.parse(
    execFileSync(`${ROOT}/.venv/bin/python`, [read, folder], { encoding: 'utf8' }),
  ) as SilverRows
  const committed = runsOf(items).filter(({ kind, state }) => kind === 'cleanse' && state === 'COMMITTED')
  const out: Record<string, number> = {}
  for (const { subject, rows } of committed) out[subject] = (out[subject] ?? 0) + rows.out
  return Object.keys({ ...out, ...silver }).flatMap((entity) => {
    const { rows = 0, twice = [] } = silver[entity] ?? {}
    const wrong = twice.map((row) => `silver ${entity}: ${row} is there more than once`)
    const wanted = out[entity] ?? 0
    return rows === wanted ? wrong : [...wrong, `silver ${entity}: ${rows} rows, ${wanted} were committed`]
  })
}

async function fetchSilver(folder: string): Promise<void> {
  const s3 = new S3Client({})
  mkdirSync(folder, { recursive: true })
  for (const Key of await keysOf('SILVER', 'entity=')) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: process.env.SLUICE_SILVER_BUCKET, Key }))
    const bytes = await Body?.transformToByteArray()
    writeFileSync(`${folder}/${Key.replaceAll('/', '~')}`, bytes ?? '')
  }
}

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { SYSTEM_NAMES, type SystemName } from '../../../tools/start/expected.js'
import { freePort } from '../../../tools/start/local-aws.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** All four at once on two cores, after the set-up: at most four minutes. */
const ALL_SECONDS_MAX = 240

interface LastRun {
  ok: boolean
  seconds: number
  systems: SystemName[]
  entities: Record<string, { in: number; out: number; duplicates: number; rejected: number }>
  runs: { kind: string; subject: string; state: string; datasets?: { dataset: string; rows: number }[] }[]
}

/** `npm start -- --once --system <name>`, and what it left on record. Throws when it does not end well. */
async function started(system: SystemName | 'all'): Promise<{ said: string; run: LastRun }> {
  const args = ['--import', 'tsx', 'tools/start/main.ts', '--once', '--system', system]
  const port = String(await freePort())
  const { stdout } = await promisify(execFile)(process.execPath, [...args, '--port', port], { cwd: root })
  return { said: stdout, run: JSON.parse(readFileSync(`${root}/.sluice/last-run.json`, 'utf8')) }
}

/** What samples/README.md promises of the places below a folder, by entity. */
function promised(folders: string[]): LastRun['entities'] {
  const page = readFileSync(`${root}/samples/README.md`, 'utf8')
  const sums: LastRun['entities'] = {}
  for (const [, path, entity, ...counts] of page.matchAll(ROW)) {
    if (!folders.some((folder) => path?.startsWith(`${folder}/`))) continue
    const [all = 0, out = 0, duplicates = 0, rejected = 0] = counts.map(Number)
    const sum = sums[String(entity)] ?? { in: 0, out: 0, duplicates: 0, rejected: 0 }
    sum.in += all
    sum.out += out
    sum.duplicates += duplicates
    sum.rejected += rejected
    sums[String(entity)] = sum
  }
  return sums
}
const ROW = /^\| `([^`]+)` \| `(\w+)` \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$/gm

/** What the newest build made that made anything. */
const datasets = ({ runs }: LastRun) =>
  runs.find(({ kind, datasets: made }) => kind === 'build' && made)?.datasets ?? []

const FINANCE = ['daily_portfolio_summary', 'var_calculations']

describe('each system brings its data in by its own doors', () => {
  it('has a test for every one', () => {
    expect(SYSTEM_NAMES).toEqual(['finance', 'marketing', 'commerce', 'households'])
  })

  it('commerce: dropped events and a closed export reach gold', async () => {
    const { run } = await started('commerce')
    expect(run).toMatchObject({
      ok: true,
      systems: ['commerce'],
      entities: promised(['shop-events', 'shop-exports']),
    })
    const built = Object.fromEntries(datasets(run).map(({ dataset, rows }) => [dataset, rows]))
    expect(Object.keys(built)).toHaveLength(6)
    expect(built.analytics_orders).toBe(built.fct_orders)
    expect(built.analytics_order_items).toBe(built.fct_order_items)
    expect(built.fct_order_items).toBeGreaterThan(Number(built.fct_orders))
  })

  it('households: every table of PostgreSQL reaches silver, and its figures gold', async () => {
    const { run } = await started('households')
    expect(run.ok).toBe(true)
    expect(run.entities).toEqual(promised(['petforce']))
    const built = Object.fromEntries(datasets(run).map(({ dataset, rows }) => [dataset, rows]))
    expect(Object.keys(built)).toHaveLength(14)
    // Households and users that are alive: those that the samples delete are in no mart's present.
    expect(built).toMatchObject({ dim_date: 4018, dim_households: 36, dim_pets: 57, dim_users: 84 })
  })

  it('marketing: four doors start builds of one lane, and refusals and repeats start none', async () => {
    const { said, run } = await started('marketing')
    expect(run.ok).toBe(true)
    expect(datasets(run)).toEqual([
      { domain: 'marketing', dataset: 'daily_campaign_summary', rows: 56 },
      { domain: 'marketing', dataset: 'fct_campaign_performance', rows: 224 },
    ])
    expect(run.runs.length).toBeLessThanOrEqual(4)
    expect(said.match(/built/g)?.length).toBeGreaterThanOrEqual(4)
  })

  it('finance: files, an API, a stream and, where there is one, a MongoDB reach gold', async () => {
    const { said, run } = await started('finance')
    expect(run.ok).toBe(true)
    expect(run.entities.market_data?.in).toBeGreaterThan(3_000)
    expect(run.entities.news_articles?.in).toBe(200)
    const trades = said.includes('left out') ? 1_008 : 1_131
    expect(run.entities.transactions?.in).toBe(trades)
    expect(datasets(run).map(({ dataset }) => dataset)).toEqual(FINANCE)
  })

  it('all: the four come in side by side on one deployment', async () => {
    const { run } = await started('all')
    expect(run).toMatchObject({ ok: true, systems: SYSTEM_NAMES })
    expect(run.seconds, 'seconds from the landing on').toBeLessThan(ALL_SECONDS_MAX)
    expect(run.entities).toMatchObject(promised(['shop-events', 'shop-exports', 'petforce']))
    const built = run.runs.flatMap(({ kind, datasets }) => (kind === 'build' ? (datasets ?? []) : []))
    const names = new Set(built.map(({ dataset }) => dataset))
    expect([...names]).toEqual(expect.arrayContaining([...FINANCE, 'fct_orders', 'dim_users']))
    expect(names.size).toBe(24)
  })
})

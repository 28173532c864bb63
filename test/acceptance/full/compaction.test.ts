import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Row } from '../chain.js'
import { sluice } from '../gate.case.js'
import { keysOf, ledgerItem, ledgerItems, reconcile, textOf } from '../operator.js'
import { until } from '../poll.js'
import { athena, Reader } from '../reader.js'
import { content, ndjson, prices } from '../rows.js'
import { silverRows } from '../silver-rows.js'
import { ROOT } from '../stack.js'
import { landFiles, startWorld, type World } from '../world.js'

const SET_UP_MILLISECONDS_MAX = 600_000
const TEST_MILLISECONDS_MAX = 300_000
const SECONDS_MAX = 120
const ENTITY = 'market_data'
const SILVER = 'sluice_local_silver'
const COUNTED = `count(*) AS "rows", count(DISTINCT symbol || cast(price_date AS varchar)) AS "keys"`
const BY_VIEW = `SELECT ${COUNTED} FROM ${SILVER}.${ENTITY}_rows`
const BY_FOLDER = `SELECT ${COUNTED} FROM ${SILVER}.${ENTITY}`
const FORGOTTEN = 'ACC-AAA'
const LONG_AGO = '2026-01-01T00:00:00.000Z'

/** Small files of one day on the real parts: the job, the stages, the builds that follow, and the removal. */
describe('compaction', () => {
  let world: World
  const silver = () => keysOf('SILVER', `entity=${ENTITY}/`)
  const land = async (...names: string[]) => {
    for (const name of names) {
      await landFiles(world, [
        { source: 'market-data', name: `${name}.ndjson`, content: ndjson(prices(name, 5)) },
        { source: 'trading', name: `${name}.ndjson`, content: ndjson([bought(name)]) },
      ])
      await world.chain.rest(world.landed)
    }
  }
  const shown = async () => content(await world.chain.gold('finance', 'daily_portfolio_summary'))
  const compacted = () => world.chain.runs({ kind: 'compact', state: 'COMMITTED' })

  beforeAll(async () => {
    world = await startWorld()
    await land('AAA', 'BBB', 'CCC')
  }, SET_UP_MILLISECONDS_MAX)
  afterAll(async () => world?.stop())

  test('the small files of a day become one, with the same rows', {
    timeout: TEST_MILLISECONDS_MAX,
  }, async () => {
    const [old, before] = [await silver(), await silverRows(world.stack, ENTITY)]
    expect(old.length).toBeGreaterThanOrEqual(3)
    const would = await sluice('compact', ENTITY, '--today', '--dry-run', '--json')
    expect(JSON.parse(would).days).toMatchObject([{ files: old.length, become: 1, stay: 0 }])
    expect(await sluice('compact', ENTITY, '--dry-run')).toContain('no small files')
    const reads = [() => athena(BY_VIEW), rowsInDuckdb]
    const readers = reads.map((read) => new Reader(read))
    await sluice('compact', ENTITY, '--today', '--by', 'ada')
    const [run] = await until(
      'the compaction is committed',
      async () => {
        const runs = await compacted()
        return runs.length > 0 && runs
      },
      { seconds: SECONDS_MAX },
    )
    expect(run).toMatchObject({ subject: ENTITY, engine: 'duckdb', files: old.length })
    const page = await sluice('show', String(run?.runId))
    expect(page).toContain(`Outputs (1)`)
    expect(await sluice('why', String(run?.runId))).toContain('with the same rows')
    const fresh = (await silver()).filter((key) => !old.includes(key))
    expect(fresh).toHaveLength(1)
    // While the old files are there too, each row is there twice, and each key is the same.
    const both = await silverRows(world.stack, ENTITY)
    expect(both).toEqual({ rows: 2 * before.rows, keys: before.keys })
    expect(await athena(BY_FOLDER)).toMatchObject([{ rows: String(both.rows) }])
    // Whoever reads by the view has seen each row once, before the move, in the middle and after it.
    const once = [{ rows: String(before.rows), keys: String(before.keys) }]
    for (const reader of readers) for (const seen of await reader.end()) expect(seen).toEqual(once)
    for (const read of reads) expect(await read()).toEqual(once)
  })

  test('a build after it reads the new file, and gold is as it was without', {
    timeout: TEST_MILLISECONDS_MAX,
  }, async () => {
    await land('DDD')
    const before = await shown()
    // The grace is over, as the ledger sees it; then nothing but the new file is left to read.
    const [item] = await ledgerItems('COMPACTED#')
    await due(String(item?.PK))
    await reconcile()
    const left = await silver()
    expect(left.filter((key) => key.includes(String(item?.runId)))).toHaveLength(1)
    expect(left).toHaveLength(2)
    const builds = (await world.chain.runs({ kind: 'build' })).length
    await world.chain.api.post('/domains/finance/build', { mode: 'full-refresh', by: 'ada' })
    const begun = async () => (await world.chain.runs({ kind: 'build' })).length > builds
    await until('the build began', begun, { seconds: SECONDS_MAX })
    await world.chain.rest(world.landed)
    const [newest] = await world.chain.runs({ kind: 'build' })
    expect(newest?.state).toBe('COMMITTED')
    expect(await shown()).toEqual(before)
  })

  test('nobody is told of anything, and nothing is left to do', {
    timeout: TEST_MILLISECONDS_MAX,
  }, async () => {
    expect(await ledgerItems('INCIDENT#')).toEqual([])
    expect((await ledgerItems('COMPACTED#')).every(({ duePk }) => duePk === undefined)).toBe(true)
  })

  test('a person is forgotten in silver and in what is shown next, and the ledger has the proof', {
    timeout: TEST_MILLISECONDS_MAX,
  }, async () => {
    const before = await shown()
    const others = before.filter((row) => !row.includes(FORGOTTEN))
    expect(others.length).toBeLessThan(before.length)
    const builds = (await world.chain.runs({ kind: 'build' })).length
    const asked = [
      '--column',
      'account_id',
      '--key',
      FORGOTTEN,
      '--why',
      'letter 17',
      '--by',
      'ada',
      '--json',
    ]
    const { requestId } = JSON.parse(await sluice('forget', 'transactions', ...asked))
    const proof = await until(
      'the request is carried out',
      async () => {
        const item = await ledgerItem(`FORGET#${requestId}`)
        return item?.doneAt ? item : undefined
      },
      { seconds: SECONDS_MAX },
    )
    expect(proof).toMatchObject({ entity: 'transactions', column: 'account_id', by: 'ada', why: 'letter 17' })
    expect(proof.forgotten).toMatchObject({ found: 1, removed: 1, left: 0, rawFiles: 1 })
    const report = JSON.parse(await textOf('ARTIFACTS', String(proof.report)))
    const written = report.silver.filter(({ removed }: { removed: number }) => removed > 0)
    expect(written).toMatchObject([{ found: 1, left: 0, etag: expect.stringMatching(/./) }])
    expect(report.bronze).toEqual([expect.stringContaining('AAA.ndjson')])
    // Who is forgotten is named nowhere by whoever keeps the proof.
    for (const kept of [proof, report, await ledgerItems('RUN#')])
      expect(JSON.stringify(kept)).not.toContain(FORGOTTEN)
    expect(await keysOf('ARTIFACTS', 'forgets/')).toEqual([])
    const begun = async () => (await world.chain.runs({ kind: 'build' })).length > builds
    await until('what reads it is built anew', begun, { seconds: SECONDS_MAX })
    await world.chain.rest(world.landed)
    expect(await shown()).toEqual(others)
    expect(await ledgerItems('INCIDENT#')).toEqual([])
  })
})

const bought = (symbol: string) => ({
  ...{ transaction_id: `TX-${symbol}`, account_id: `ACC-${symbol}`, symbol, side: 'BUY' },
  ...{ quantity: 2, price: 50, traded_at: '2012-01-03T15:00:00Z', currency: 'USD' },
})

/** What somebody with DuckDB sees who takes the view from the catalog. */
async function rowsInDuckdb(): Promise<Row[]> {
  const reader = [`${ROOT}/test/acceptance/silver_view.py`, SILVER, `${ENTITY}_rows`, COUNTED]
  const options = { env: { ...process.env, PYTHONPATH: ROOT } }
  const { stdout } = await promisify(execFile)(`${ROOT}/.venv/bin/python`, reader, options)
  return (JSON.parse(stdout) as Row[]).map(({ rows, keys }) => ({ rows: String(rows), keys: String(keys) }))
}

async function due(PK: string): Promise<void> {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({}))
  await client.send(
    new UpdateCommand({
      TableName: process.env.SLUICE_LEDGER_TABLE,
      Key: { PK, SK: 'META' },
      UpdateExpression: 'SET dueAt = :at',
      ExpressionAttributeValues: { ':at': LONG_AGO },
    }),
  )
}

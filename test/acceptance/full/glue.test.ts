import { spawnSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { calls } from '../calls.js'
import { goldAgainstTruth, truthOf } from '../oracle.js'
import { ROOT } from '../stack.js'
import { landPaths, startWorld, type World } from '../world.js'

const SET_UP_MILLISECONDS_MAX = 240_000
const SPARK_SECONDS_MAX = 300

/**
 * Months of prices in every format, with dirty rows and a byte order mark among them, and the first two months of
 * trades: without a gap, for a trade that sells what was never bought means nothing.
 */
const FILES = [
  'market-data/AAPL-2011-03.ndjson',
  'market-data/AAPL-2011-04.csv',
  'market-data/IBM-2011-03.csv',
  'market-data/MSFT-2011-03.json',
  'market-data/AAPL-2011-06.ndjson.gz',
  'market-data/MSFT-2012-11.csv.gz',
  'market-data/GOOG-2012-08.json.gz',
  'market-data/IBM-2012-06.csv.gz',
  'trading/transactions-2011-03.csv',
  'trading/transactions-2011-04.ndjson',
]

const hasJava = spawnSync('java', ['-version']).status === 0
const title = hasJava
  ? 'the Glue branch'
  : 'the Glue branch (left out: Spark needs Java 17, and there is no java on the path)'

describe.skipIf(!hasJava)(title, () => {
  let world: World
  beforeAll(async () => {
    world = await startWorld({ engine: 'spark' })
  }, SET_UP_MILLISECONDS_MAX)
  afterAll(async () => {
    await world?.stop()
  })

  test(
    'a stack pinned to Spark cleanses by Glue with real PySpark, and gold is as right as with DuckDB',
    async () => {
      const drops = FILES.map((file) => ({
        source: file.split('/')[0] as string,
        path: `${ROOT}/samples/${file}`,
      }))
      for (const file of FILES) cpSync(`${ROOT}/samples/${file}`, `${world.truth}/${file}`)
      await landPaths(world, drops)
      const runs = (await world.chain.rest(FILES.length, SPARK_SECONDS_MAX)).filter(
        ({ kind }) => kind === 'cleanse',
      )
      expect(new Set(runs.map(({ engine, state }) => `${engine} ${state}`))).toEqual(
        new Set(['spark COMMITTED']),
      )
      expect(await goldAgainstTruth(world.chain, world.truth, world.scratch)).toBe('')
      const truth = await truthOf(world.truth)
      for (const entity of ['market_data', 'transactions']) {
        const rows = runs.filter(({ subject }) => subject === entity).map((run) => run.rows)
        const rejected = rows.reduce((sum, row) => sum + (row?.rejected ?? 0), 0)
        expect({ entity, rejected }).toEqual({ entity, rejected: truth[entity]?.rejected })
      }
    },
    SPARK_SECONDS_MAX * 1_000 + 60_000,
  )

  test('the roles of the Glue branch were enough: no call was denied', async () => {
    const denied = (await calls({ denied: 'true' })).filter(({ role }) => role !== 'root')
    expect(denied).toEqual([])
    const started = (await calls({ action: 'glue:StartJobRun' })).length
    expect(started).toBeGreaterThan(0)
  })
})

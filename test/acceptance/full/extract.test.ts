import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { putSecret } from '../../../tools/start/hands.js'
import { letter, post } from '../../../tools/start/senders.js'
import { Servers } from '../../../tools/start/servers.js'
import { PlatformServer } from '../../fakes/platform-server.js'
import { bronzeRows, weekdays } from '../backfill-story.js'
import { Chain } from '../chain.js'
import { killTask } from '../kill-task.js'
import { bronzeVersions, ledgerItem, ledgerItems, reconcile, textOf } from '../operator.js'
import { until } from '../poll.js'
import { silverRows } from '../silver-rows.js'
import { type Stack, startStack } from '../stack.js'

/**
 * Extractions on the deployed stack: a database whose cursor moves, a task that is killed, and a job of the dbt platform
 * with and without its notice.
 */
const SECONDS_MAX = 300
const TOKEN = 'local-service-token'
const WEBHOOK_SECRET = 'local-webhook-secret'

/** Symbols of sources/fmp.yaml, the days that the server of prices has, and the records of a page. */
const PRICES = { symbols: 3, from: '2000-01-01', to: '2026-01-01', page: 1_000 }
/** The task is killed when so many of its 21 pages have landed. */
const LANDED_BEFORE = 4

type Item = Record<string, unknown>

describe('extractions on the deployed stack', { timeout: 600_000 }, () => {
  const servers = new Servers(process.cwd())
  const platform = new PlatformServer(TOKEN)
  let stack: Stack
  let chain: Chain

  beforeAll(async () => {
    stack = await startStack()
    chain = new Chain(stack)
  }, 900_000)
  afterAll(async () => {
    await stack?.stop()
    await platform.stop()
    await servers.stop()
  })

  const runsOf = async (source: string): Promise<Item[]> => {
    const items = await ledgerItems('RUN#')
    const own = items.filter(
      ({ SK, kind, subject }) => SK === 'META' && kind === 'extract' && subject === source,
    )
    return own.sort((one, other) => (String(one.createdAt) < String(other.createdAt) ? -1 : 1))
  }
  const ask = (source: string) => chain.api.post(`/sources/${source}/extract`, { by: 'the full run' })
  /** The source's extraction of that number once it has ended well. */
  const ended = (source: string, number: number) =>
    until(
      `extraction ${number} of ${source} is committed`,
      async () => {
        const run = (await runsOf(source))[number - 1]
        if (run?.state === 'PARKED') throw new Error(`run ${run.runId} is parked: ${run.reason}`)
        return run?.state === 'COMMITTED' && run
      },
      { seconds: SECONDS_MAX },
    )
  /** Waits until each file of a source stands in a cleanse that has ended well. */
  const inSilver = (source: string, files: number) =>
    until(
      `${files} files of ${source} are in silver`,
      async () => {
        const runs = (await ledgerItems('RUN#')).filter(
          ({ SK, state }) => SK === 'META' && state === 'COMMITTED',
        )
        const good = new Set(runs.map(({ runId }) => runId))
        const own = (await ledgerItems('FILE#')).filter(
          (file) => file.SK === 'META' && file.source === source,
        )
        return own.length === files && own.every(({ run }) => good.has(run))
      },
      { seconds: SECONDS_MAX },
    )
  const cursor = (source: string) => ledgerItem(`LANE#extract:${source}`, 'STATE')
  const planOf = async ({ runId, attempt }: Item) =>
    JSON.parse(await textOf('ARTIFACTS', `runs/${runId}/attempt=${attempt}/plan.json`))

  test('a database is extracted, its files land, and the next one goes on behind the cursor', async () => {
    const { url } = await servers.start('postgres')
    await putSecret('/petforce/connection-string', url)
    await ask('petforce')
    const first = await ended('petforce', 1)
    expect(await cursor('petforce')).toMatchObject({ ordinal: 1, builtBy: first.runId })
    const files = (await bronzeVersions()).filter(({ Key }) => Key?.startsWith('source=petforce/entity='))
    expect(files.length).toBe(Number(first.files))
    expect(files.length).toBeGreaterThan(0)
    await ask('petforce')
    const second = await ended('petforce', 2)
    expect((await planOf(second)).state_uri).toBe((await planOf(first)).next_state_uri)
    expect(await cursor('petforce')).toMatchObject({ ordinal: 2, builtBy: second.runId })
  })

  test('a task that is killed is gone on with, and silver has each record once', async () => {
    const { url } = await servers.start('rest', '--port', '0', '--key', 'demo')
    await putSecret('/fmp-api/api-key', JSON.stringify({ value: 'demo', url }))
    await ask('fmp')
    const pages = async () => {
      const versions = await bronzeVersions()
      return versions.filter(({ Key }) => Key?.startsWith('source=fmp/')).length
    }
    const landed = () => pages().then((count) => count >= LANDED_BEFORE && count)
    const before = await until('the first pages have landed', landed, { seconds: SECONDS_MAX })
    const [running] = await runsOf('fmp')
    killTask(String(running?.runId))
    const run = await ended('fmp', 1)
    const days = weekdays(PRICES.from, PRICES.to)
    const files = PRICES.symbols * Math.ceil(days / PRICES.page)
    expect(run).toMatchObject({ attempt: 2, files, rows: { in: PRICES.symbols * days } })
    expect(before).toBeLessThan(files)
    // What had landed was not asked for again, but for the page that the kill caught on its way.
    const seen = (await (await fetch(`${url}/_seen`)).json()) as unknown[]
    expect(seen.length).toBeLessThanOrEqual(files + 1)
    const bronze = await bronzeRows(String(stack.env.SLUICE_BRONZE_BUCKET))
    expect(bronze).toHaveLength(PRICES.symbols * days)
    expect(new Set(bronze).size).toBe(bronze.length)
    await inSilver('fmp', files)
    expect(await silverRows(stack, 'market_data')).toEqual({ rows: bronze.length, keys: bronze.length })
  })

  /** Asks for the job and waits until the ledger knows the platform's id of it. */
  async function started(number: number): Promise<{ job: string; run: Item }> {
    await ask('dbt-platform')
    const run = await until(
      'the job is started and linked',
      async () => (await runsOf('dbt-platform')).find(({ state, job }) => state === 'RUNNING' && job),
      { seconds: SECONDS_MAX, seen: () => platform.asked },
    )
    expect(platform.runs).toHaveLength(number)
    expect(platform.runs.at(-1)?.trigger.cause).toBe(`Sluice ${run.runId}/1`)
    return { job: String(run.job), run }
  }

  test('a job of the dbt platform is started, and its signed notice ends its run and is a sync', async () => {
    const url = await platform.start()
    await putSecret('/dbt-platform/service-token', JSON.stringify({ value: TOKEN, url }))
    await putSecret('/dbt-platform/webhook-secret', WEBHOOK_SECRET)
    const { job } = await started(1)
    platform.end(job, 'success')
    const data = { jobId: '123', runId: job, runStatus: 'Success', runStatusCode: 10 }
    const notice = { eventType: 'job.run.completed', data }
    const answer = await post(
      String(stack.env.SLUICE_API_URL),
      letter('dbt-platform', notice, WEBHOOK_SECRET),
    )
    expect(answer.status).toBe(202)
    await ended('dbt-platform', 1)
    expect(await ledgerItem(`SYNC#${answer.id}`)).toMatchObject({ source: 'dbt-platform', job })
  })

  test('the end of a job whose notice never comes is asked for, and is a sync all the same', async () => {
    const { job, run } = await started(2)
    platform.end(job, 'success')
    await late(run)
    await reconcile()
    await ended('dbt-platform', 2)
    const syncs = await ledgerItems('SYNC#')
    expect(syncs.filter((sync) => sync.job === job)).toMatchObject([{ outcome: 'finished' }])
  })

  /** Lets a run be late now, in place of a wait of minutes. */
  async function late({ PK }: Item): Promise<void> {
    await new DynamoDBClient({}).send(
      new UpdateItemCommand({
        TableName: String(stack.env.SLUICE_LEDGER_TABLE),
        Key: { PK: { S: String(PK) }, SK: { S: 'META' } },
        UpdateExpression: 'SET dueAt = :past',
        ExpressionAttributeValues: { ':past': { S: '2026-01-01T00:00:00.000Z' } },
      }),
    )
  }
})

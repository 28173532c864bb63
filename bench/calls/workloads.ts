import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, GetCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { Chain } from '../../test/acceptance/chain.js'
import { reconcile } from '../../test/acceptance/operator.js'
import { until } from '../../test/acceptance/poll.js'
import { ndjson, prices } from '../../test/acceptance/rows.js'
import { landFiles, type World } from '../../test/acceptance/world.js'
import { type Item, runsOf, wholeLedger } from '../../tools/chaos/rest.js'
import { type Counts, countSince, mark } from './count.js'

const REST_SECONDS_MAX = 120
const QUIET_MILLISECONDS = 2_500
const REPEATS_MAX = 4
const LANE = 'cleanse:market_data'
const WAIT = { seconds: 60 }
let landings = 0

const dynamo = () => DynamoDBDocumentClient.from(new DynamoDBClient({}))
const TableName = () => String(process.env.SLUICE_LEDGER_TABLE)

/**
 * Lands files that become one batch, waits until gold is published, and gives what the chain asked of AWS for it. A
 * round whose files were split into two batches, or that was built twice, is done again.
 */
export async function landingRound(world: World, files: number): Promise<Counts> {
  for (let repeat = 0; repeat < REPEATS_MAX; repeat += 1) {
    const since = await mark()
    if (files > 1) await held(() => landSome(world, files - 1))
    await landSome(world, 1)
    await quiet(since)
    const { counts } = await countSince(since)
    const jobs = Object.entries(counts).filter(([name]) => / ecs:RunTask$/.test(name))
    if (jobs.length === 2 && jobs.every(([, count]) => count === 1)) return counts
  }
  throw new Error(`${files} files never became one batch and one build in ${REPEATS_MAX} rounds`)
}

async function landSome(world: World, count: number): Promise<void> {
  landings += 1
  const names = Array.from({ length: count }, (_, place) => `C${landings}x${place}`)
  const files = names.map((name) => ({ name: `${name}.ndjson`, content: ndjson(prices(name, 3)) }))
  await landFiles(
    world,
    files.map((file) => ({ source: 'market-data', ...file })),
  )
  if (count > 1) await until(`${count} files wait`, async () => (await waiting(LANE)).length >= count, WAIT)
}

/** Holds the lane while files join it, so that the file that lands afterwards takes all of them into one run. */
async function held(work: () => Promise<void>): Promise<void> {
  const Key = { PK: `LANE#${LANE}`, SK: 'HOLD' }
  const update = (UpdateExpression: string, ConditionExpression: string) =>
    dynamo().send(
      new UpdateCommand({
        TableName: TableName(),
        Key,
        UpdateExpression,
        ConditionExpression,
        ExpressionAttributeValues: { ':holder': 'bench' },
      }),
    )
  await update('SET holder = :holder', 'attribute_not_exists(holder)')
  await work()
  await update('REMOVE holder', 'holder = :holder')
}

/** One tick of the reconciler that has nothing to do. */
export async function tickRound(): Promise<Counts> {
  const since = await mark()
  await reconcile()
  return (await countSince(since)).counts
}

/** Each request of a person once; the first page of what has pages. */
export async function apiRound({ stack }: World): Promise<Counts> {
  const { api } = new Chain(stack)
  const counts: Counts = {}
  const { runs } = await api.get<{ runs: { runId: string }[] }>('/runs', { limit: '10' })
  for (const path of ['/status', '/runs?limit=50', `/runs/${runs[0]?.runId}`, '/datasets', '/quarantine']) {
    const since = await mark()
    const [route = '', query] = path.split('?')
    await api.get(route, Object.fromEntries(new URLSearchParams(query)))
    const named = route.replace(/[0-9a-z]{26}/, '{id}')
    for (const [call, count] of Object.entries((await countSince(since)).counts)) {
      counts[call.replace('api ', `api GET ${named} `)] = count
    }
  }
  return counts
}

/** Waits until every lane is free and empty and no stage or job has asked for anything for 2.5 seconds. */
async function quiet(since: number): Promise<void> {
  let [recorded, at] = [0, performance.now()]
  let busy = ''
  await until(
    'the chain is quiet',
    async () => {
      const now = (await countSince(since)).recorded
      if (now !== recorded) [recorded, at] = [now, performance.now()]
      if (now === 0 || performance.now() - at < QUIET_MILLISECONDS) return false
      busy = await busyLanes()
      return busy === ''
    },
    { seconds: REST_SECONDS_MAX, seen: () => ({ recorded, busy }) },
  )
}

async function busyLanes(): Promise<string> {
  const lanes = await query({ PK: 'LANES' })
  const busy = await Promise.all(
    lanes.map(async ({ SK: lane }) => {
      const Key = { PK: `LANE#${lane}`, SK: 'HOLD' }
      const hold = await dynamo().send(new GetCommand({ TableName: TableName(), Key, ConsistentRead: true }))
      return hold.Item?.holder || (await waiting(String(lane))).length > 0 ? String(lane) : ''
    }),
  )
  return busy.filter(Boolean).join(', ')
}

const waiting = (lane: string) => query({ PK: `LANE#${lane}`, prefix: 'WAIT#' })

async function query({ PK, prefix }: { PK: string; prefix?: string }): Promise<Item[]> {
  const { Items } = await dynamo().send(
    new QueryCommand({
      TableName: TableName(),
      KeyConditionExpression: prefix ? 'PK = :pk AND begins_with(SK, :prefix)' : 'PK = :pk',
      ExpressionAttributeValues: { ':pk': PK, ...(prefix && { ':prefix': prefix }) },
      ConsistentRead: true,
    }),
  )
  return Items ?? []
}

/** The ledger as the newest runs left it. Throws when one of them did not end well. */
export async function goodLedger(): Promise<Item[]> {
  const items = await wholeLedger()
  const bad = runsOf(items).filter(({ state }) => state !== 'COMMITTED')
  if (bad.length > 0) throw new Error(`a run is ${bad[0]?.state}: ${bad[0]?.reason}`)
  return items
}

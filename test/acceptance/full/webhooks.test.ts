import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import {
  CloudWatchLogsClient,
  paginateDescribeLogGroups,
  paginateFilterLogEvents,
} from '@aws-sdk/client-cloudwatch-logs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDoors, secretOf } from '../../../bench/webhooks/fuzz.js'
import { airbyteNotice, post, signed } from '../../../bench/webhooks/sender.js'
import type { syncView } from '../../../functions/5-serve/api/syncs.js'
import { project } from '../../../shared/declared.js'
import { documentClient, ledgerReader } from '../../../shared/ledger-dynamo.js'
import { eachAtOnce } from '../../../shared/parallel.js'
import { calls } from '../calls.js'
import { whileHeld } from '../hold.js'
import { until } from '../poll.js'
import { ROOT } from '../stack.js'
import { startWorld, type World } from '../world.js'

const SOURCE = 'facebook_ads'
const KEYED = 'google_ads'
const LANE = 'build:marketing'
const PAD_SECONDS = 15
const SET_UP_MILLISECONDS_MAX = 600_000
const AT_ONCE = 20
const ASKED_AT_ONCE = 5
/** Three padded builds of dbt on a busy machine. */
const BUILT_SECONDS_MAX = 400
type SyncView = NonNullable<Awaited<ReturnType<typeof syncView>>>

let world: World
let api = ''

beforeAll(async () => {
  world = await startWorld({ padSeconds: PAD_SECONDS })
  api = String(world.stack.env.SLUICE_API_URL)
  await openDoors()
  const raw = ['-m', 'samples.raw_tables', String(world.stack.env.SLUICE_SILVER_BUCKET)]
  execFileSync(`${ROOT}/.venv/bin/python`, raw, { cwd: ROOT })
}, SET_UP_MILLISECONDS_MAX)
afterAll(() => world?.stop())

/** One delivery of Airbyte's notice about a job, as the source's own sender would make it. */
async function deliver(source: string, jobId: number, connection = 'c') {
  const declared = project.sources[source]
  if (!declared) throw new Error(`${source} is not declared`)
  const body = airbyteNotice(connection, jobId)
  const { url, headers } = signed(api, source, declared, secretOf(source), body)
  const { status, body: said } = await post(url, headers, body)
  return { status, id: String((JSON.parse(said) as { id?: string }).id) }
}

/** Every item of a partition. */
const ledger = () => ledgerReader(String(world.stack.env.SLUICE_LEDGER_TABLE), documentClient())

describe('the door on the local AWS', () => {
  it('takes 1,000 deliveries of 100 syncs in random order for 100 syncs', { timeout: 600_000 }, async () => {
    const deliveries = Array.from({ length: 1_000 }, (_, place) => place % 100)
    for (let place = deliveries.length - 1, seed = 7; place > 0; place -= 1) {
      seed = (seed * 48_271) % 2_147_483_647
      const other = seed % (place + 1)
      ;[deliveries[place], deliveries[other]] = [deliveries[other] as number, deliveries[place] as number]
    }
    const answers: { status: number; id: string }[] = []
    await whileHeld(LANE, 100, async () => {
      const queue = deliveries.values()
      const worker = async () => {
        for (const job of queue) answers.push(await deliver(SOURCE, 10_000 + job))
      }
      await Promise.all(Array.from({ length: AT_ONCE }, worker))
    })
    const count = (status: number) => answers.filter((one) => one.status === status).length
    expect({ taken: count(202), seen: count(200) }).toEqual({ taken: 100, seen: 900 })
    const ids = [...new Set(answers.map(({ id }) => id))]
    expect(ids).toHaveLength(100)
    const owners = await Promise.all(
      ids.map((id) => ledger().get({ PK: `ENTRY#${LANE}#sync:${id}`, SK: 'META' })),
    )
    expect(owners.filter((owner) => owner !== undefined)).toHaveLength(100)
    const inputs = await builtInputs()
    expect(inputs.length).toBe(100)
    expect(new Set(inputs).size).toBe(100)
  })

  it('builds 50 syncs of one domain in ten seconds at most three times, and knows the fate of each', {
    timeout: 500_000,
  }, async () => {
    const before = new Set((await world.chain.runs({ kind: 'build' })).map(({ runId }) => runId))
    const begun = performance.now()
    const taken: string[] = []
    for (let sync = 0; sync < 50; sync += 1) {
      const { status, id } = await deliver(SOURCE, 20_000 + sync)
      expect(status).toBe(202)
      taken.push(id)
      const due = begun + (sync + 1) * 200
      await until('the next of 50 syncs', async () => performance.now() >= due, { seconds: 10 })
    }
    let seen: string[] = []
    const ask = async () => {
      const fates: SyncView[] = []
      // A few at a time: each that waits beside others is a worker of its own that has to start.
      await eachAtOnce(taken, ASKED_AT_ONCE, async (id, place) => {
        fates[place] = await world.chain.api.get<SyncView>(`/syncs/${id}`)
      })
      seen = fates.map(({ state }) => state)
      return fates.every(({ state }) => state === 'built') && fates
    }
    const fates = await until('every sync is built', ask, { seconds: BUILT_SECONDS_MAX, seen: () => seen })
    const builds = (await world.chain.runs({ kind: 'build' })).filter(({ runId }) => !before.has(runId))
    expect(builds.length).toBeLessThanOrEqual(3)
    const ids = builds.map(({ runId }) => runId)
    for (const { builds: made } of fates) expect(ids).toContain(made[0]?.runId)
  })

  it('starts no task for a request after them, and tells why', { timeout: 200_000 }, async () => {
    const builds = () => world.chain.runs({ kind: 'build' })
    const ended = ({ state }: { state: string }) => state === 'COMMITTED'
    await until('no build is under way', async () => (await builds()).every(ended), { seconds: 120 })
    const started = await calls({ action: 'ecs:RunTask' })
    const before = (await builds()).length
    await world.chain.api.post('/domains/marketing/build', { by: 'somebody' })
    const asked = await until(
      'the request has a run that has ended',
      async () => {
        const runs = await builds()
        return runs.length > before && runs.every(ended) && runs[0]
      },
      { seconds: 60 },
    )
    expect(asked.attempt).toBe(0)
    expect((asked as { unchanged?: string }).unchanged).toMatch(
      /^nothing new since the last good build: dbt-platform, facebook_ads, google_ads, snowflake-task told of no sync/,
    )
    expect(started.length).toBeGreaterThan(0)
    expect(await calls({ action: 'ecs:RunTask' })).toEqual(started)
    const why = await world.chain.api.get<object>('/why', { subject: asked.runId })
    expect(JSON.stringify(why)).toContain('it ended without a job: nothing new since the last good build')
  })

  it('writes the key of a path into no log', { timeout: 120_000 }, async () => {
    const key = secretOf(KEYED)
    expect((await deliver(KEYED, 1)).status).toBe(200)
    const wrong = 'a-wrong-key-in-the-path-0123456789'
    for (const path of [
      `webhooks/${KEYED}/${wrong}`,
      `webhooks/nothing/${wrong}`,
      `webhooks/${KEYED}/${wrong}?q=${wrong}`,
    ])
      expect((await post(`${api}/${path}`, { 'content-type': 'application/json' }, '{}')).status).toBe(401)
    const logged = await until('the door’s lines are in its log', () => lambdaLogs('accept-webhook'), {
      seconds: 30,
    })
    const texts = [...logged, ...(await allLogs()), ...filesBelow(world.stack.state)]
    expect(texts.length).toBeGreaterThan(10)
    for (const secret of [key, wrong]) {
      expect(texts.filter((text) => text.includes(secret)).map((text) => text.slice(0, 300))).toEqual([])
    }
  })
})

/** The syncs that good builds took, one entry for each input. */
async function builtInputs(): Promise<string[]> {
  return until(
    '100 syncs are in builds',
    async () => {
      const builds = await world.chain.runs({ kind: 'build' })
      const runs = await Promise.all(builds.map(({ runId }) => world.chain.run(runId)))
      const found = runs.flatMap((run) =>
        ((run as unknown as { inputs: { syncId?: string }[] }).inputs ?? []).flatMap(
          ({ syncId }) => syncId ?? [],
        ),
      )
      return found.length >= 100 && found
    },
    { seconds: 60 },
  )
}

async function lambdaLogs(stage: string): Promise<string[] | false> {
  const lines = await linesOf(`/aws/lambda/sluice-local-${stage}`)
  return lines.some((line) => line.includes('not verified')) && lines
}

/** Every line of every log group. */
async function allLogs(): Promise<string[]> {
  const client = new CloudWatchLogsClient({})
  const groups: string[] = []
  for await (const { logGroups = [] } of paginateDescribeLogGroups({ client }, {}))
    groups.push(...logGroups.map(({ logGroupName }) => String(logGroupName)))
  return (await Promise.all(groups.map(linesOf))).flat()
}

async function linesOf(logGroupName: string): Promise<string[]> {
  const client = new CloudWatchLogsClient({})
  const lines: string[] = []
  for await (const { events = [] } of paginateFilterLogEvents({ client }, { logGroupName }))
    lines.push(...events.map(({ message = '' }) => message))
  return lines
}

const FILE_BYTES_MAX = 50_000_000
/** The text of every log file that this local AWS wrote, and its list of who called what. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return ['images', 'spark'].includes(entry.name) ? [] : filesBelow(path)
    const isLog = entry.isFile() && /log|trail|calls|json/.test(path) && statSync(path).size < FILE_BYTES_MAX
    return isLog ? [readFileSync(path, 'latin1')] : []
  })
}

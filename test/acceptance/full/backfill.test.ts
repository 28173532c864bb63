import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BackfillView } from '../../../cli/backfill-text.js'
import { land } from '../../../cli/land.js'
import { setFaults, told } from '../../../tools/chaos/faults.js'
import { awaitRest, type Item, retryParked, runsOf, wholeLedger } from '../../../tools/chaos/rest.js'
import { putSecret } from '../../../tools/start/hands.js'
import { Servers } from '../../../tools/start/servers.js'
import { Chain } from '../chain.js'
import { reconcile } from '../operator.js'
import { landSamples, startWorld, type World } from '../world.js'

/** Ten years of daily prices in chunks of 30 days, while every tenth container is killed. */
const WISH = {
  source: 'fmp',
  from: process.env.SLUICE_BACKFILL_FROM ?? '2016-01-01',
  to: '2026-01-01',
  chunkDays: 30,
  parallel: 4,
  by: 'the full run',
}
const KILLED = 0.1
const SYMBOLS = 3
const LOOK_MILLISECONDS = 2_000
const RECONCILE_MILLISECONDS = 60_000
const MILLISECONDS_MAX = 3_000_000
/** A person resumes a backfill that failed, as often as this at most. */
const RESUMES_MAX = 3
const say = (text: string) => process.stderr.write(`  ${text}\n`)

describe('a backfill of ten years, while containers are killed', () => {
  const servers = new Servers(process.cwd())
  let world: World
  let chain: Chain
  let url: string
  const scratch = mkdtempSync(`${tmpdir()}/sluice-backfill-`)

  beforeAll(async () => {
    url = (await servers.start('rest', '--port', '0', '--key', 'demo')).url
    world = await startWorld({ launcher: ['--async-retry-scale', '0.1'] })
    chain = new Chain(world.stack)
    await putSecret('/fmp-api/api-key', JSON.stringify({ value: 'demo', url }))
    await landSamples(world)
    await chain.rest(world.landed)
  }, 600_000)
  afterAll(async () => {
    await world?.stop()
    await servers.stop()
    rmSync(scratch, { recursive: true, force: true })
  })

  /** Looks until the backfill has ended; lands a live file on the way, and notes when that was published. */
  async function follow(backfillId: string) {
    const begun = performance.now()
    const live = { key: '', landed: 0, published: 0 }
    let [resumed, ticked, said] = [0, performance.now(), '']
    for (;;) {
      const view = await chain.api.get<BackfillView>(`/backfills/${backfillId}`, { limit: '1' })
      const { counts, state } = view
      const line = `${counts.done} of ${counts.chunks}, ${counts.underWay} under way, ${counts.failed} failed ${view.heldBy ?? ''}`
      if (line !== said) say(`${seconds(begun)} s  ${state}  ${line}`)
      said = line
      if (!live.landed && counts.done >= counts.chunks / 4) {
        live.key = await landLive(world, scratch)
        live.landed = performance.now()
      }
      if (live.landed && !live.published && (await isPublished(live.key))) {
        live.published = performance.now()
        say(`the live file is published after ${seconds(live.landed)} s`)
      }
      if (state === 'done') return { view, seconds: seconds(begun), live, resumed }
      if (state === 'failed') {
        resumed += 1
        if (resumed > RESUMES_MAX) throw new Error(`the backfill failed: ${view.reason}`)
        await chain.api.post(`/backfills/${backfillId}/resume`, { by: 'the full run' })
      }
      if (performance.now() - begun > MILLISECONDS_MAX) throw new Error(`not done in time: ${line}`)
      if (performance.now() - ticked > RECONCILE_MILLISECONDS) {
        ticked = performance.now()
        await reconcile().catch((error: Error) => say(`reconcile: ${error.message}`))
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS))
    }
  }

  test(
    'every chunk is there exactly once, and a live file is published before its end',
    async () => {
      await setFaults(world.stack.endpoint, { taskKilled: KILLED, seed: 7 })
      const { backfillId } = await chain.api.post<{ backfillId: string }>('/backfills', WISH)
      const { view, live, resumed, ...ended } = await follow(backfillId)
      const { counts } = await told(world.stack.endpoint)
      await setFaults(world.stack.endpoint)
      const figures = {
        ...ended,
        chunks: view.counts.chunks,
        rows: view.spent.rows,
        resumed,
        killed: counts.taskKilled,
      }
      const liveSeconds = Math.round((live.published - live.landed) / 1_000)
      say(JSON.stringify({ ...figures, liveSeconds }))
      expect(live.published).toBeGreaterThan(0)
      expect(counts.taskKilled?.struck).toBeGreaterThan(0)

      const items = await wholeLedger()
      expect(goodRuns(items, backfillId).filter((runs) => runs.length !== 1)).toEqual([])
      expect(goodRuns(items, backfillId)).toHaveLength(view.counts.chunks)
      const rows = await bronzeRows(String(world.stack.env.SLUICE_BRONZE_BUCKET))
      expect(rows.filter((row, place) => row === rows[place - 1])).toEqual([])
      expect(rows).toHaveLength(SYMBOLS * weekdays(WISH.from, WISH.to))
      expect(view.spent.rows).toBe(rows.length)

      const landed =
        world.landed + items.filter((item) => item.source === 'fmp' && item.PK.startsWith('FILE#')).length
      for (let round = 0; round < RESUMES_MAX && (await settle(landed)) > 0; round += 1)
        say('parked runs are put back')
      expect(runsOf(await wholeLedger()).filter(({ state }) => state === 'PARKED')).toEqual([])
    },
    MILLISECONDS_MAX + 900_000,
  )
})

const seconds = (since: number) => Math.round((performance.now() - since) / 1_000)

/** What the kills have parked on the way, of cleanses and builds, is put back as a person does; gives how many. */
async function settle(landed: number): Promise<number> {
  await awaitRest(landed, 600, say)
  return retryParked()
}

async function landLive(world: World, scratch: string): Promise<string> {
  const price = { open: 9, high: 11, low: 8, close: 10, adjusted_close: 10, volume: 100, currency: 'USD' }
  const path = `${scratch}/live.ndjson`
  writeFileSync(path, `${JSON.stringify({ symbol: 'IBM', price_date: '2014-01-02', ...price })}\n`)
  world.landed += 1
  return land(String(world.stack.env.SLUICE_BRONZE_BUCKET), 'market-data', path)
}

/** Whether the edition that readers see has the silver of the run that took the file. */
async function isPublished(key: string): Promise<boolean> {
  const items = await wholeLedger()
  const file = items.find((item) => item.PK.startsWith('FILE#') && item.key === key)
  const entry = items.find(({ PK }) => PK.startsWith('ENTRY#build:') && PK.endsWith(`#silver:${file?.run}`))
  const build = runsOf(items).find(({ runId }) => runId === entry?.run)
  if (build?.state !== 'COMMITTED') return false
  const pointer = items.find(({ PK, SK }) => PK === 'DOMAIN#finance' && SK === 'GOLD')
  return String(pointer?.runId) >= String(build.runId)
}

/** The good runs of each chunk: the run of its request, or the last of those into which that was put back. */
function goodRuns(items: Item[], backfillId: string): string[][] {
  const runs = new Map(runsOf(items).map((run) => [String(run.runId), run]))
  const owners = items.filter(
    ({ PK, SK }) => SK === 'META' && PK.includes(`#request:backfill:${backfillId}:`),
  )
  return owners.map((owner) => {
    const found: string[] = []
    for (let id = String(owner.run); runs.has(id); id = String(runs.get(id)?.into)) {
      const run = runs.get(id)
      if (run?.state === 'COMMITTED' && !run.unchanged) found.push(id)
    }
    return found
  })
}

/** Symbol and day of each record that the extractions have landed, sorted. */
async function bronzeRows(Bucket: string): Promise<string[]> {
  const s3 = new S3Client({})
  const rows: string[] = []
  let ContinuationToken: string | undefined
  do {
    const page = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'source=fmp/', ContinuationToken }))
    for (const { Key } of page.Contents ?? []) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }))
      const lines = ((await Body?.transformToString()) ?? '').split('\n').filter(Boolean)
      rows.push(...lines.map((line) => JSON.parse(line)).map((row) => `${row.symbol} ${row.price_date}`))
    }
    ContinuationToken = page.NextContinuationToken
  } while (ContinuationToken)
  return rows.sort()
}

function weekdays(from: string, to: string): number {
  const days = Array.from({ length: (Date.parse(to) - Date.parse(from)) / 86_400_000 }, (_, day) => day)
  return days.filter((day) => ![0, 6].includes(new Date(Date.parse(from) + day * 86_400_000).getUTCDay()))
    .length
}

import { writeFileSync } from 'node:fs'
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import type { BackfillView } from '../../cli/backfill-text.js'
import { land } from '../../cli/land.js'
import { awaitRest, type Item, retryParked, runsOf, wholeLedger } from '../../tools/chaos/rest.js'
import { reconcile } from './operator.js'
import type { World } from './world.js'

/** A backfill as a person follows it, while a live file lands, and what must be there in the end. */
const LOOK_MILLISECONDS = 2_000
const RECONCILE_MILLISECONDS = 60_000
/** A person resumes a backfill that failed, and puts back what is parked, as often as this at most. */
const AGAIN_MAX = 3
const BY = 'the full run'
export const say = (text: string) => process.stderr.write(`  ${text}\n`)
const pause = () => new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS))

/** Looks until the backfill has ended; lands a live file on the way, and notes when that was published. */
export async function follow(world: World, backfillId: string, scratch: string, millisecondsMax: number) {
  const { chain } = world
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
      if (resumed > AGAIN_MAX) throw new Error(`the backfill failed: ${view.reason}`)
      await chain.api.post(`/backfills/${backfillId}/resume`, { by: BY })
    }
    if (performance.now() - begun > millisecondsMax) throw new Error(`not done in time: ${line}`)
    if (performance.now() - ticked > RECONCILE_MILLISECONDS) {
      ticked = performance.now()
      await reconcile().catch((error: Error) => say(`reconcile: ${error.message}`))
    }
    await pause()
  }
}

const seconds = (since: number) => Math.round((performance.now() - since) / 1_000)

/** What the kills have parked on the way, of cleanses and builds, is put back as a person does; gives how many. */
async function settle(landed: number): Promise<number> {
  await awaitRest(landed, 600, say)
  return retryParked()
}

/** Waits for rest, and puts back what was parked, until nothing is. */
export async function heal(landed: number): Promise<void> {
  for (let round = 0; round < AGAIN_MAX && (await settle(landed)) > 0; round += 1)
    say('parked runs are put back')
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
export function goodRuns(items: Item[], backfillId: string): string[][] {
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
export async function bronzeRows(Bucket: string): Promise<string[]> {
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

export function weekdays(from: string, to: string): number {
  const days = Array.from({ length: (Date.parse(to) - Date.parse(from)) / 86_400_000 }, (_, day) => day)
  return days.filter((day) => ![0, 6].includes(new Date(Date.parse(from) + day * 86_400_000).getUTCDay()))
    .length
}

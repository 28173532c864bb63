import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { bronzeVersions, ledgerItems, stackResources } from './operator.js'
import { drain, emptied, send } from './queues.js'
import { content } from './rows.js'
import { landPaths, type World } from './world.js'

const DELIVERIES = 5

/** The same event again, and the same file again. */
export function redeliveryCase(world: () => World): void {
  const chain = () => world().chain
  const gold = async () => [
    ...content(await chain().gold('finance', 'daily_portfolio_summary')),
    ...content(await chain().gold('risk', 'var_calculations')),
  ]

  test('the same S3 events delivered five times start nothing and change nothing', async () => {
    const queue = String((await stackResources()).LandingQueue)
    const events = await drain(world().tap)
    expect(events.length).toBe(world().landed)
    const [runs, before] = [await chain().runs(), await gold()]
    for (let delivery = 2; delivery < DELIVERIES; delivery += 1) await send(queue, events)
    await send(queue, events.map(lean))
    await emptied(queue)
    await chain().rest(world().landed)
    expect((await chain().runs()).map(({ runId }) => runId)).toEqual(runs.map(({ runId }) => runId))
    expect(await gold()).toEqual(before)
    await oneRowPerVersion()
  })

  test('every file landed a second time, under its old key or a new one, leaves gold as it was', async () => {
    const [editions, before] = [await chain().editions(), await gold()]
    const again = world().drops
    const overwritten = again.filter(({ source }) => source === 'market-data')
    await Promise.all(overwritten.map(({ key, path }) => overwrite(key, path)))
    world().landed += overwritten.length
    await landPaths(
      world(),
      again.filter(({ source }) => source !== 'market-data'),
    )
    await chain().rest(world().landed)
    expect(await gold()).toEqual(before)
    expect(await chain().editions()).not.toEqual(editions)
    await oneRowPerVersion()
  })
}

/** The same event as S3 may also send it: without a size, and every other one without any optional member. */
function lean(body: string, place: number): string {
  const event = JSON.parse(body)
  const optional = place % 2 ? ['size'] : ['version-id', 'size', 'etag', 'sequencer']
  for (const name of optional) delete event.detail.object[name]
  return JSON.stringify(event)
}

const overwrite = (Key: string, path: string) =>
  new S3Client({}).send(
    new PutObjectCommand({ Bucket: process.env.SLUICE_BRONZE_BUCKET, Key, Body: readFileSync(path) }),
  )

/** Each file version of bronze has one lineage row that names the run which took it, and there is no other row. */
async function oneRowPerVersion(): Promise<void> {
  const name = (key: unknown, version: unknown) => `${basename(String(key))} ${version}`
  const versions = (await bronzeVersions()).map(({ Key, VersionId }) => name(Key, VersionId))
  const rows = await ledgerItems('FILE#')
  expect(rows.map(({ key, versionId }) => name(key, versionId)).sort()).toEqual(versions.sort())
  expect(rows.filter(({ run }) => !run)).toEqual([])
}

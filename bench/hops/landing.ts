import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { documentClient, ledgerReader } from '../../shared/ledger-dynamo.js'
import { type Spread, spread } from './measure.js'

const SPACING_MILLISECONDS = 100
const COLLECT_TRIES_MAX = 60
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/**
 * Milliseconds from an S3 put to the ledger's row of that file: the event, the wait in the landing queue and the stage
 * itself. The files are of no declared source, so that nothing follows.
 */
export async function landingMilliseconds(bucket: string, table: string, count: number): Promise<Spread> {
  const s3 = new S3Client({})
  const put = new Map<string, number>()
  for (let number = 0; number < count; number += 1) {
    const Key = `bench/${number}.json`
    put.set(Key, Date.now())
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: '{}' }))
    await pause(SPACING_MILLISECONDS)
  }
  const ledger = ledgerReader(table, documentClient())
  for (let tries = 0; tries < COLLECT_TRIES_MAX; tries += 1) {
    const { items } = await ledger.index('quarantined', { limit: count })
    if (items.length === count) {
      return spread(
        items.map((item) => recordedAt(String(item.quarantinedAt)) - (put.get(String(item.key)) ?? 0)),
      )
    }
    await pause(250)
  }
  throw new Error(`not every one of ${count} landed files was recorded`)
}

const recordedAt = (mark: string) => Date.parse(mark.split('#')[0] ?? '')

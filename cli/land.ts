import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { systemClock } from '../shared/clock.js'
import { project } from '../shared/declared.js'
import { UserError } from './config.js'

const SENT_WHOLE_BYTES_MAX = 64 * 1_024 ** 2

/** The key under which a dropped file lands in bronze, by UTC hour and landing id. */
export function bronzeKey(source: string, file: string, landingId: string, at: number): string {
  const [day, time] = new Date(at).toISOString().split('T') as [string, string]
  const [year, month, date] = day.split('-')
  const hour = time.slice(0, 2)
  return `source=${source}/year=${year}/month=${month}/day=${date}/hour=${hour}/run_id=${landingId}/${basename(file)}`
}

/** Lands a file of a declared source in bronze and gives its key. Throws `UserError` when file or source is unknown. */
export async function land(
  bucket: string,
  source: string,
  file: string,
  s3 = new S3Client({}),
): Promise<string> {
  if (!Object.hasOwn(project.sources, source)) {
    throw new UserError(
      `no source "${source}" is declared; there are ${Object.keys(project.sources).join(', ')}`,
    )
  }
  if (!existsSync(file) || !statSync(file).isFile()) throw new UserError(`there is no file "${file}"`)
  const Key = bronzeKey(source, file, systemClock.newId(), systemClock.now())
  const ContentLength = statSync(file).size
  // A small file is sent whole, so that the SDK can repeat the call; a stream it cannot.
  const Body = ContentLength < SENT_WHOLE_BYTES_MAX ? readFileSync(file) : createReadStream(file)
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body, ContentLength }))
  return Key
}

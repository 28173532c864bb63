import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { systemClock } from '../shared/clock.js'
import { project } from '../shared/declared.js'
import { foldersAt } from '../shared/sources/recent.js'
import { UserError } from './config.js'

const SENT_WHOLE_BYTES_MAX = 64 * 1_024 ** 2

/** The key under which a dropped file lands in bronze: in its source's folder of that time, by landing id. */
export function bronzeKey(prefix: string, file: string, landingId: string, at: number): string {
  const [folder] = foldersAt(prefix, [new Date(at).toISOString()])
  return `${folder}run_id=${landingId}/${basename(file)}`
}

/** Lands a file of a declared source in bronze, for its first entity, and gives its key. Throws `UserError` when file or source is unknown. */
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
  const prefix = project.sources[source]?.feeds[0]?.prefix
  if (prefix === undefined)
    throw new UserError(`the source "${source}" feeds no files: there is nothing to land`)
  const Key = bronzeKey(prefix, file, systemClock.newId(), systemClock.now())
  const ContentLength = statSync(file).size
  // A small file is sent whole, so that the SDK can repeat the call; a stream it cannot.
  const Body = ContentLength < SENT_WHOLE_BYTES_MAX ? readFileSync(file) : createReadStream(file)
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body, ContentLength }))
  return Key
}

import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { systemClock } from '../shared/clock.js'
import { type Declared, project } from '../shared/declared.js'
import { foldersAt } from '../shared/sources/recent.js'
import { UserError } from './config.js'

const SENT_WHOLE_BYTES_MAX = 64 * 1_024 ** 2

/** The key under which a dropped file lands in bronze: in its source's folder of that time, by landing id. */
export function bronzeKey(prefix: string, file: string, landingId: string, at: number): string {
  const [folder] = foldersAt(prefix, [new Date(at).toISOString()])
  return `${folder}run_id=${landingId}/${basename(file)}`
}

/**
 * The folder of bronze in which a source's file lands, for the entity that is named, or its only one. Throws `UserError`
 * when the source is unknown, feeds no such entity, or feeds several and none is named: a guess would land the file as
 * rows of another kind.
 */
export function prefixOf(sources: Declared['sources'], source: string, entity?: string): string {
  const declared = Object.hasOwn(sources, source) ? sources[source] : undefined
  if (!declared)
    throw new UserError(`no source "${source}" is declared; there are ${Object.keys(sources).join(', ')}`)
  const names = declared.feeds.map((feed) => feed.entity)
  if (names.length === 0)
    throw new UserError(`the source "${source}" feeds no files: there is nothing to land`)
  if (entity === undefined && names.length > 1)
    throw new UserError(`the source "${source}" feeds ${names.join(', ')}: name one with --entity`)
  const feed = declared.feeds.find((one) => entity === undefined || one.entity === entity)
  if (!feed) throw new UserError(`the source "${source}" feeds no "${entity}"; it feeds ${names.join(', ')}`)
  return feed.prefix
}

/** Lands a file of a declared source in bronze and gives its key. Throws `UserError` as `prefixOf` does, and when there is no such file. */
export async function land(
  bucket: string,
  source: string,
  file: string,
  entity?: string,
  s3 = new S3Client({}),
): Promise<string> {
  const prefix = prefixOf(project.sources, source, entity)
  if (!existsSync(file)) throw new UserError(`there is no file "${file}"`)
  if (!statSync(file).isFile()) throw new UserError(`"${file}" is no file: name each file by itself`)
  const Key = bronzeKey(prefix, file, systemClock.newId(), systemClock.now())
  const ContentLength = statSync(file).size
  // A small file is sent whole, so that the SDK can repeat the call; a stream it cannot.
  const Body = ContentLength < SENT_WHOLE_BYTES_MAX ? readFileSync(file) : createReadStream(file)
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body, ContentLength }))
  return Key
}

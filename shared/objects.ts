import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { TerminalError, TransientError } from './errors.js'
import type { Plans, Reports } from './work.js'

export const s3 = () => new S3Client({})

/** Reports are small: a larger object is not one. */
const REPORT_BYTES_MAX = 32 * 1_024 * 1_024

/** Writes plans into the artifacts bucket, once: the first writer's content stays. */
export const plans = (bucket: string, client: S3Client): Plans => ({
  async writeOnce(key, content) {
    const input = { Bucket: bucket, Key: key, Body: JSON.stringify(content), ContentType: 'application/json' }
    try {
      await client.send(new PutObjectCommand({ ...input, IfNoneMatch: '*' }))
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'PreconditionFailed') throw error
    }
    return `s3://${bucket}/${key}`
  },
})

/** Reads JSON objects of the artifacts bucket. Throws when one is larger than 32 MiB or no JSON. */
export const reports = (bucket: string, client: S3Client): Reports => ({
  async read(key) {
    try {
      const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
      if ((answer.ContentLength ?? 0) > REPORT_BYTES_MAX)
        throw new TerminalError(`the report cannot be read: ${key} is larger than 32 MiB`)
      return parseJson(key, (await answer.Body?.transformToString()) ?? '')
    } catch (error) {
      if (error instanceof Error && error.name === 'NoSuchKey') return undefined
      throw error
    }
  },
})

function parseJson(key: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new TerminalError(`the report cannot be read: ${key} is no JSON`)
  }
}

export interface Version {
  versionId: string
  bytes: number
  landedAt: string
}

export type FindVersion = (key: string, versionId?: string) => Promise<Version | undefined>

/** What S3 knows of an object version (the newest without `versionId`), or nothing when it is gone. */
export const findVersion =
  (bucket: string, client: S3Client): FindVersion =>
  async (key, versionId) => {
    try {
      const answer = await client.send(
        new HeadObjectCommand({ Bucket: bucket, Key: key, ...(versionId && { VersionId: versionId }) }),
      )
      return {
        versionId: answer.VersionId ?? 'null',
        bytes: answer.ContentLength ?? 0,
        landedAt: (answer.LastModified ?? new Date(0)).toISOString(),
      }
    } catch (error) {
      if (error instanceof Error && ['NotFound', 'NoSuchKey', 'NoSuchVersion'].includes(error.name))
        return undefined
      throw error
    }
  }

export interface LandedVersion extends Version {
  key: string
}

/** ListObjectVersions gives at most 1,000 (S3 API reference). */
const VERSIONS_PER_PAGE = 1_000

/** One page of the object versions below a prefix, newest first per key; `next` continues. */
export const listVersions =
  (bucket: string, client: S3Client) =>
  async (
    prefix: string,
    next?: string,
    limit = VERSIONS_PER_PAGE,
    after?: string,
  ): Promise<{ versions: LandedVersion[]; next?: string }> => {
    const [KeyMarker, VersionIdMarker] = next ? (JSON.parse(next) as [string, string]) : [after]
    const answer = await client.send(
      new ListObjectVersionsCommand({
        Bucket: bucket,
        Prefix: prefix,
        KeyMarker,
        VersionIdMarker,
        MaxKeys: limit,
      }),
    )
    const versions = (answer.Versions ?? []).map((version) => ({
      key: version.Key ?? '',
      versionId: version.VersionId ?? 'null',
      bytes: version.Size ?? 0,
      landedAt: (version.LastModified ?? new Date(0)).toISOString(),
    }))
    const marker = JSON.stringify([answer.NextKeyMarker, answer.NextVersionIdMarker])
    return { versions, ...(answer.IsTruncated && { next: marker }) }
  }

export type CopyObject = (from: string, to: string) => Promise<void>

/** Copies an object to another key of the same bucket; the same bytes again when repeated. At most 5 GB (S3's bound). */
export const copyObject =
  (bucket: string, client: S3Client): CopyObject =>
  async (from, to) => {
    const CopySource = `${bucket}/${from.split('/').map(encodeURIComponent).join('/')}`
    await client.send(new CopyObjectCommand({ Bucket: bucket, Key: to, CopySource }))
  }

/** Deletes an object; nothing happens when it is gone already. */
export const removeObject =
  (bucket: string, client: S3Client) =>
  async (key: string): Promise<void> => {
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }))
  }

/** DeleteObjects takes 1,000 keys a call, and a listing gives as many a page (S3 API reference). */
const KEYS_PER_CALL = 1_000
const FOLDER_PAGES_MAX = 1_000

/** Deletes every object whose key begins so. Throws when S3 refuses one, or when there are more than a million. */
export type RemoveFolder = (prefix: string) => Promise<void>

export const removeFolder =
  (Bucket: string, client: S3Client): RemoveFolder =>
  async (Prefix) => {
    for (let pages = 0; pages < FOLDER_PAGES_MAX; pages += 1) {
      // What was deleted is not listed again, so each look is the first page.
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix }))
      if (Contents.length === 0) return
      await removeObjects(Bucket, client)(Contents.map(({ Key = '' }) => Key))
    }
    throw new TerminalError(`${Prefix} holds more objects than one pass deletes`)
  }

/** Deletes objects by their keys; one that is gone already is no error. Throws when S3 refuses one. */
export type RemoveObjects = (keys: string[]) => Promise<void>

export const removeObjects =
  (Bucket: string, client: S3Client): RemoveObjects =>
  async (keys) => {
    for (let from = 0; from < keys.length; from += KEYS_PER_CALL) {
      const Objects = keys.slice(from, from + KEYS_PER_CALL).map((Key) => ({ Key }))
      const { Errors = [] } = await client.send(
        new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
      )
      if (Errors.length > 0)
        throw new TransientError(`S3 refused to delete ${Errors[0]?.Key}: ${Errors[0]?.Code}`)
    }
  }

export type PutNote = (key: string, note: unknown) => Promise<void>

/** Writes one JSON object; used for the note about a quarantined file. */
export const putNote =
  (bucket: string, client: S3Client): PutNote =>
  async (key, note) => {
    const Body = `${JSON.stringify(note)}\n`
    await client.send(
      new PutObjectCommand({ Bucket: bucket, Key: key, Body, ContentType: 'application/x-ndjson' }),
    )
  }

import type { GlueClient } from '@aws-sdk/client-glue'
import type { S3Client } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { copyObject, findVersion, listVersions, plans, reports } from '../../shared/objects.js'
import { addPartitions } from '../../shared/tables.js'
import { awsError, fakeClient } from '../fakes/aws-client.js'

describe('silver’s partitions', () => {
  const days = Array.from({ length: 101 }, (_, n) => `2026/03/${String(n).padStart(2, '0')}`)
  const adding = (answer: () => unknown) => {
    const { client, calls } = fakeClient<GlueClient>({ BatchCreatePartitionCommand: answer })
    return {
      calls,
      add: addPartitions('silver', 'bucket', () => [{ name: 'a', glueType: 'string' }], client),
    }
  }

  test('are registered 100 a call, each with its own place', async () => {
    const { add, calls } = adding(() => ({}))
    await add('market_data', days)
    const pages = calls.map(
      ({ input }) => input.PartitionInputList as { StorageDescriptor: { Location: string } }[],
    )
    expect(pages.map((page) => page.length)).toEqual([100, 1])
    expect(pages[0]?.[1]?.StorageDescriptor.Location).toBe(
      's3://bucket/entity=market_data/year=2026/month=03/day=01/',
    )
  })

  test('that exist stay as they are; another refusal is thrown', async () => {
    const refusing = (ErrorCode: string) => adding(() => ({ Errors: [{ ErrorDetail: { ErrorCode } }] })).add
    await refusing('AlreadyExistsException')('e', ['2026/03/02'])
    await expect(refusing('InternalServiceException')('e', ['2026/03/02'])).rejects.toMatchObject({
      name: 'TransientError',
    })
  })
})

describe('objects', () => {
  const answering = (answers: Parameters<typeof fakeClient>[0]) => fakeClient<S3Client>(answers)

  test('a plan is written once: the first writer’s content stays', async () => {
    const { client, calls } = answering({
      PutObjectCommand: () => Promise.reject(awsError('PreconditionFailed')),
    })
    expect(await plans('b', client).writeOnce('runs/r/plan.json', {})).toBe('s3://b/runs/r/plan.json')
    expect(calls[0]?.input.IfNoneMatch).toBe('*')
  })

  test('a plan that cannot be written is thrown', async () => {
    const { client } = answering({ PutObjectCommand: () => Promise.reject(awsError('AccessDenied')) })
    await expect(plans('b', client).writeOnce('k', {})).rejects.toThrow('AccessDenied')
  })

  test('a report that is not there is nothing; one that cannot be read is thrown', async () => {
    const reading = (name: string) =>
      reports('b', answering({ GetObjectCommand: () => Promise.reject(awsError(name)) }).client).read('k')
    expect(await reading('NoSuchKey')).toBeUndefined()
    await expect(reading('AccessDenied')).rejects.toThrow('AccessDenied')
  })

  test('a copy encodes its source’s key, and no slash of it', async () => {
    const { client, calls } = answering({ CopyObjectCommand: () => ({}) })
    await copyObject('b', client)('_pending/run=r/a b+c.parquet', 'entity=e/x.parquet')
    expect(calls[0]?.input).toMatchObject({
      CopySource: 'b/_pending/run%3Dr/a%20b%2Bc.parquet',
      Key: 'entity=e/x.parquet',
    })
  })

  test.each(['NotFound', 'NoSuchKey', 'NoSuchVersion'])(
    'a version that is gone (%s) is nothing',
    async (name) => {
      const { client } = answering({ HeadObjectCommand: () => Promise.reject(awsError(name)) })
      expect(await findVersion('b', client)('k', 'v')).toBeUndefined()
    },
  )

  test('a listing of versions goes on where S3 stopped', async () => {
    const { client, calls } = answering({
      ListObjectVersionsCommand: () => ({
        Versions: [{ Key: 'k', VersionId: 'v', Size: 3, LastModified: new Date(0) }],
        IsTruncated: true,
        NextKeyMarker: 'k',
        NextVersionIdMarker: 'v',
      }),
    })
    const { versions, next } = await listVersions('b', client)('source=x/')
    expect(versions).toEqual([{ key: 'k', versionId: 'v', bytes: 3, landedAt: '1970-01-01T00:00:00.000Z' }])
    await listVersions('b', client)('source=x/', next)
    expect(calls[1]?.input).toMatchObject({ KeyMarker: 'k', VersionIdMarker: 'v' })
  })
})

import type { GlueClient } from '@aws-sdk/client-glue'
import type { S3Client } from '@aws-sdk/client-s3'
import { beforeEach, describe, expect, test } from 'vitest'
import { expireEditions } from '../../functions/4-publish/expire-editions/expire-editions.js'
import { retentionOf } from '../../functions/4-publish/expire-editions/retention.js'
import { goldMoved } from '../../functions/4-publish/publish-gold/publish-gold.js'
import { editionKey, goldPointerKey } from '../../shared/build.js'
import { removeTable } from '../../shared/gold-tables.js'
import { removeFolder } from '../../shared/objects.js'
import { awsError, fakeClient } from '../fakes/aws-client.js'
import { type Parts, parts } from '../fakes/parts.js'
import { testProject } from '../fakes/project.js'
import { back, built, editionOf, named, pointerOf, published } from './editions.js'

const HOUR = 3_600
const GRACE = 2 * HOUR
const project = {
  ...testProject,
  lanes: testProject.lanes.map((lane) => ({ ...lane, domains: ['finance'] })),
}
let own: Parts
let gone: string[]
beforeEach(async () => {
  own = parts()
  gone = []
  await published(own, 1, 2, 3, 4)
})

const remove = async (what: string) => void gone.push(what)
const effects = () => ({
  ...{ ledger: own.ledger, clock: own.clock, project, removeTable: remove, removeFolder: remove },
  retention: { kept: 2, keptSeconds: 10 * HOUR, graceSeconds: GRACE },
})
const expire = () => expireEditions(effects())
const states = async (...ordinals: number[]) =>
  Promise.all(
    ordinals.map(async (ordinal) => {
      const { retiredAt, deletedAt } = await editionOf(own, ordinal)
      return deletedAt ? 'deleted' : retiredAt ? 'going' : 'kept'
    }),
  )
const folder = (ordinal: number) =>
  `domain=finance/dataset=daily_summary/version=1/edition=${named(ordinal)}/`
const cached = (ordinal: number) => `dashboards/domain=finance/edition=${named(ordinal)}/`
const tableOf = (ordinal: number) => `daily_summary__${named(ordinal).replace('-', '_')}`

describe('retention', () => {
  test('gives up what is beyond count and age, and deletes it when the grace has passed since', async () => {
    expect(await expire()).toBe('gave up 0 editions, and deleted 0')
    own.clock.advance(10 * HOUR)
    expect(await expire()).toBe('gave up 2 editions, and deleted 0')
    expect(await states(1, 2, 3, 4)).toEqual(['going', 'going', 'kept', 'kept'])
    own.clock.advance(GRACE - 1)
    expect(await expire()).toBe('gave up 0 editions, and deleted 0')
    expect(gone).toEqual([])
    own.clock.advance(1)
    expect(await expire()).toBe('gave up 0 editions, and deleted 2')
    expect(gone).toEqual([tableOf(2), folder(2), cached(2), tableOf(1), folder(1), cached(1)])
    expect(await editionOf(own, 1)).toMatchObject({
      datasets: [{ dataset: 'daily_summary', version: 1, rows: 7 }],
      expiresAt: expect.any(Number),
    })
    expect(await expire()).toBe('gave up 0 editions, and deleted 0')
  })

  test('keeps what is young, however many there are', async () => {
    own.clock.advance(10 * HOUR - 300)
    await expire()
    expect(await states(1, 2, 3, 4)).toEqual(['kept', 'kept', 'kept', 'kept'])
  })

  test('never gives up the edition that is shown, however old it is', async () => {
    await goldMoved(own.publish, back(4, 1))
    own.clock.advance(100 * HOUR)
    await expire()
    expect(await states(1, 2, 3, 4)).toEqual(['kept', 'going', 'kept', 'kept'])
  })

  test('keeps what readers are led to should the tests of the shown edition fail, one behind the other', async () => {
    const state = (ordinal: number, is: string) =>
      own.ledger.write({ update: editionKey('finance', named(ordinal)), set: { state: is } })
    await state(4, 'failed')
    await state(3, 'pending')
    own.clock.advance(100 * HOUR)
    await expire()
    expect(await states(1, 2, 3, 4)).toEqual(['going', 'kept', 'kept', 'kept'])
  })

  test('gives up no edition that readers left within the grace', async () => {
    own.clock.advance(100 * HOUR)
    await goldMoved(own.publish, back(4, 1))
    await goldMoved(own.publish, back(1, 4))
    own.clock.advance(GRACE - 1)
    await expire()
    expect(await states(1, 2)).toEqual(['kept', 'going'])
  })

  test('gives up nothing while tables are still to follow the pointer', async () => {
    own.clock.advance(100 * HOUR)
    await own.ledger.write({ update: goldPointerKey('finance'), set: { followed: 1 } })
    expect(await expire()).toBe('gave up 0 editions, and deleted 0')
  })

  test('gives up nothing that somebody goes back to in the same moment', async () => {
    own.clock.advance(100 * HOUR)
    const { ledger } = own
    const late = { ...effects().ledger, get: ledger.get.bind(ledger), write: ledger.write.bind(ledger) }
    const query = async (...given: Parameters<typeof ledger.query>) => {
      const page = await ledger.query(...given)
      await goldMoved(own.publish, back(4, 1))
      return page
    }
    await expireEditions({ ...effects(), ledger: { ...late, query } })
    expect(await states(1, 2, 3, 4)).toEqual(['kept', 'kept', 'kept', 'kept'])
    expect((await pointerOf(own)).edition).toBe(named(1))
  })

  test('that died on the way goes on with what is left', async () => {
    own.clock.advance(10 * HOUR)
    await expire()
    own.clock.advance(GRACE)
    const dying = async (what: string) => {
      if (gone.push(what) === 2) throw new Error('no S3')
    }
    await expect(expireEditions({ ...effects(), removeFolder: dying })).rejects.toThrow('no S3')
    expect(await states(1, 2)).toEqual(['going', 'going'])
    expect(await expire()).toBe('gave up 0 editions, and deleted 2')
  })

  test('deletes no folder but the edition’s own', async () => {
    own.clock.advance(10 * HOUR)
    await expire()
    own.clock.advance(GRACE)
    const datasets = [
      { dataset: 'daily_summary', version: 1, rows: 7, location: 's3://gold/domain=finance/' },
    ]
    await own.ledger.write({ update: editionKey('finance', named(2)), set: { datasets } })
    await expect(expire()).rejects.toThrow(
      `s3://gold/domain=finance/ is not the folder of edition ${named(2)}`,
    )
    expect(gone).toEqual([tableOf(2)])
  })

  test('lets go of editions that nobody has ever seen, by their age', async () => {
    await built(own, 5)
    await published(own, 6, 7)
    own.clock.advance(10 * HOUR)
    await expire()
    expect(await states(5, 6, 7)).toEqual(['going', 'kept', 'kept'])
  })
})

describe('the settings of retention', () => {
  test('are a count, days and seconds', () => {
    expect(retentionOf({ kept: '10', days: '30', graceSeconds: '7200' })).toEqual({
      ...{ kept: 10, keptSeconds: 30 * 24 * HOUR, graceSeconds: 7_200 },
    })
  })

  test.each([
    [{ kept: '0' }, 'editionsKept: a whole number from 1 on, not "0"'],
    [{ days: 'x' }, 'editionsKeptDays: a number of days, not "x"'],
    [{ graceSeconds: '3599' }, /editionsGraceSeconds: 3600 at least/],
  ])('%j is refused', (given, problem) => {
    const all = { kept: '10', days: '30', graceSeconds: '7200', ...given }
    expect(() => retentionOf(all)).toThrow(problem)
  })
})

describe('what is deleted', () => {
  test('a folder goes page by page until nothing is listed; a refusal is thrown', async () => {
    const pages = [[{ Key: 'a/1' }, { Key: 'a/2' }], [{ Key: 'a/3' }], undefined]
    const { client, calls } = fakeClient<S3Client>({
      ListObjectsV2Command: () => ({ Contents: pages.shift() }),
      DeleteObjectsCommand: () => ({}),
    })
    await removeFolder('gold', client)('a/')
    const deleted = calls.filter(({ name }) => name === 'DeleteObjectsCommand')
    expect(deleted.map(({ input }) => input.Delete)).toEqual([
      { Quiet: true, Objects: [{ Key: 'a/1' }, { Key: 'a/2' }] },
      { Quiet: true, Objects: [{ Key: 'a/3' }] },
    ])
    const refusing = fakeClient<S3Client>({
      ListObjectsV2Command: () => ({ Contents: [{ Key: 'a/1' }] }),
      DeleteObjectsCommand: () => ({ Errors: [{ Key: 'a/1', Code: 'AccessDenied' }] }),
    })
    await expect(removeFolder('gold', refusing.client)('a/')).rejects.toThrow('AccessDenied')
  })

  test('a table that is gone already is no error; another refusal is thrown', async () => {
    const removing = (name: string) => {
      const { client } = fakeClient<GlueClient>({ DeleteTableCommand: () => Promise.reject(awsError(name)) })
      return removeTable('editions', client)('t')
    }
    await removing('EntityNotFoundException')
    await expect(removing('AccessDeniedException')).rejects.toThrow('AccessDeniedException')
  })
})

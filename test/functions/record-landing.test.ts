import type { SQSEvent } from 'aws-lambda'
import { beforeEach, describe, expect, test } from 'vitest'
import { objectCreated } from '../../events/aws.js'
import { fileId, recordLandings } from '../../functions/1-ingest/record-landing/record-landing.js'
import { inputsOf } from '../../shared/inputs.js'
import { queueStage } from '../../shared/stage.js'
import { landing } from '../fakes/chain.js'
import { override } from '../fakes/faults.js'
import { type Parts, parts } from '../fakes/parts.js'
import { payload } from '../payloads/read.js'

const KEY = 'source=prices/year=2026/month=03/day=02/hour=07/run_id=x/a.json'
const LANDED = { key: KEY, versionId: 'v1', bytes: 42, landedAt: '2026-03-02T06:59:59.000Z' }
let own: Parts
beforeEach(() => {
  own = parts()
})
const record = (...events: Parameters<typeof recordLandings>[1]) => recordLandings(own.landing, events)
const files = () => own.ledger.all('FILE#')

describe('a landed file', () => {
  test('is remembered with its key, version, size and time, and joins its entity’s lane', async () => {
    await record(landing(KEY, { size: 42, 'version-id': 'v1' }, '2026-03-02T07:00:00Z'))
    expect(files()).toMatchObject([
      {
        key: KEY,
        versionId: 'v1',
        bytes: 42,
        landedAt: '2026-03-02T07:00:00.000Z',
        source: 'prices',
        entity: 'market_data',
        lane: 'cleanse:market_data',
      },
    ])
    const runId = own.bus.details('Batch Ready')[0]?.runId ?? ''
    expect((await inputsOf(own.ledger, runId))[0]?.input).toMatchObject({ key: KEY, versionId: 'v1' })
  })

  test('that lands again as the same version is known already', async () => {
    const event = landing(KEY, { size: 42, 'version-id': 'v1' })
    for (let times = 0; times < 5; times += 1) await record(event)
    expect(files()).toHaveLength(1)
    expect(own.bus.details('Batch Ready')).toHaveLength(1)
  })

  test('of which nothing is left when its event comes is ignored, and says so', async () => {
    own.landing.findVersion = async () => undefined
    const { fates, lanes } = await record(landing(KEY, {}))
    expect(fates).toEqual([{ did: 'ignored: the object is gone' }])
    expect(lanes).toEqual([])
    expect(files()).toEqual([])
  })

  test('that nobody declared is quarantined once, under its reason, whatever event tells of it', async () => {
    const first = landing('x/y.json', { size: 1, 'version-id': 'v1' })
    const did = 'quarantined: no source declares the folder that this key lies in'
    const [stray] = (await record(first)).fates
    expect(stray).toMatchObject({ did, about: files()[0]?.PK, correlationId: files()[0]?.correlationId })
    expect((await record(first)).fates).toMatchObject([{ did, correlationId: stray?.correlationId }])
    const again = await record({ ...first, id: 'another' })
    expect(again.fates).toMatchObject([{ did: `known already: duplicate of event ${first.id} (${did})` }])
    expect(again.lanes).toEqual([])
    expect(files()).toHaveLength(1)
    expect(files()[0]).toMatchObject({ quarantined: 'unknown_source', quarantinedPk: expect.any(String) })
  })

  test('that lands again as another version is another file', async () => {
    await record(
      landing(KEY, { size: 42, 'version-id': 'v1' }),
      landing(KEY, { size: 42, 'version-id': 'v2' }),
    )
    expect(files()).toHaveLength(2)
  })

  test('has one identity in every event and listing: bucket, key and version, without ambiguity', () => {
    const of = (bucket: string, key: string, versionId: string) =>
      fileId({ ...LANDED, bucket, key, versionId })
    expect(of('b', 'k', 'v')).toBe(of('b', 'k', 'v'))
    expect(of('b', 'k","v', 'w')).not.toBe(of('b', 'k', 'v","w'))
    expect(of('bk', '', 'v')).not.toBe(of('b', 'k', 'v'))
  })

  test('is claimed once for the whole batch of its lane', async () => {
    await record(...['a', 'b', 'c'].map((name) => landing(`${KEY}${name}`, { size: 1, 'version-id': 'v1' })))
    expect(own.bus.details('Batch Ready')).toHaveLength(1)
    expect(own.ledger.all('LANES')).toHaveLength(1)
  })
})

describe('a sparse event', () => {
  test('without version and size is completed by HeadObject', async () => {
    own.bronze.land(LANDED)
    await record(landing(KEY, {}))
    expect(files()).toMatchObject([{ versionId: 'v1', bytes: 42, landedAt: '2026-03-02T06:59:59.000Z' }])
  })

  test('without size asks for the version that it names, not for the newest', async () => {
    own.bronze.land(LANDED)
    own.bronze.land({ ...LANDED, versionId: 'v2', bytes: 7 })
    await record(landing(KEY, { 'version-id': 'v1' }))
    expect(files()).toMatchObject([{ versionId: 'v1', bytes: 42 }])
  })

  test('and a full one of the same version are one file', async () => {
    own.bronze.land(LANDED)
    await record(landing(KEY, {}), landing(KEY, { size: 42, 'version-id': 'v1' }))
    expect(files()).toHaveLength(1)
  })

  test('of an object that is gone leaves nothing behind, and does not come back', async () => {
    const { failed } = await record(landing(KEY, {}))
    expect(failed.size).toBe(0)
    expect(own.ledger.all()).toEqual([])
  })

  test('of AWS’s payload keeps spaces, plus signs and percents of its key as they are', async () => {
    const event = objectCreated.parse(payload('s3-object-created-sparse'))
    await record(event)
    expect(own.bronze.asked).toEqual(['raw-events/2026/03/02/with space+plus%20literal.json'])
  })
})

test('a key with spaces and plus signs goes untouched into the plan’s input', async () => {
  const key = 'source=prices/year=2026/month=03/day=02/hour=07/run_id=x/a b+c%20d é.json'
  await record(landing(key, { size: 1, 'version-id': 'v1' }))
  const runId = own.bus.details('Batch Ready')[0]?.runId ?? ''
  expect((await inputsOf(own.ledger, runId)).map(({ input }) => input.key)).toEqual([key])
})

describe('a file of an unknown source', () => {
  test.each([
    ['source=fmp/a.json', 'no file sources/fmp.yaml declares the source "fmp"'],
    ['raw/a.json', 'no source declares the folder that this key lies in'],
    ['source=constructor/a.json', 'no file sources/constructor.yaml declares the source "constructor"'],
    ['source=__proto__/a.json', 'no file sources/__proto__.yaml declares the source "__proto__"'],
  ])('is quarantined with its reason: %s', async (key, reason) => {
    const { failed } = await record(landing(key, { size: 1, 'version-id': 'v1' }))
    expect([...failed]).toEqual([])
    expect(files()).toMatchObject([{ key, quarantined: 'unknown_source', reason }])
    const [note] = own.quarantine.keys('entity=unknown/reason=unknown_source/')
    expect(own.quarantine.objects.get(note ?? '')).toMatchObject({
      source_file: key,
      message: reason,
      line: null,
    })
    expect((await own.ledger.index('quarantined', { limit: 10 })).items).toHaveLength(1)
    expect(own.bus.seen).toEqual([])
  })

  test('is remembered once, whatever comes again', async () => {
    const event = landing('raw/a.json', { size: 1, 'version-id': 'v1' })
    await record(event, event)
    own.clock.advance(60)
    await record(event)
    expect(files()).toHaveLength(1)
    expect(own.quarantine.keys()).toHaveLength(1)
  })
})

describe('a batch of the queue', () => {
  const handler = () =>
    queueStage(
      'record-landing',
      objectCreated,
      { ledger: own.ledger, putAll: own.ledger.putAll },
      async (events) => {
        const { failed, fates, lanes } = await recordLandings(own.landing, events)
        return { failed, fates, outcome: { did: `recorded ${events.length} files`, lanes } }
      },
    )
  const fates = () => own.ledger.all('EVENT#')
  const batch = (bodies: unknown[]): SQSEvent =>
    ({
      Records: bodies.map((body, place) => ({
        messageId: `m${place}`,
        body: typeof body === 'string' ? body : JSON.stringify(body),
      })),
    }) as SQSEvent
  const good = (name: string) => landing(`${KEY}${name}`, { size: 1, 'version-id': 'v1' })

  test('records the fate of each event: joined, known already, quarantined, and failed', async () => {
    const again = { ...good('a'), id: 'another event' }
    const unknown = { ...landing('x/y.json', { size: 1, 'version-id': 'v1' }), id: 'of nobody' }
    await handler()(batch([good('a')]))
    await handler()(batch([good('a'), again, unknown, { ...good('b'), detail: {} }]))
    const first = `event of ${KEY}a`
    expect(fates().map(({ PK, did, outcome }) => [String(PK).slice(6), outcome, did])).toEqual([
      ['another event', 'done', `known already: duplicate of event ${first} (joined cleanse:market_data)`],
      [first, 'done', 'joined cleanse:market_data'],
      [`event of ${KEY}b`, 'failed', expect.stringContaining('cannot read')],
      ['of nobody', 'done', 'quarantined: no source declares the folder that this key lies in'],
    ])
    expect(fates()[0]).toMatchObject({ SK: 'record-landing', eventPk: fates()[1]?.eventPk })
    const joined = files().find(({ PK }) => PK === fates()[1]?.eventPk)
    expect(joined?.eventId).toBe(first)
  })

  test('gives back only the messages that failed', async () => {
    const { write } = own.ledger
    own.landing.ledger = override(own.ledger, {
      write: async (...writes) => {
        const joins = writes.some((one) => 'put' in one && one.put.key === `${KEY}bad`)
        if (joins) throw new Error('throttled')
        return write.apply(own.ledger, writes)
      },
    })
    const answer = await handler()(batch([good('a'), good('bad'), good('c')]))
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] })
    expect(files()).toHaveLength(2)
  })

  test('gives back what is no event, and takes the rest', async () => {
    const answer = await handler()(batch(['no json', good('a'), { detail: {} }]))
    expect(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual(['m0', 'm2'])
    expect(files()).toHaveLength(1)
  })

  test('gives back every message of a lane that could not be claimed, so that it is claimed later', async () => {
    own.landing.announceReady = () => Promise.reject(new Error('EventBridge is away'))
    const answer = await handler()(batch([good('a'), good('b')]))
    expect(answer.batchItemFailures).toHaveLength(2)
  })
})

import { beforeEach, describe, expect, test } from 'vitest'
import { goldMoved } from '../../../functions/4-publish/publish-gold/publish-gold.js'
import { editionKey } from '../../../shared/build.js'
import * as shapes from '../../../tools/openapi/answers.js'
import { type Parts, parts } from '../../fakes/parts.js'
import { back, built, named, published } from '../editions.js'
import { apiOn, ask } from './asking.js'

let own: Parts
let effects: ReturnType<typeof apiOn>
beforeEach(async () => {
  own = parts()
  effects = apiOn(own)
  await published(own, 1, 2, 3)
})

const get = (path: string) => ask(effects, path)
const BODY = { by: 'ada', why: 'it is wrong' }
const post = (body: object, domain = 'finance') =>
  ask(effects, `/domains/${domain}/rollback`, { method: 'POST', body })
const set = (ordinal: number, values: Record<string, string>) =>
  own.ledger.write({ update: editionKey('finance', named(ordinal)), set: values })

describe('the editions of a domain', () => {
  test('are told newest first, each with where it stands', async () => {
    await set(1, { retiredAt: '2026-03-02T07:00:00.000Z', deletedAt: '2026-03-02T09:00:00.000Z' })
    await goldMoved(own.publish, back(3, 2))
    const { status, body } = await get('/domains/finance/editions')
    expect(status).toBe(200)
    expect(shapes.editions.parse(body)).toMatchObject({
      ...{ shown: named(2), tablesFollowed: true },
      rollback: { from: named(3), by: 'ada', why: 'it is wrong', holds: true },
      editions: [
        { edition: named(3), state: 'earlier', rolledBack: { by: 'ada', to: named(2) } },
        { edition: named(2), state: 'shown', datasets: [{ dataset: 'daily_summary', version: 1, rows: 7 }] },
        { edition: named(1), state: 'deleted' },
      ],
    })
  })

  test('that a rollback keeps from readers name it', async () => {
    const event = await built(own, 4)
    own.clock.advance(5)
    await goldMoved(own.publish, back(3, 2))
    await goldMoved(own.publish, event)
    const { editions } = shapes.editions.parse((await get('/domains/finance/editions?limit=1')).body)
    expect(editions).toMatchObject([{ edition: named(4), state: 'unpublished', heldBy: 'ask-3-2' }])
  })

  test('come in pages', async () => {
    const first = await get('/domains/finance/editions?limit=2')
    const rest = await get(`/domains/finance/editions?limit=2&next=${first.body.next}`)
    const names = [...first.body.editions, ...rest.body.editions].map(({ edition }) => edition)
    expect(names).toEqual([3, 2, 1].map(named))
  })

  test('of a domain without any are none, and of one that nobody declares there is no page', async () => {
    own.ledger.all('DOMAIN#risk').forEach(({ PK, SK }) => void own.ledger.write({ remove: { PK, SK } }))
    expect((await get('/domains/risk/editions')).body).toMatchObject({ shown: null, editions: [] })
    expect(await get('/domains/nobody/editions')).toMatchObject({ status: 404 })
  })
})

describe('a request to roll back', () => {
  test('names the shown edition and the one before it, who asks and why', async () => {
    const { status, body } = await post(BODY)
    expect(status).toBe(202)
    const detail = { domain: 'finance', from: named(3), to: named(2), ...BODY }
    expect(body).toMatchObject({ event: 'Rollback Requested', follow: 'npx sluice why e-1', ...detail })
    expect(effects.requested).toMatchObject([{ name: 'Rollback Requested', detail }])
    expect(effects.requested[0]?.detail).toHaveProperty('requestId', body.requestId)
  })

  test('goes to the edition that the person names', async () => {
    expect((await post({ ...BODY, to: named(1) })).body).toMatchObject({ to: named(1) })
  })

  test('passes over what is given up and what nobody has ever seen', async () => {
    await set(2, { retiredAt: 'T' })
    expect((await post(BODY)).body).toMatchObject({ to: named(1) })
    await set(1, { retiredAt: 'T' })
    const { status, body } = await post(BODY)
    expect([status, body.message]).toEqual([
      409,
      `no edition of finance before ${named(3)} is left to go back to`,
    ])
  })

  test.each([
    [{ ...BODY, to: named(9) }, 404, /there is no edition ".*9-1" of finance; GET .*editions lists them/],
    [{ ...BODY, to: named(3) }, 409, /shows edition .*3-1 already/],
    [{ ...BODY, to: named(4) }, 409, /edition .*4-1 was never published/],
    [{ ...BODY, to: named(1) }, 409, /edition .*1-1 was deleted at U/],
    [{ by: 'ada' }, 422, /why: /],
    [{ ...BODY, to: '../x' }, 422, /to: an edition is a run id/],
  ])('%j is refused with %i', async (body, status, message) => {
    await built(own, 4)
    await set(1, { retiredAt: 'T', deletedAt: 'U' })
    const answer = await post(body)
    expect([answer.status, answer.body.message]).toEqual([status, expect.stringMatching(message)])
    expect(effects.requested).toEqual([])
  })

  test('of a domain that nobody knows, or that has published nothing, is refused', async () => {
    expect(await post(BODY, 'nobody')).toMatchObject({ status: 404 })
    own.ledger.all('DOMAIN#risk').forEach(({ PK, SK }) => void own.ledger.write({ remove: { PK, SK } }))
    expect(await post(BODY, 'risk')).toMatchObject({
      status: 409,
      body: { message: 'risk has published nothing yet' },
    })
  })
})

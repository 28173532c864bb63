import { beforeEach, describe, expect, test } from 'vitest'
import { goldMoved } from '../../functions/4-publish/publish-gold/publish-gold.js'
import { driveRollback } from '../../functions/operate/reconcile/drive-rollback.js'
import { editionKey } from '../../shared/build.js'
import { publishEntryKey, rollbackKey } from '../../shared/editions.js'
import { type Parts, parts } from '../fakes/parts.js'
import { back, built, editionOf, named, pointerOf, published } from './editions.js'

let own: Parts
beforeEach(async () => {
  own = parts()
  await published(own, 1, 2, 3)
})

const move = (asked: Parameters<typeof goldMoved>[1]) => goldMoved(own.publish, asked)
const did = async (asked: Parameters<typeof goldMoved>[1]) => (await move(asked)).did
const shown = () => own.goldTables.get('daily_summary')?.edition

describe('a rollback', () => {
  test('shows the earlier edition again: pointer, then tables, of that domain only, with who and why', async () => {
    expect(await did(back(3, 2))).toBe(`finance was rolled back to ${named(2)} by ada: it is wrong`)
    const rollback = { requestId: 'ask-3-2', from: named(3), by: 'ada', why: 'it is wrong', holds: true }
    expect(await pointerOf(own)).toMatchObject({
      ...{ edition: named(2), ordinal: 2, newest: 3, flip: 4, followed: 4, rollback },
    })
    expect(shown()).toBe(named(2))
    expect((await pointerOf(own, 'risk')).edition).toBe(named(3))
    expect(await editionOf(own, 3)).toMatchObject({ rolledBack: { by: 'ada', to: named(2) } })
    const { holds: _, ...told } = rollback
    expect(own.bus.details('Gold Published').at(-1)).toMatchObject({ edition: named(2), rollback: told })
  })

  test('that comes again, also after other moves, moves nothing', async () => {
    await move(back(3, 2))
    await move(back(2, 3, 'forth'))
    const before = own.ledger.all()
    expect(await did(back(3, 2))).toBe(`finance was rolled back to ${named(2)} before`)
    expect(own.ledger.all()).toEqual(before)
    expect(shown()).toBe(named(3))
  })

  test('that died before its tables followed is put on the bus again, and then done', async () => {
    await expect(
      goldMoved({ ...own.publish, tables: { ...own.publish.tables, put: refuse } }, back(3, 2)),
    ).rejects.toThrow('no catalog')
    expect([(await pointerOf(own)).edition, shown()]).toEqual([named(2), named(3)])
    const record = await own.ledger.get(rollbackKey('ask-3-2'))
    expect(record).toMatchObject({ duePk: 'all', state: 'moved' })
    const effects = { ledger: own.ledger, clock: own.clock, publish: own.bus.publish }
    expect(await driveRollback(effects, 'ask-3-2')).toBe('asked again')
    const [detail] = own.bus.details('Rollback Requested')
    expect(detail).toEqual(back(3, 2).detail)
    await move(back(3, 2))
    expect(shown()).toBe(named(2))
    expect(await driveRollback(effects, 'ask-3-2')).toBe('its tables have followed')
  })

  test.each([
    [back(3, 9), `there is no edition "${named(9)}" of finance`],
    [back(3, 3), `finance shows edition ${named(3)} already`],
    [back(2, 1), `finance shows edition ${named(3)} by now, not ${named(2)}: look at it, and ask again`],
  ])('of what cannot be shown is refused %#', async (asked, why) => {
    const before = own.ledger.all()
    expect(await did(asked)).toBe(`refused: ${why}`)
    expect(own.ledger.all()).toEqual(before)
  })

  test.each([
    [{ failedAt: 'T' }, /failed its tests at T: let its tests pass first/],
    [{ retiredAt: 'T' }, /is about to be deleted: it was given up at T/],
    [{ retiredAt: 'T', deletedAt: 'U' }, /was deleted at U/],
  ])('to an edition with %j is refused', async (set, why) => {
    await own.ledger.write({ update: editionKey('finance', named(2)), set })
    expect(await did(back(3, 2))).toMatch(why)
    expect((await pointerOf(own)).edition).toBe(named(3))
  })

  test('of a domain that has published nothing is refused', async () => {
    const asked = back(2, 1)
    const detail = { ...asked.detail, domain: 'words' }
    expect(await did({ ...asked, detail })).toBe('refused: words has published nothing yet')
  })

  test('is refused when another edition is published in the same moment', async () => {
    const { ledger } = own
    const event = await built(own, 4)
    let reads = 0
    const get: typeof ledger.get = async (key) => {
      const item = await ledger.get(key)
      if (key.SK === 'GOLD' && reads++ === 0) await move(event)
      return item
    }
    const slow = { get, query: ledger.query.bind(ledger), write: ledger.write.bind(ledger) }
    const { did: said } = await goldMoved({ ...own.publish, ledger: slow }, back(3, 2))
    expect(said).toMatch(/^refused: finance shows edition .*4-1 by now/)
    expect((await pointerOf(own)).edition).toBe(named(4))
  })

  test('to an edition that is given up in the same moment moves nothing', async () => {
    const { ledger } = own
    const late = {
      ...ledger,
      get: ledger.get.bind(ledger),
      query: ledger.query.bind(ledger),
      write: ledger.write.bind(ledger),
    }
    let reads = 0
    late.get = async (key) => {
      const item = await ledger.get(key)
      // Given up between our look and our write.
      if (key.SK === `EDITION#${named(2)}` && reads++ === 0)
        await ledger.write({ update: editionKey('finance', named(2)), set: { retiredAt: 'T' } })
      return item
    }
    expect((await goldMoved({ ...own.publish, ledger: late }, back(3, 2))).did).toMatch(/about to be deleted/)
    expect((await pointerOf(own)).edition).toBe(named(3))
  })
})

describe('a build after a rollback', () => {
  test('that was begun before it is recorded as held, and the rollback stays', async () => {
    const event = await built(own, 4)
    own.clock.advance(5)
    await move(back(3, 2))
    expect(await did(event)).toBe('published risk; not published, begun before a rollback: finance')
    expect((await pointerOf(own)).edition).toBe(named(2))
    const entry = await own.ledger.get(publishEntryKey('finance', event.detail.runId))
    expect(entry).toMatchObject({ current: false, heldBy: 'ask-3-2' })
    expect((await editionOf(own, 4)).publishedAt).toBeUndefined()
    expect((await pointerOf(own, 'risk')).edition).toBe(named(4))
  })

  test('that was begun after it is published and ends it', async () => {
    await move(back(3, 2))
    own.clock.advance(5)
    await published(own, 4)
    expect(await pointerOf(own)).toMatchObject({ edition: named(4), newest: 4, flip: 5 })
    expect((await pointerOf(own)).rollback).toBeUndefined()
    expect(shown()).toBe(named(4))
  })

  test('that is told again, though it was rolled back, stays rolled back', async () => {
    await move(back(3, 2))
    const detail = { runId: named(3).slice(0, -2), domains: ['finance'], edition: named(3) }
    expect(await did({ 'detail-type': 'Gold Built', detail })).toBe('a newer edition is published already')
    expect(shown()).toBe(named(2))
  })

  test('is published though it was begun before, once somebody went forth to the newest again', async () => {
    const event = await built(own, 4)
    own.clock.advance(5)
    await move(back(3, 2))
    await move(back(2, 3))
    expect((await pointerOf(own)).rollback).toMatchObject({ holds: false })
    expect(await did(event)).toBe('published finance, risk')
  })
})

test('a slow publisher of an earlier move writes nothing over a later one', async () => {
  const { put } = own.publish.tables
  let once = true
  const tables = {
    ...own.publish.tables,
    put: async (table: Parameters<typeof put>[0]) => {
      if (once) {
        once = false
        await move(back(4, 3))
      }
      await put(table)
    },
  }
  await goldMoved({ ...own.publish, tables }, await built(own, 4))
  expect([(await pointerOf(own)).edition, shown()]).toEqual([named(3), named(3)])
  // It has said nothing of the later move either.
  expect(await pointerOf(own)).toMatchObject({ flip: 5, followed: 5 })
})

describe('a schema version', () => {
  const second = (report: Parameters<NonNullable<Parameters<typeof built>[2]>>[0]) => ({
    ...report,
    datasets: report.datasets.map((one) => ({ ...one, version: 2 })),
  })

  test('that is new has a table of its own, and the table of the one that is gone is empty', async () => {
    await move(await built(own, 4, second))
    expect(own.goldTables.get('daily_summary_v2')).toMatchObject({ edition: named(4) })
    expect(own.goldTables.get('daily_summary')).toMatchObject({
      edition: named(4),
      description: `Edition ${named(4)} holds no such dataset.`,
      location: expect.stringMatching(/\/none\/$/),
    })
  })

  test('that a rollback takes back leaves its table empty, and the other one whole', async () => {
    await move(await built(own, 4, second))
    await move(back(4, 3))
    expect(own.goldTables.get('daily_summary')).toMatchObject({ edition: named(3) })
    expect(own.goldTables.get('daily_summary')?.location).toMatch(new RegExp(`edition=${named(3)}/$`))
    expect(own.goldTables.get('daily_summary_v2')?.location).toMatch(/\/none\/$/)
  })
})

const refuse = () => Promise.reject(new Error('no catalog'))

import { beforeEach, describe, expect, test } from 'vitest'
import { goldMoved } from '../../functions/4-publish/publish-gold/publish-gold.js'
import { editionKey, publishEntryKey, rollbackKey } from '../../shared/editions.js'
import type { Value } from '../../shared/ledger.js'
import { type Parts, parts } from '../fakes/parts.js'
import { back, built, editionOf, named, pointerOf, published } from './editions.js'

let own: Parts
beforeEach(() => {
  own = parts()
})

const did = async (asked: Parameters<typeof goldMoved>[1]) => (await goldMoved(own.publish, asked)).did
const shown = async () => (await pointerOf(own)).ordinal

/** What the tests of an edition ask when they have failed after it was published. */
const failed = (ordinal: number) => ({
  'detail-type': 'Rollback Requested' as const,
  detail: {
    ...{ domain: 'finance', requestId: `tests:${ordinal}`, from: named(ordinal), to: named(ordinal) },
    ...{ by: 'finish-build', why: 'not unique', failed: true as const },
  },
})
const said = (ordinal: number) => `finance was rolled back to ${named(ordinal)} by finish-build: not unique`
const set = (ordinal: number, values: { [name: string]: Value }) =>
  own.ledger.write({ update: editionKey('finance', named(ordinal)), set: values })

describe('an edition whose tests failed after it was published', () => {
  test('gives way to what readers saw before it, and counts as the newest no more', async () => {
    await published(own, 1, 2)
    expect(await did(failed(2))).toBe(said(1))
    expect(await editionOf(own, 2)).toMatchObject({ state: 'failed', rolledBack: { to: named(1) } })
    expect(await pointerOf(own)).toMatchObject({ ordinal: 1, newest: 1, newestRunId: named(1).slice(0, -2) })
    expect(own.goldTables.get('daily_summary')?.edition).toBe(named(1))
    expect(await own.ledger.get(rollbackKey('tests:2'))).toMatchObject({ to: named(1), state: 'done' })
  })

  test('gives way once, however often that is told', async () => {
    await published(own, 1, 2)
    await did(failed(2))
    const before = own.ledger.all()
    expect(await did(failed(2))).toBe(`finance was rolled back to ${named(1)} before`)
    expect(own.ledger.all()).toEqual(before)
  })

  test('gives way to a good one that came too late because of it, tables and all', async () => {
    const late = await built(own, 2)
    await published(own, 1, 3)
    expect(await did(late)).toBe('a newer edition is published already')
    expect(await did(failed(3))).toBe(said(2))
    expect((await editionOf(own, 2)).publishedAt).toBeDefined()
    expect(own.editionTables.get(`daily_summary__${named(2).replaceAll('-', '_')}`)).toBeDefined()
    const entry = await own.ledger.get(publishEntryKey('finance', late.detail.runId))
    expect(entry).toMatchObject({ current: true })
  })

  test('gives way to no older one that came too late because of a good one', async () => {
    const late = await built(own, 1)
    await published(own, 2)
    await did(late)
    await published(own, 3, 4)
    await set(3, { failedAt: 'T' })
    expect(await did(failed(4))).toBe(said(2))
  })

  test('keeps no good one back that is told of afterwards', async () => {
    const late = await built(own, 2)
    await published(own, 1, 3)
    // The build of the second one is told of only when the tests of the third have failed.
    await set(2, { retiredAt: 'T' })
    await did(failed(3))
    await own.ledger.write({ update: editionKey('finance', named(2)), set: {}, remove: ['retiredAt'] })
    expect([await shown(), await did(late)]).toEqual([1, 'published finance'])
    expect(await shown()).toBe(2)
  })

  test('stays where there is no good one, until one comes, however old', async () => {
    const late = await built(own, 1)
    await set(1, { retiredAt: 'T' })
    await published(own, 2)
    expect(await did(failed(2))).toBe('refused: finance has no good edition to show in its place')
    expect(await pointerOf(own)).toMatchObject({ ordinal: 2, newest: 0 })
    await own.ledger.write({ update: editionKey('finance', named(1)), set: {}, remove: ['retiredAt'] })
    await did(late)
    expect(await shown()).toBe(1)
  })

  test('sends readers past those that failed or went before it', async () => {
    await published(own, 1, 2, 3, 4)
    await set(3, { failedAt: 'T' })
    await set(2, { retiredAt: 'T' })
    expect(await did(failed(4))).toBe(said(1))
  })

  test('does not send them to one that was taken away, while another is good', async () => {
    await published(own, 1, 2, 3, 4)
    await set(3, { failedAt: 'T' })
    await set(2, { rolledBack: { by: 'ada', why: 'wrong', at: 'T', to: named(1) } })
    expect(await did(failed(4))).toBe(said(1))
  })

  test('sends them forth to a newer one that is good rather than to none', async () => {
    await published(own, 1, 2)
    await did(back(2, 1))
    expect(await did(failed(1))).toBe(said(2))
    expect(await pointerOf(own)).toMatchObject({ ordinal: 2, newest: 2, rollback: { holds: false } })
  })

  test('that nobody sees any more moves nobody', async () => {
    await published(own, 1, 2, 3)
    expect(await did(failed(2))).toBe(`refused: finance shows edition ${named(3)} by now`)
    expect([await shown(), (await editionOf(own, 2)).state]).toEqual([3, 'failed'])
  })

  test('of a domain that published nothing is only called failed', async () => {
    await built(own, 1)
    expect(await did(failed(1))).toBe('refused: finance has published nothing yet')
    expect((await editionOf(own, 1)).state).toBe('failed')
  })
})

describe('a rollback that holds', () => {
  const old = async () => {
    const late = await built(own, 3)
    own.clock.advance(5)
    await did(back(2, 1))
    own.clock.advance(5)
    return late
  }

  test('holds again when what ended it fails, what was begun before it and nothing else', async () => {
    await published(own, 1, 2)
    const before = await old()
    const after = await built(own, 4)
    own.clock.advance(5)
    await published(own, 5)
    expect(await did(failed(5))).toMatch(/^finance was rolled back/)
    // The fourth was begun after the rollback, and came too late because of the fifth.
    expect([await shown(), (await pointerOf(own)).rollback?.holds]).toEqual([4, false])
    expect(await did(before)).toMatch(/newer edition/)
    expect(await did(after)).toBe('published finance')
    expect(await shown()).toBe(4)
  })

  test('keeps back what was begun before it when the edition that ended it fails', async () => {
    await published(own, 1, 2)
    const before = await old()
    await published(own, 5)
    const { rollback } = (await editionOf(own, 5)).replaced ?? {}
    await did(failed(5))
    expect(await pointerOf(own)).toMatchObject({
      ordinal: 1,
      rollback: { holds: true, since: rollback?.at },
    })
    expect(await did(before)).toMatch(/not published, begun before a rollback: finance/)
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { asked } from '../../../shared/backfill/asked.js'
import { type Backfill, CHUNK_TRIES_MAX, FAILED_MAX } from '../../../shared/backfill/backfill.js'
import { estimate } from '../../../shared/backfill/estimate.js'
import { chunkAt, chunkCount, daysAfter, daysOf } from '../../../shared/backfill/range.js'
import { type Chunk, type Seen, step } from '../../../shared/backfill/step.js'

const NOW = Date.parse('2026-03-02T07:00:00.000Z')
const SEED = 20_260_302
const spent = { chunks: 0, days: 0, seconds: 0, files: 0, rows: 0 }

const backfill = (content: Partial<Backfill> = {}): Backfill => {
  const range = { from: '2020-01-01', to: '2020-03-01', chunkDays: 10, ...content }
  return {
    ...{ backfillId: 'b1', source: 'market', parallel: 2, state: 'running', version: 1, by: 'ada' },
    ...{ released: 0, done: 0, slots: {}, failed: [], failedInRow: 0, spent, holdsSource: true },
    ...{ createdAt: 'x', correlationId: 'b1', chunks: chunkCount(range) },
    ...range,
    ...content,
  }
}
const done: Seen = { is: 'done', runId: 'r', seconds: 10, files: 1, rows: 5 }
const failed = (runId: string, mayHelp = true): Seen => ({ is: 'failed', runId, reason: 'exit 1', mayHelp })
const room = (chunks: number, because?: string) => ({ chunks, ...(because && { because }) })

describe('chunks', () => {
  const day = fc.integer({ min: 0, max: 20_000 }).map((days) => daysAfter('1990-01-01', days))
  const range = fc
    .record({
      from: day,
      days: fc.integer({ min: 1, max: 4_000 }),
      chunkDays: fc.integer({ min: 1, max: 400 }),
    })
    .map(({ from, days, chunkDays }) => ({ from, to: daysAfter(from, days), chunkDays }))

  test('tile the range exactly: no day is missing and none comes twice, whatever the months and leap years', () => {
    const property = fc.property(range, (one) => {
      const chunks = Array.from({ length: chunkCount(one) }, (_, place) => chunkAt(one, place))
      expect(chunks[0]?.from).toBe(one.from)
      expect(chunks.at(-1)?.to).toBe(one.to)
      for (const [place, chunk] of chunks.entries()) {
        if (place > 0) expect(chunk.from).toBe(chunks[place - 1]?.to)
        expect(daysOf(chunk)).toBeGreaterThan(0)
        expect(daysOf(chunk)).toBeLessThanOrEqual(one.chunkDays)
      }
      expect(chunks.reduce((days, chunk) => days + daysOf(chunk), 0)).toBe(daysOf(one))
    })
    fc.assert(property, { numRuns: 60, seed: SEED })
  })

  test('of ten years are 122 of 30 days, or 3,653 of one, and there is none beyond', () => {
    const years = { from: '2016-01-01', to: '2026-01-01' }
    expect(chunkCount({ ...years, chunkDays: 30 })).toBe(122)
    expect(chunkCount({ ...years, chunkDays: 1 })).toBe(3_653)
    expect(chunkAt({ ...years, chunkDays: 30 }, 121)).toEqual({ from: '2025-12-09', to: '2026-01-01' })
    expect(() => chunkAt({ ...years, chunkDays: 30 }, 122)).toThrow(RangeError)
    expect(() => chunkAt({ ...years, chunkDays: 30 }, -1)).toThrow(RangeError)
  })
})

describe('a step', () => {
  test('lets the oldest chunks go, as many as there is room for', () => {
    const next = step(backfill({ parallel: 3 }), {}, room(2), NOW)
    expect(next.filled).toEqual(['0', '1'])
    expect([...next.chunks.values()]).toMatchObject([
      {
        from: '2020-01-01',
        to: '2020-01-11',
        state: 'running',
        requestId: 'backfill:b1:2020-01-01',
        slot: 0,
      },
      { from: '2020-01-11', state: 'running', slot: 1, tries: 1 },
    ])
    expect(next.backfill).toMatchObject({ released: 2, state: 'running' })
  })

  test('that finds no room says why, once', () => {
    const first = step(backfill(), {}, room(0, 'busy'), NOW)
    expect(first).toMatchObject({ isChanged: true, filled: [], backfill: { heldBy: 'busy' } })
    expect(step(first.backfill, {}, room(0, 'busy'), NOW).isChanged).toBe(false)
    expect(step(first.backfill, {}, room(2), NOW).backfill.heldBy).toBeUndefined()
  })

  test('frees the slot of a chunk that is done and counts what it took', () => {
    const first = step(backfill(), {}, room(2), NOW).backfill
    const next = step(first, { 0: done, 1: { is: 'under way' } }, room(2), NOW)
    expect(next.backfill).toMatchObject({
      done: 1,
      released: 3,
      spent: { chunks: 1, days: 10, seconds: 10, rows: 5 },
    })
    expect(next.chunks.get(0)).toMatchObject({ state: 'done', runId: 'r', rows: 5 })
    expect(next.backfill.slots['0']).toMatchObject({ place: 2, tries: 1 })
  })

  test('runs a failed chunk again after all that never ran, in its own slot, and at most three times', () => {
    let now = backfill({ parallel: 1, to: '2020-01-21' })
    now = step(now, {}, room(1), NOW).backfill
    now = step(now, { 0: failed('r1') }, room(1), NOW).backfill
    expect(now.slots['0']).toMatchObject({ place: 1, tries: 1 })
    now = step(now, { 0: done }, room(1), NOW).backfill
    for (let tries = 2; tries <= CHUNK_TRIES_MAX; tries += 1) {
      expect(now.slots['0']).toMatchObject({ place: 0, tries, again: `r${tries - 1}` })
      now = step(now, { 0: failed(`r${tries}`) }, room(1), NOW).backfill
    }
    expect(now).toMatchObject({
      state: 'failed',
      done: 1,
      reason: '1 of 2 chunks failed, the last one: exit 1',
    })
  })

  test('does not repeat what another try cannot help', () => {
    let now = step(backfill({ parallel: 1, to: '2020-01-11' }), {}, room(1), NOW).backfill
    now = step(now, { 0: failed('r1', false) }, room(1), NOW).backfill
    expect(now).toMatchObject({ state: 'failed', failed: [{ place: 0, runId: 'r1' }] })
    const again = step(asked(now, 'resume', NOW) as Backfill, {}, room(1), NOW)
    expect(again.backfill.slots['0']).toMatchObject({ place: 0, again: 'r1' })
    expect(again.backfill.endedAt).toBeUndefined()
  })

  test('stops when chunk after chunk fails: the source is away', () => {
    let now = backfill({ to: '2024-01-01' })
    for (let steps = 0; now.state === 'running' && steps < 50; steps += 1) {
      const seen = Object.keys(now.slots).map((slot) => [slot, failed(`r${steps}`)])
      now = step(now, Object.fromEntries(seen), room(2), NOW).backfill
    }
    expect(now.state).toBe('failed')
    expect(now.released).toBeLessThan(15)
    expect(now.reason).toContain('stopped with')
  })

  test('lets no other chunk go while too many failed ones are carried along, but runs these again', () => {
    const many = Array.from({ length: FAILED_MAX + 2 }, (_, place) => ({
      ...{ place, slot: place % 2, tries: 1, runId: `r${place}`, reason: 'x', mayHelp: true },
    }))
    const full = backfill({ to: '2024-01-01', released: FAILED_MAX + 2, failed: many })
    const next = step(full, {}, room(2), NOW)
    expect(next.backfill.released).toBe(FAILED_MAX + 2)
    expect(Object.values(next.backfill.slots)).toMatchObject([{ again: 'r0' }, { again: 'r1' }])
  })

  test.each(['paused', 'cancelled', 'failed', 'done'] as const)(
    'of a %s backfill lets nothing go',
    (state) => {
      expect(step(backfill({ state }), {}, room(2), NOW).filled).toEqual([])
    },
  )

  test('of a cancelled backfill drops what nobody has heard of and what began nothing', () => {
    const now = step(backfill(), {}, room(2), NOW).backfill
    const cancelled = asked(now, 'cancel', NOW) as Backfill
    const next = step(cancelled, { 0: { is: 'unheard' }, 1: { is: 'dropped', runId: 'r' } }, room(2), NOW)
    expect([...next.chunks.values()].map(({ state }) => state)).toEqual(['cancelled', 'cancelled'])
    expect(next.backfill).toMatchObject({ slots: {}, state: 'cancelled', endedAt: expect.any(String) })
  })

  test('that nobody has heard of stays under way', () => {
    const now = step(backfill(), {}, room(2), NOW).backfill
    expect(step(now, { 0: { is: 'unheard' }, 1: { is: 'unheard' } }, room(2), NOW).isChanged).toBe(false)
  })
})

test('what a person may ask for depends on the state', () => {
  const can = (state: Backfill['state']) =>
    (['pause', 'resume', 'cancel'] as const).filter((what) => asked(backfill({ state }), what, NOW))
  expect(can('running')).toEqual(['pause', 'cancel'])
  expect(can('paused')).toEqual(['resume', 'cancel'])
  expect(can('failed')).toEqual(['resume', 'cancel'])
  expect(can('done')).toEqual([])
  expect(can('cancelled')).toEqual([])
})

describe('whatever chunks do, in any order, and whatever persons ask', () => {
  const what = fc.constantFrom('done', 'done', 'failed', 'hopeless', 'under way', 'pause', 'resume', 'cancel')
  const acts = fc.array(fc.tuple(what, fc.nat(3), fc.nat(4)), { maxLength: 80 })

  test('a backfill comes to an end, with each chunk in one place and no more under way than allowed', () => {
    const property = fc.property(
      acts,
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 90 }),
      (list, parallel, chunkDays) => {
        let now = backfill({ parallel, chunkDays, to: '2020-06-01' })
        const items = new Map<number, Chunk>()
        const doneOnce = new Set<number>()
        const take = (seen: { [slot: string]: Seen }, chunks: number) => {
          const before = now.state
          const next = step(now, seen, room(chunks), NOW)
          for (const [place, chunk] of next.chunks) {
            if (items.get(place)?.state === 'done')
              throw new Error(`chunk ${place} ran again after it was done`)
            if (chunk.state === 'done') doneOnce.add(place)
            items.set(place, chunk)
          }
          if (before !== 'running') expect(next.filled).toEqual([])
          now = next.backfill
          const places = [...Object.values(now.slots), ...now.failed].map(({ place }) => place)
          expect(new Set([...places, ...doneOnce]).size).toBe(places.length + doneOnce.size)
          expect(Object.keys(now.slots).length).toBeLessThanOrEqual(parallel)
          expect(now.done).toBe(doneOnce.size)
        }
        const seenAs = (act: string, run: string): Seen => {
          if (act === 'done') return { ...done, runId: run }
          return act === 'under way' ? { is: 'under way' } : failed(run, act === 'failed')
        }
        for (const [turn, [act, slot, chunks]] of list.entries()) {
          if (act === 'pause' || act === 'resume' || act === 'cancel') now = asked(now, act, NOW) ?? now
          else take(now.slots[slot] ? { [slot]: seenAs(act, `r${turn}`) } : {}, chunks)
        }
        now = asked(now, 'resume', NOW) ?? now
        for (let steps = 0; now.state === 'running' || Object.keys(now.slots).length > 0; steps += 1) {
          if (steps > 1_000) throw new Error('it never ends')
          take(Object.fromEntries(Object.keys(now.slots).map((slot) => [slot, done])), parallel)
        }
        expect(['done', 'failed', 'cancelled']).toContain(now.state)
        if (now.state === 'done') expect(doneOnce.size).toBe(now.chunks)
        expect(now.endedAt).toBeDefined()
      },
    )
    fc.assert(property, { numRuns: 200, seed: SEED })
  })
})

describe('an estimate', () => {
  const wanted = { from: '2016-01-01', to: '2026-01-01', chunkDays: 30, parallel: 4 }

  test('without a past says that all is assumed', () => {
    const answer = estimate(wanted, spent)
    expect(answer).toMatchObject({
      chunks: 122,
      days: 3_653,
      parallel: 4,
      secondsPerChunk: 45,
      basis: 'assumed',
    })
    expect(answer.minutes).toBe(Math.ceil((31 * 45 + 120) / 60))
    expect(answer.dollars).toBeGreaterThan(0)
    expect(answer.assumptions[0]).toContain('no chunk of this source has run yet')
  })

  test('rests on the chunks that ran, also when these were longer or shorter', () => {
    const past = { chunks: 10, days: 300, seconds: 900, files: 10, rows: 1 }
    expect(estimate(wanted, past)).toMatchObject({ secondsPerChunk: 90, basis: 'ledger' })
    expect(estimate({ ...wanted, chunkDays: 60 }, past)).toMatchObject({ secondsPerChunk: 150 })
    expect(estimate({ ...wanted, chunkDays: 1 }, past)).toMatchObject({ secondsPerChunk: 32 })
    const quick = { ...past, seconds: 50 }
    expect(estimate(wanted, quick)).toMatchObject({ secondsPerChunk: 5 })
  })
})

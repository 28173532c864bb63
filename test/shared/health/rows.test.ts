import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HISTORY_MAX, HISTORY_MIN, judgeRows } from '../../../shared/health/rows.js'

const size = fc.integer({ min: 0, max: 1_000_000_000 })
const long = { minLength: HISTORY_MIN, maxLength: HISTORY_MAX }
const pasts = fc.array(size, long)
const lengths = fc.integer({ min: HISTORY_MIN, max: HISTORY_MAX })

describe('a number of rows', () => {
  test('is judged by nothing while the past is short', () => {
    fc.assert(
      fc.property(fc.array(size, { maxLength: HISTORY_MIN - 1 }), size, (past, rows) => {
        expect(judgeRows(rows, past)).toEqual({ anomalous: false })
      }),
    )
  })

  test('is anomalous exactly outside of its bounds, and its past’s median is never', () => {
    fc.assert(
      fc.property(pasts, size, (past, rows) => {
        const { anomalous, usual } = judgeRows(rows, past)
        expect(usual).toBeDefined()
        const { from, to } = usual as { from: number; to: number }
        expect(anomalous).toBe(rows < from || rows > to)
        const sorted = [...past].sort((a, b) => a - b)
        expect(judgeRows(sorted[Math.floor(past.length / 2)] as number, past).anomalous).toBe(false)
      }),
    )
  })

  test('is judged alike in whatever order its past comes', () => {
    const shuffled = pasts.chain((past) =>
      fc.tuple(fc.constant(past), fc.shuffledSubarray(past, { minLength: past.length })),
    )
    fc.assert(
      fc.property(shuffled, size, ([past, other], rows) => {
        expect(judgeRows(rows, other)).toEqual(judgeRows(rows, past))
      }),
    )
  })

  test('may be a quarter less or a third more than a quiet past, and neither empty nor half as much again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 1_000_000_000 }), lengths, (rows, length) => {
        const quiet = Array.from({ length }, () => rows)
        const judged = [0.75, 1, 1.33, 0, 0.5, 1.6].map(
          (share) => judgeRows(Math.round(rows * share), quiet).anomalous,
        )
        expect(judged).toEqual([false, false, false, true, true, true])
      }),
    )
  })

  test('that grows by the same number with each edition is never anomalous', () => {
    fc.assert(
      fc.property(size, fc.integer({ min: 0, max: 100_000_000 }), lengths, (first, step, length) => {
        const past = Array.from({ length }, (_, place) => first + place * step)
        // What was almost empty begins with leaps on the scale of ratios.
        if (first < step) return
        expect(judgeRows(first + length * step, past).anomalous).toBe(false)
      }),
    )
  })

  test('that grows or shrinks by the same share, up to a quarter, is never anomalous', () => {
    const shares = fc.double({ min: 0.8, max: 1.25, noNaN: true })
    fc.assert(
      fc.property(fc.integer({ min: 10_000, max: 1_000_000 }), shares, lengths, (first, share, length) => {
        const past = Array.from({ length }, (_, place) => Math.round(first * share ** place))
        expect(judgeRows(Math.round(first * share ** length), past).anomalous).toBe(false)
      }),
    )
  })

  test('that falls to nothing is seen although less than half of the past was wrong', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 1_000_000 }),
        lengths,
        fc.array(size),
        (rows, length, noise) => {
          const wrong = noise.slice(0, Math.ceil(length / 2) - 1)
          const past = [...wrong, ...Array.from({ length: length - wrong.length }, () => rows)]
          expect(judgeRows(0, past).anomalous).toBe(true)
        },
      ),
    )
  })

  // Worked out apart from the code: median of ln(1 + n), and 4 x 1.4826 times the median distance from it, or ln(4/3).
  test.each([
    [[160, 100, 100, 160, 100, 100, 160, 160], { from: 30, to: 508 }],
    [[160, 100, 100, 160, 100, 100, 160], { from: 74, to: 134 }],
    [[90, 130, 100, 105, 120, 110, 95], { from: 57, to: 190 }],
  ])('is usual after %j within %o', (past, usual) => {
    expect(judgeRows(100, past)).toEqual({ anomalous: false, usual })
  })
})

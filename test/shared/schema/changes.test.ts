import { describe, expect, test } from 'vitest'
import { judge } from '../../../shared/cleanse-gate.js'
import { changesSaid, provenChanges, type SchemaChange } from '../../../shared/schema/changes.js'
import { cleanseReportOf } from '../../fakes/work.js'

const change = (more: Partial<SchemaChange>): SchemaChange => ({
  file: 'a.csv',
  column: 'close',
  change: 'retyped',
  expected: 'decimal(18,6)',
  rows: 12,
  of: 12,
  seen: 'text "12,5"',
  ...more,
})
const report = (schemaChanges: SchemaChange[], rejected = 0) => ({
  ...cleanseReportOf({ run_id: 'r', attempt: 1, entity: 'e', pending_prefix: 'p/', inputs: [{ key: 'a' }] }),
  rows: { in: 100, out: 100 - rejected, duplicates: 0, rejected },
  reasons: { close_not_a_number: rejected },
  schema_changes: schemaChanges,
})

describe('a changed schema', () => {
  test.each([
    ['a file of ten rows', 'a.csv', 10, 1],
    ['a file of nine rows, which may simply be a bad one', 'a.csv', 9, 0],
    ['a batch of three rows in which everything changed', null, 3, 1],
    ['a batch of two rows', null, 2, 0],
  ])('is proven, or not, by %s', (_, file, of, proven) => {
    expect(provenChanges([change({ file, of })])).toHaveLength(proven)
  })

  test('is told once a column, where it is seen most widely', () => {
    const both = [change({ file: null, of: 40 }), change({ file: 'a' }), change({ change: 'removed' })]
    expect(provenChanges(both).map((one) => [one.file, one.change])).toEqual([
      [null, 'retyped'],
      ['a.csv', 'removed'],
    ])
  })

  test('is a difference in words: column, expected type, what was seen, where', () => {
    expect(changesSaid([change({}), change({ column: 'currency', change: 'removed', seen: null })])).toBe(
      'the schema changed: close is no decimal(18,6) in 12 of 12 rows of a.csv, such as text "12,5"; ' +
        'currency (decimal(18,6), required) is missing in 12 of 12 rows of a.csv',
    )
    const many = Array.from({ length: 5 }, (_, n) => change({ column: `c${n}` }))
    expect(changesSaid(many)).toMatch(/c2 is no .*; 2 more$/)
  })

  test('holds a batch whose rejected rows are within the bound', () => {
    const verdict = judge(report([change({})], 5), 5)
    expect(verdict).toMatchObject({ pass: false, shown: { schemaHeld: [{ column: 'close' }] } })
    expect(verdict).toMatchObject({ reason: expect.not.stringContaining('the contract allows') })
  })

  test('comes before the share of rejected rows, and does not hide it', () => {
    expect(judge(report([change({})], 50), 5)).toMatchObject({
      reason: expect.stringMatching(/^the schema changed: .*; 50 of 100 rows rejected \(50\.0 %\)/),
    })
  })

  test('may be let through by a person, and a small file proves none', () => {
    expect(judge(report([change({})]), 5, { by: 'jo', why: 'known' })).toMatchObject({ pass: true })
    expect(judge(report([change({ of: 9, rows: 9 })]), 5)).toMatchObject({ pass: true })
  })
})

import { beforeEach, describe, expect, test } from 'vitest'
import { goldMoved } from '../../../functions/4-publish/publish-gold/publish-gold.js'
import { TooSlow } from '../../../functions/5-serve/api/athena.js'
import { columnsOf, diffStatement } from '../../../functions/5-serve/api/diff-statement.js'
import type { Statement } from '../../../functions/5-serve/api/statement.js'
import { editionKey } from '../../../shared/build.js'
import * as shapes from '../../../tools/openapi/answers.js'
import { type Parts, parts } from '../../fakes/parts.js'
import { built, named, published } from '../editions.js'
import { apiOn, ask } from './asking.js'

let own: Parts
let effects: ReturnType<typeof apiOn>
let asked: Statement[]
let answer: (string | null)[]
beforeEach(async () => {
  own = parts()
  asked = []
  answer = []
  const goldRows = {
    start: async (statement: Statement) => {
      asked.push(statement)
      return { rows: [answer] }
    },
    continue: async () => ({ rows: [] }),
  }
  effects = { ...apiOn(own), goldRows }
  await published(own, 1, 2)
})

const diff = (from: string, to: string, dataset?: string) =>
  ask(effects, `/domains/finance/diff?from=${from}&to=${to}${dataset ? `&dataset=${dataset}` : ''}`)
const FROM = `daily_summary__${named(1).replace('-', '_')}`
const TO = `daily_summary__${named(2).replace('-', '_')}`

describe('what changed between two editions', () => {
  test('is told of datasets and columns without a query', async () => {
    const changed = await built(own, 3, (report) => ({
      ...report,
      datasets: report.datasets.map((one) => ({
        ...one,
        version: 2,
        rows: 9,
        columns: [
          ...one.columns
            .filter(({ name }) => name !== 'is_open')
            .map((column) => (column.name === 'positions' ? { ...column, glue_type: 'bigint' } : column)),
          { name: 'cost', glue_type: 'double' },
        ],
      })),
    }))
    await goldMoved(own.publish, changed)
    const { status, body } = await diff(named(1), named(3))
    expect(status).toBe(200)
    expect(shapes.diff.parse(body).datasets).toEqual([
      {
        ...{ dataset: 'daily_summary', in: 'both', key: ['account_id', 'summary_date'] },
        ...{ versions: { from: 1, to: 2 }, rows: { from: 7, to: 9 } },
        columns: {
          added: ['cost'],
          removed: ['is_open'],
          retyped: [{ column: 'positions', from: 'int', to: 'bigint' }],
        },
      },
    ])
    expect(asked).toEqual([])
  })

  test('is counted for the rows of the dataset that is named, by its key, column by column', async () => {
    answer = ['1', '2', '3', '4', '0', '3', null, '0', '0', '1']
    const { body } = await diff(named(1), named(2), 'daily_summary')
    expect(shapes.diff.parse(body).compared).toEqual({
      by: 'key',
      rows: { added: 1, removed: 2, changed: 3, same: 4, repeated: 0 },
      columns: { positions: 3, computed_at: 1 },
    })
    expect(asked).toHaveLength(1)
    expect(asked[0]?.sql).toContain(`FROM "${FROM}" UNION ALL`)
    expect(asked[0]?.sql).toContain(`FROM "${TO}") AS "_rows" GROUP BY "account_id", "summary_date"`)
  })

  test('is counted by whole rows where an edition lacks a column of the key', async () => {
    const keyless = await built(own, 3, (report) => ({
      ...report,
      datasets: report.datasets.map((one) => ({ ...one, columns: one.columns.slice(1) })),
    }))
    await goldMoved(own.publish, keyless)
    answer = ['1', '2', '0', '4', '0']
    const { body } = await diff(named(1), named(3), 'daily_summary')
    expect(shapes.diff.parse(body).compared).toMatchObject({ by: 'row', columns: {} })
  })

  test.each([
    [named(1), named(9), undefined, 404, /there is no edition ".*9-1" of finance/],
    [named(1), named(3), undefined, 409, /edition .*3-1 of finance was never published/],
    [named(4), named(1), undefined, 409, /is deleted, or about to be: given up at T/],
    [named(1), named(2), 'nothing', 404, /neither edition has a dataset "nothing"; they have daily_summary/],
  ])('is not told of %s and %s %s', async (from, to, dataset, status, message) => {
    await built(own, 3)
    await published(own, 4)
    await own.ledger.write({ update: editionKey('finance', named(4)), set: { retiredAt: 'T' } })
    const { body, ...answered } = await diff(from, to, dataset)
    expect([answered.status, body.message]).toEqual([status, expect.stringMatching(message)])
    expect(asked).toEqual([])
  })

  test('that takes too long says so, as a time-out', async () => {
    effects.goldRows.start = () => Promise.reject(new TooSlow())
    const { status, body } = await diff(named(1), named(2), 'daily_summary')
    expect([status, body.message]).toEqual([504, expect.stringMatching(/^Athena did not answer within/)])
  })
})

describe('the statement of a comparison', () => {
  test('quotes every name, and compares no edition’s own name', () => {
    const column = (name: string) => ({ name, glueType: 'string' })
    const { shared } = columnsOf([column('a"b'), column('_edition')], [column('a"b'), column('_edition')])
    const { sql, parameters } = diffStatement({ from: 't', to: 'u', key: [], columns: shared })
    expect(sql).toContain('SELECT "a""b", 0 AS "_is_new" FROM "t" UNION ALL')
    expect(sql).not.toContain('_edition')
    expect(parameters).toEqual([])
  })
})

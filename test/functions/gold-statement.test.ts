import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { statement } from '../../functions/5-serve/api/statement.js'
import { BadInput } from '../../shared/errors.js'
import { testProject } from '../fakes/project.js'

const dataset = { table: 'daily_summary__e1', columns: testProject.lanes[0]?.datasets[0]?.columns ?? [] }
const columns = dataset.columns.map(({ name }) => `"${name}"`).join(', ')
const of = (query: Record<string, string> | string) => statement(dataset, new URLSearchParams(query))
const problems = (query: Record<string, string> | string): string[] => {
  try {
    of(query)
  } catch (error) {
    if (error instanceof BadInput) return error.problems
    throw error
  }
  return []
}

describe('the statement of a query', () => {
  test('without filters selects every declared column, and no star', () => {
    expect(of('')).toEqual({ sql: `SELECT ${columns} FROM "daily_summary__e1"`, parameters: [] })
  })

  test('filters by equality and range, and orders, with values as parameters only', () => {
    const built = of(
      'account_id=A1&summary_date.gte=2013-01-01&market_value.lt=10.5&order=summary_date,-market_value',
    )
    expect(built.sql).toBe(
      `SELECT ${columns} FROM "daily_summary__e1" WHERE "account_id" = CAST(? AS varchar)` +
        ' AND "summary_date" >= CAST(? AS date) AND "market_value" < CAST(? AS decimal(28,6))' +
        ' ORDER BY "summary_date", "market_value" DESC',
    )
    expect(built.parameters).toEqual(["'A1'", "'2013-01-01'", "'10.5'"])
  })

  test('takes two bounds on one column', () => {
    expect(of('positions.gte=1&positions.lte=3').parameters).toEqual(["'1'", "'3'"])
  })

  test('doubles the quotes of a value', () => {
    expect(of({ account_id: "O'Brien" }).parameters).toEqual(["'O''Brien'"])
  })

  test('writes a timestamp as Athena reads it, and leaves the letters of text alone', () => {
    expect(of({ computed_at: '2026-03-02T07:00:00.5' }).parameters).toEqual(["'2026-03-02 07:00:00.5'"])
    expect(of({ account_id: 'TOTAL T' }).parameters).toEqual(["'TOTAL T'"])
  })
})

describe('a query that cannot be answered names each problem', () => {
  test.each([
    ['nothing=1', /^nothing: no such column; there are account_id, /],
    ['constructor=1', /^constructor: no such column/],
    ['account_id.like=A%25', /"like" is none of eq, gt, gte, lt, lte$/],
    ['account_id.constructor=1', /"constructor" is none of/],
    ['account_id.eq.x=1', /account_id\.eq\.x/],
    ['positions=1.5', /"1.5" is not a int$/],
    ['positions=99999999999', /is not a int$/],
    ['market_value=1e5', /is not a decimal/],
    ['market_value=NaN', /is not a decimal/],
    ['return=', /is not a double$/],
    ['summary_date=yesterday', /is not a date$/],
    ['summary_date=2013-02-30', /is not a date$/],
    ['computed_at=2013-01-01T25:00:00', /is not a timestamp$/],
    ['is_open=1', /is not a boolean$/],
    [`account_id=${'x'.repeat(501)}`, /is not a string$/],
    ['order=nothing', /^order: no column "nothing"/],
    ['order=summary_date,', /^order: no column ""/],
  ])('%s', (query, problem) => {
    expect(problems(query)).toEqual([expect.stringMatching(problem)])
  })

  test('all at once', () => {
    expect(problems('nothing=1&positions=x&order=also')).toHaveLength(3)
  })

  test('more than 20 filters', () => {
    const many = Array.from({ length: 21 }, (_, n) => `positions.gte=${n}`).join('&')
    expect(problems(many)).toEqual(['query: at most 20 filters'])
  })
})

/** What a caller may try: quotes, comments, keywords, unions, in values, names, operators and order. */
const attack = fc.oneof(
  fc.constantFrom(
    "' OR 1=1 --",
    "'; DROP TABLE daily_summary; --",
    '" UNION SELECT * FROM secrets --',
    "\\' OR ''='",
    "') OR ('a'='a",
    'account_id" = account_id --',
    '/* */',
  ),
  fc.string({
    unit: fc.constantFrom("'", '"', '\\', ';', '-', '(', ')', ' ', '?', '%', '\n', '\0', 'é', '’'),
  }),
  fc.string({ unit: 'binary' }),
)
const names = dataset.columns.map(({ name }) => name)
const WORDS = new RegExp(
  `^SELECT ${columns} FROM "daily_summary__e1"` +
    `( WHERE ("(${names.join('|')})" (=|>|>=|<|<=) CAST\\(\\? AS [a-z]+(\\(\\d+,\\d+\\))?\\)( AND )?)+)?` +
    `( ORDER BY ("(${names.join('|')})"( DESC)?(, )?)+)?$`,
)

test('no injection: whatever a caller sends, the SQL holds our own words and declared names only', () => {
  const name = fc.oneof(
    fc.constantFrom(...names, 'order'),
    attack,
    fc.tuple(fc.constantFrom(...names), attack).map(([column, operator]) => `${column}.${operator}`),
  )
  const property = fc.property(fc.array(fc.tuple(name, attack), { minLength: 1, maxLength: 4 }), (pairs) => {
    const query = new URLSearchParams(pairs)
    let built: ReturnType<typeof statement>
    try {
      built = statement(dataset, query)
    } catch (error) {
      expect(error).toBeInstanceOf(BadInput)
      return
    }
    expect(built.sql).toMatch(WORDS)
    expect(built.sql.split('?').length - 1).toBe(built.parameters.length)
    for (const literal of built.parameters) expect(literal).toMatch(/^'([^']|'')*'$/s)
  })
  fc.assert(property, { numRuns: 500, seed: 1 })
})

test('a text value comes out of its literal exactly as it went in', () => {
  const property = fc.property(attack, (text) => {
    fc.pre(text.length <= 500)
    const [literal] = of(new URLSearchParams([['account_id', text]]).toString()).parameters
    const sent = new URLSearchParams(new URLSearchParams([['account_id', text]]).toString()).get('account_id')
    expect(literal?.slice(1, -1).replaceAll("''", "'")).toBe(sent)
  })
  fc.assert(property, { numRuns: 300, seed: 2 })
})

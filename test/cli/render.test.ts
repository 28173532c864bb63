import { describe, expect, test } from 'vitest'
import { goldText } from '../../cli/commands.js'
import { formatEnv, parseEnv } from '../../cli/config.js'
import { bronzeKey } from '../../cli/land.js'
import { count, seconds, shortened, span, table, times } from '../../cli/render.js'
import { note, type RunView, runPage } from '../../cli/run-text.js'

describe('the file of settings', () => {
  test('comes back as it was written', () => {
    const variables = {
      SLUICE_API_URL: 'http://127.0.0.1:4566/x?a=b&c="d"',
      SLUICE_API_TOKEN: 'a b$c\\',
      EMPTY: '',
    }
    expect(parseEnv(formatEnv(variables))).toEqual(variables)
    expect(formatEnv({ A: 'b' })).toBe("export A='b'\n")
  })

  test('takes lines without export, and leaves comments and what is no assignment', () => {
    expect(parseEnv("A='1'\n# B='2'\nexport C='3'\nD=4\n  E='5'\nlower='6'\n")).toEqual({ A: '1', C: '3' })
  })
})

describe('a table', () => {
  test('lines its columns up, numbers to the right, and says nothing as a dash', () => {
    const rows = [
      ['a', 1_234.5, null],
      ['longer', -2, 'x'],
    ]
    expect(table(['name', 'n', 'note'], rows)).toBe(
      [
        '  name          n  note',
        '  ──────  ───────  ────',
        '  a       1,234.5  -',
        '  longer       -2  x',
        '',
      ].join('\n'),
    )
  })

  test('leaves a column to the left that holds nothing', () => {
    expect(table(['note'], [[null]])).toBe('  note\n  ────\n  -\n')
  })

  test('that is empty says so', () => {
    expect(table(['a'], [], 'no runs yet')).toBe('  no runs yet\n')
  })

  test('shows a key whole, however long, and text shortened where it is asked to', () => {
    const key = 'x'.repeat(200)
    expect(table(['key'], [[key]])).toContain(key)
    expect(shortened('x'.repeat(11), 10)).toBe(`${'x'.repeat(9)}…`)
    expect(shortened('x'.repeat(10), 10)).toBe('x'.repeat(10))
  })

  test('keeps one row on one line, whatever its cells hold', () => {
    const text = table(['reason'], [['a\nb\r\nc\td\u001b[31m']])
    expect(text.split('\n')).toHaveLength(4)
    expect(text).not.toContain('\u001b')
  })

  test('writes numbers and seconds as people read them', () => {
    expect([count(1_234_567), count(0.123_456_78), seconds(1.25), seconds(null)]).toEqual([
      '1,234,567',
      '0.123457',
      '1.3 s',
      '-',
    ])
  })
})

test('times are shown to the second, and lengths in their two largest units', () => {
  expect(times('since 2026-03-02T07:00:01.234Z: late')).toBe('since 2026-03-02 07:00:01Z: late')
  const lengths = [90, 120, 3_569, 3_600, 12_000, 86_370, 86_400, 90_000, 345_600]
  expect(lengths.map(span)).toEqual([
    ...['90 s', '2 min', '59 min', '1 h', '3 h 20 min', '1 d', '1 d', '1 d 1 h', '4 d'],
  ])
  expect(table(['n'], [['3 h 20 min'], ['90 s']])).toContain('        90 s')
})

const RUN: RunView = {
  runId: 'r1',
  kind: 'cleanse',
  subject: 'market_data',
  state: 'PARKED',
  attempt: 1,
  files: 3,
  reason: '6 of 10 rows rejected (60.0 %)',
  rows: { in: 10, out: 4, duplicates: 0, rejected: 6 },
  reasons: { close_missing: 1, symbol_missing: 5 },
  createdAt: '2026-03-02T07:00:00.000Z',
  seconds: 2.04,
}

describe('a run', () => {
  test('shows the worst reason first and leaves out what was not reached', () => {
    const text = runPage(RUN)
    expect(text.indexOf('symbol_missing')).toBeLessThan(text.indexOf('close_missing'))
    expect(text).toContain('6 of 10 rows rejected (60.0 %)')
    expect(text).not.toContain('Tests')
  })

  test('shows how its attempts failed, and what people did about it', () => {
    const text = runPage({
      ...RUN,
      failures: [{ attempt: 1, failureClass: 'spot', reason: 'taken back', at: '2026-03-02T07:01:00.000Z' }],
      waiver: { by: 'ada', why: 'a\u001bholiday' },
      putBack: { as: 'retry', by: 'bob', at: '2026-03-02T07:02:00.000Z', why: 'fixed' },
      into: 'r2',
      events: [
        { at: 'x', event: 'Batch Ready', stage: 'start-cleanse', did: 'no answer', outcome: 'failed' },
      ],
    })
    expect(text).toMatch(/1 +spot +taken back/)
    expect(text).toContain('  let through its gate by ada: a holiday\n')
    expect(text).toContain('  put back (retry) at 2026-03-02 07:02:00Z by bob: fixed\n')
    expect(text).toContain('  its inputs went into run r2\n')
    expect(text).toContain('failed: no answer')
  })

  test('shows what changed of the schema, what is new, and the delivery', () => {
    const change = { column: 'close', change: 'retyped', expected: 'double', rows: 9, of: 10, file: 'a.csv' }
    const text = runPage({
      ...RUN,
      drift: [
        { column: 'venue', rows: 3 },
        { column: 'note', rows: 2 },
      ],
      schemaAdded: ['venue'],
      schemaHeld: [{ ...change, seen: 'text "12,5"' }],
      correlationId: 'door-1',
    })
    expect(text).toMatch(/close +retyped +double +text "12,5" +9 of 10 +a\.csv/)
    expect(text).toMatch(/venue +3 +for the first time/)
    expect(text).toMatch(/note +2 +before/)
    expect(text).toContain('  delivery: door-1\n')
    const merged = { correlationId: 'r1', correlationIds: ['a', 'b', 'c', 'd', 'e'] }
    const page = (correlationCount: number) => runPage({ ...RUN, ...merged, correlationCount })
    expect(page(5)).toContain('  deliveries (5):\n    a\n    b\n    c\n    … and 2 more: --json shows them\n')
    expect(page(1_025)).toContain('    … and 1,022 more: --json shows the first 5\n')
  })

  test('of a deletion tells what it found and what is left, and names nobody', () => {
    const forgotten = { found: 3, removed: 3, left: 0, filesRead: 2, rawFiles: 1 }
    const deletion = { ...RUN, reason: undefined, rows: undefined, forgotten }
    const said = '3 rows of the subject in 2 files: 3 deleted, 0 left; they came in 1 raw file of bronze'
    expect(note(deletion)).toBe(said)
    const inputs = [{ forget: 'q1', column: 'user_id' }]
    const text = runPage({ ...deletion, inputs, inputsCount: 1 })
    expect(text).toContain(`  a deletion: ${said}\n`)
    expect(text).toMatch(/r1 +deletion +market_data/)
    expect(text).toMatch(/input\n.*\n {2}deletion request q1, of a subject known by user_id\n/)
  })

  test('of a deletion that only counts tells what would be deleted', () => {
    const forgotten = { found: 2_000, removed: 0, left: 2_000, filesRead: 2, rawFiles: 1 }
    const counting = { ...RUN, reason: undefined, forgotten, deletion: { column: 'id', dryRun: true } }
    expect(note(counting)).toMatch(/^dry run, nothing was deleted: 2,000 rows of the subject would be/)
  })

  test('of a build tells its mode, its order, and what it left as it was', () => {
    const notBuilt = [{ model: 'stg_prices', why: 'nothing that it reads has changed since edition e-1' }]
    const built = { mode: 'standard', order: ['staging', 'marts'], notBuilt, notBuiltCount: 1 }
    const text = runPage({ ...RUN, ...built })
    expect(text).toContain('  mode: standard, in this order: staging > marts\n')
    expect(text).toContain('Not built (1)')
    expect(text).toMatch(/stg_prices\s+nothing that it reads has changed since edition e-1/)
    expect(runPage(RUN)).not.toContain('Not built')
  })

  test('shows 20 inputs and says how many more there are', () => {
    const inputs = Array.from({ length: 25 }, (_, n) => ({ key: `k${n}`, bytes: n }))
    const text = runPage({ ...RUN, inputs, inputsCount: 25 })
    expect(text).toContain('Inputs (25)')
    expect(text).toMatch(/input +bytes\n.*\n +k0 +0\n/)
    const outputs = [{ key: 'a.parquet', rows: 7 }]
    expect(runPage({ ...RUN, outputs, outputsCount: 1 })).toMatch(/output +rows\n.*\n +a\.parquet +7\n/)
    expect(text).toContain('… and 5 more: --json shows them')
  })

  test.each([
    [RUN, '6 of 10 rows rejected (60.0 %)'],
    [{ ...RUN, reason: undefined }, '3 files'],
    [{ ...RUN, reason: undefined, unchanged: 'nothing new' }, 'nothing new'],
    [{ ...RUN, reason: undefined, datasets: [{ domain: 'd', dataset: 'x', rows: 1_000 }] }, 'x 1,000'],
  ])('has a note in a few words: %#', (run, words) => {
    expect(note(run)).toBe(words)
  })
})

test('a dropped file’s key follows from its source and the UTC hour', () => {
  const at = Date.parse('2026-03-02T23:59:59.999Z')
  expect(bronzeKey('source=prices/', '/tmp/some dir/a b.json', 'x1', at)).toBe(
    'source=prices/year=2026/month=03/day=02/hour=23/run_id=x1/a b.json',
  )
  expect(bronzeKey('raw/{yyyy}/{mm}/', 'a.json', 'x1', at)).toMatch(/^raw\/\d{4}\/\d\d\/run_id=x1\/a\.json$/)
})

describe('a page of gold', () => {
  const page = { domain: 'finance', dataset: 'x', edition: 'e1', rows: [{ a: 1, _edition: 'e1' }] }
  test('names its edition once, above the rows', () => {
    expect(goldText(page)).toBe('  finance/x, edition e1\n\n  a\n  ─\n  1\n')
    expect(goldText({ ...page, next: 'm' })).toContain('more: --next m')
  })

  test('shows what is true and what is false', () => {
    const rows = [{ is_big: true }, { is_big: false }]
    expect(goldText({ ...page, rows })).toContain('  is_big\n  ──────\n  true\n  false\n')
  })

  test('that is not published says so', () => {
    expect(goldText({ ...page, edition: null, rows: [] })).toBe('  finance/x is not published yet\n')
  })
})

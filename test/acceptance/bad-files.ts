import { gzipSync } from 'node:zlib'
import { csv, ndjson, prices } from './rows.js'

/** A file of market data, and what must become of it. */
export interface BadFile {
  name: string
  content: string | Buffer
  /** What of it gold must hold, where that is not simply the same bytes. */
  truth?: string | Buffer
  /** The rows that go to quarantine: their reason and line; a null line means the file as a whole. */
  rejected?: { reason: string; line: number | null; says?: RegExp }[]
  /** Rows that go to silver. */
  out?: number
}

const LONG_LINE_BYTES = 50 * 1_024 ** 2
const two = (symbol: string) => prices(symbol, 2)
const good = (symbol: string) => ndjson(two(symbol))
const one = (symbol: string, changes: object) => ({ ...prices(symbol, 3)[2], ...changes })
const line = (row: object) => `${JSON.stringify(row)}\n`
const whole = (reason: string) => [{ reason, line: null }]

const withoutClose = ['symbol', 'price_date', 'adjusted_close', 'currency']
const quoted = two('QUOTES').map(
  (row) => `${row.symbol},${row.price_date},${row.close},${row.close},USD,"said ""no"",\nthen left"`,
)
const cut = gzipSync(Buffer.from(good('CUT'))).subarray(0, -12)

export const VANISHING = 'zz5-vanishing.ndjson'

/** Every kind of bad input, beside enough good rows that the batch passes its gate. */
export const badFiles: BadFile[] = [
  { name: 'zz5-good.csv', content: csv([...prices('HARD1', 261), ...prices('HARD2', 261)]), out: 522 },
  { name: 'zz5-empty.ndjson', content: '', rejected: whole('file_empty') },
  { name: 'zz5-cut.ndjson.gz', content: cut, rejected: whole('file_truncated') },
  { name: 'zz5-mark.ndjson', content: `\uFEFF${good('BOM')}`, out: 2 },
  {
    name: 'zz5-latin.ndjson',
    content: Buffer.from(line(one('CAF\u00e9', {})) + good('LATIN'), 'latin1'),
    rejected: [{ reason: 'invalid_utf8', line: 1 }],
    out: 2,
  },
  {
    name: 'zz5-long.ndjson',
    content: line(one('LONG', { note: 'x'.repeat(LONG_LINE_BYTES) })) + good('LONG'),
    truth: good('LONG'),
    rejected: [{ reason: 'line_too_long', line: 1, says: /\d+ bytes, at most \d+/ }],
    out: 2,
  },
  {
    name: 'zz5-scalar.ndjson',
    content: `${good('SCALAR')}42\n`,
    rejected: [{ reason: 'not_an_object', line: 3 }],
    out: 2,
  },
  {
    name: 'zz5-nested.ndjson',
    content: line(one('NESTED', { close: { amount: 1 } })) + good('NESTED'),
    rejected: [{ reason: 'close_not_a_number', line: 1 }],
    out: 2,
  },
  {
    name: 'zz5-missing-column.csv',
    content: csv(two('MISSING'), withoutClose),
    rejected: [{ reason: 'column_missing_in_header', line: null, says: /close/ }],
  },
  {
    name: 'zz5-extra-column.csv',
    content: csv(two('EXTRA').map((row) => ({ ...row, venue: 'XNAS' }))),
    out: 2,
  },
  {
    name: 'zz5-quotes.csv',
    content: `symbol,price_date,close,adjusted_close,currency,note\n${quoted.join('\n')}\n`,
    out: 2,
  },
  {
    name: 'zz5-not-finite.ndjson',
    content: [
      line(one('FINITE', { close: 'NaN' })),
      line(one('FINITE', { close: 'Infinity' })),
      line(one('FINITE', { adjusted_close: '-Infinity' })),
      line(one('FINITE', { close: 0 })).replace('"close":0', '"close":NaN'),
      good('FINITE'),
    ].join(''),
    rejected: [
      { reason: 'close_not_a_number', line: 1 },
      { reason: 'close_not_a_number', line: 2 },
      { reason: 'adjusted_close_not_a_number', line: 3 },
      { reason: 'invalid_json', line: 4 },
    ],
    out: 2,
  },
  {
    name: 'zz5 A+b C&d=ü.ndjson',
    content: good('PLUS') + line(one('PLUS', { close: -1 })),
    rejected: [{ reason: 'close_out_of_range', line: 3 }],
    out: 2,
  },
  { name: 'zz5-notes.docx', content: 'no data', rejected: whole('file_format_unknown') },
  { name: VANISHING, content: good('GONE'), truth: '', rejected: whole('file_missing') },
]

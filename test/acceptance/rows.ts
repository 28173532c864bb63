import type { Row } from './chain.js'

/** Made-up rows that pass their contract, so that a case has symbols, accounts and ids of its own. */

export interface Price {
  symbol: string
  price_date: string
  open: number
  high: number
  low: number
  close: number
  adjusted_close: number
  volume: number
  currency: string
}

export const price = (symbol: string, price_date: string, close: number): Price => ({
  symbol,
  price_date,
  open: close,
  high: close,
  low: close,
  close,
  adjusted_close: close,
  volume: 1_000,
  currency: 'USD',
})

/** Weekday prices of a symbol in 2012, from the first of January on; at most 261. */
export function prices(symbol: string, count: number): Price[] {
  const rows: Price[] = []
  for (let day = Date.UTC(2012, 0, 2); rows.length < count; day += 86_400_000) {
    const date = new Date(day)
    if (date.getUTCDay() % 6 === 0) continue
    rows.push(price(symbol, date.toISOString().slice(0, 10), 50 + (rows.length % 7)))
  }
  return rows
}

export const ndjson = (rows: object[]): string => `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`

/** Rows as CSV with a header; values must hold no comma, quote or line end. */
export function csv(rows: object[], columns = Object.keys(rows[0] ?? {})): string {
  const lines = rows.map((row) =>
    columns.map((name) => (row as Record<string, unknown>)[name] ?? '').join(','),
  )
  return `${[columns.join(','), ...lines].join('\n')}\n`
}

/** Gold rows in one order and without the name of their edition. */
export const content = (rows: Row[]): string[] =>
  rows.map(({ _edition, ...row }) => JSON.stringify(row)).sort()

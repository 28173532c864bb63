/** Text for people: tables whose columns line up, numbers to the right, nothing wider than it needs to be. */

export type Cell = string | number | boolean | null | undefined

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROL = /[\u0000-\u001f\u007f-\u009f]+/g
const numeric = (text: string) => /^-?[\d,]+(\.\d+)?( %| (s|min|h|d)( \d+ (min|h))?)?$/.test(text)

/** A whole row of a file may be shown; its rule need not be as long. */
const RULE_MAX = 120

/** A table with a header line; an empty one says so. */
export function table(header: string[], rows: Cell[][], empty = 'nothing yet'): string {
  if (rows.length === 0) return `  ${empty}\n`
  const texts = rows.map((row) => row.map(cellText))
  const widths = header.map((name, place) =>
    Math.max(name.length, ...texts.map((row) => row[place]?.length ?? 0)),
  )
  const right = header.map(
    (_, place) =>
      texts.some((row) => numeric(row[place] ?? '')) &&
      texts.every((row) => row[place] === '-' || numeric(row[place] ?? '')),
  )
  const line = (cells: string[]) =>
    `  ${cells.map((text, place) => (right[place] ? text.padStart(widths[place] ?? 0) : text.padEnd(widths[place] ?? 0))).join('  ')}`.trimEnd()
  const rule = widths.map((width) => '─'.repeat(Math.min(width, RULE_MAX)))
  return `${[line(header), line(rule), ...texts.map(line)].join('\n')}\n`
}

function cellText(cell: Cell): string {
  if (cell === null || cell === undefined || cell === '') return '-'
  return typeof cell === 'number' ? count(cell) : plain(String(cell))
}

/** Foreign text on one line: a line break would tear what is around it, an escape sequence would reach the terminal. */
export const plain = (text: string): string => text.replace(CONTROL, ' ')

/** The beginning of a long text. */
export const shortened = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text

/** A number as people read it: thousands apart, at most 6 decimals. */
export const count = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 6 })

/** `1 file`, `2 files`. */
export const plural = (value: number, noun: string): string =>
  `${count(value)} ${noun}${value === 1 ? '' : 's'}`

const INSTANT = /(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z/g

/** A text with its instants as people read them: to the second, in UTC. */
export const times = (text: string): string => text.replace(INSTANT, '$1 $2Z')

/** An instant as people read it, or nothing. */
export const time = (at: string | null | undefined): string | null => (at ? times(at) : null)

const MINUTE = 60
const HOUR = 3_600
const DAY = 86_400

/** A length of time in seconds as people read it, in its two largest units: `90 s`, `45 min`, `3 h 20 min`, `4 d 6 h`. */
export function span(length: number): string {
  if (length < 2 * MINUTE) return `${Math.round(length)} s`
  const minutes = Math.round(length / MINUTE)
  if (minutes < 60) return `${minutes} min`
  if (minutes < DAY / MINUTE) return inTwo(minutes, 60, 'h', 'min')
  return inTwo(Math.round(length / HOUR), 24, 'd', 'h')
}

function inTwo(value: number, size: number, large: string, small: string): string {
  const rest = value % size
  return `${count((value - rest) / size)} ${large}${rest > 0 ? ` ${rest} ${small}` : ''}`
}

/** Seconds with one decimal, or nothing. */
export const seconds = (value: unknown): string => (typeof value === 'number' ? `${value.toFixed(1)} s` : '-')

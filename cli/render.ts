/** Text for people: tables whose columns line up, numbers to the right, nothing wider than it needs to be. */

export type Cell = string | number | boolean | null | undefined

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROL = /[\u0000-\u001f\u007f-\u009f]+/g
const numeric = (text: string) => /^-?[\d,]+(\.\d+)?( s| %)?$/.test(text)

/** A table with a header line; an empty one says so. */
export function table(header: string[], rows: Cell[][], empty = 'nothing yet'): string {
  if (rows.length === 0) return `  ${empty}\n`
  const texts = rows.map((row) => row.map(cellText))
  const widths = header.map((name, place) =>
    Math.max(name.length, ...texts.map((row) => row[place]?.length ?? 0)),
  )
  const right = header.map((_, place) =>
    texts.every((row) => row[place] === '-' || numeric(row[place] ?? '')),
  )
  const line = (cells: string[]) =>
    `  ${cells.map((text, place) => (right[place] ? text.padStart(widths[place] ?? 0) : text.padEnd(widths[place] ?? 0))).join('  ')}`.trimEnd()
  const rule = widths.map((width) => '─'.repeat(width))
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

/** Seconds with one decimal, or nothing. */
export const seconds = (value: unknown): string => (typeof value === 'number' ? `${value.toFixed(1)} s` : '-')

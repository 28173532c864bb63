import { folderAt } from './prefix.js'

/** Where files of certain times lie below a prefix pattern: what whoever lists bronze looks at. */

const HOUR_FOLDERS = 'year={yyyy}/month={mm}/day={dd}/hour={hh}/'
const isDated = (pattern: string) => pattern.includes('{')

/**
 * The pattern with its dates: below `source=<name>/` files lie by UTC hour; a folder of another form that names no date
 * has none, and what is new may lie anywhere in it.
 */
const dated = (pattern: string): string =>
  isDated(pattern) || !pattern.startsWith('source=') ? pattern : `${pattern}${HOUR_FOLDERS}`

/** Whether a listing can be kept to recent times. */
export const isByTime = (pattern: string): boolean => isDated(dated(pattern))

const ORDER = ['yyyy', 'mm', 'dd', 'hh']

/**
 * One listing of all that lies at a time, ISO, or later: the folder before the dates, and the key behind which it begins.
 * Nothing where keys do not follow time, since the pattern names its dates in another order.
 */
export function listingSince(pattern: string, time: string): { prefix: string; after: string } | undefined {
  const whole = dated(pattern)
  const names = [...whole.matchAll(/\{([a-z]+)\}/g)].map(([, name]) => name)
  if (names.length === 0 || names.some((name, at) => name !== ORDER[at])) return undefined
  return { prefix: whole.slice(0, whole.indexOf('{')), after: folderAt(whole, time) }
}

/** The folders of each of these times, ISO, each folder once. */
export const foldersAt = (pattern: string, times: readonly string[]): string[] =>
  filled(dated(pattern), times)

/** The same by days: without what comes below the folder that names an hour. */
export function dayFoldersAt(pattern: string, times: readonly string[]): string[] {
  const whole = dated(pattern)
  const hour = whole.indexOf('{hh}')
  return filled(hour < 0 ? whole : whole.slice(0, whole.lastIndexOf('/', hour) + 1), times)
}

const filled = (pattern: string, times: readonly string[]) => [
  ...new Set(times.map((time) => folderAt(pattern, time))),
]

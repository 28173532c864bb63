/** How many digits each placeholder of a prefix stands for. */
const DIGITS: Record<string, number> = { yyyy: 4, mm: 2, dd: 2, hh: 2 }
const FORM = /^(?!\/)(?:[A-Za-z0-9_.=-]|\/(?!\/)|\{(?:yyyy|mm|dd|hh)\})+\/$/

/** Whether a text is a prefix pattern: a folder of bronze that may hold {yyyy}, {mm}, {dd} and {hh}. */
export const isPrefix = (pattern: string): boolean => FORM.test(pattern)

/** The prefix of a source that names none: DESIGN’s layout of bronze. */
export const defaultPrefix = (source: string): string => `source=${source}/`

/** One entry per character of a matching key: the character itself, or nothing for any digit. */
const places = (pattern: string): (string | undefined)[] =>
  pattern.split(/(\{[a-z]+\})/).flatMap((part) => {
    const digits = part.startsWith('{') ? DIGITS[part.slice(1, -1)] : undefined
    return digits === undefined ? [...part] : Array<undefined>(digits).fill(undefined)
  })

/** Whether a key can exist that begins with both patterns. Placeholders have a fixed width, so this is exact. */
export function overlap(one: string, other: string): boolean {
  const left = places(one)
  const right = places(other)
  const shorter = Math.min(left.length, right.length)
  return left.slice(0, shorter).every((place, at) => isSame(place, right[at]))
}

function isSame(one: string | undefined, other: string | undefined): boolean {
  if (one !== undefined && other !== undefined) return one === other
  return /^\d$/.test(one ?? other ?? '0')
}

/** Whether a key lies below a pattern. */
export function keyMatches(pattern: string, key: string): boolean {
  const wanted = places(pattern)
  return key.length >= wanted.length && wanted.every((place, at) => isSame(place, key[at]))
}

/** The pattern's folder at a time, UTC: `raw-events/{yyyy}/` -> `raw-events/2026/`. */
export function folderAt(pattern: string, isoTime: string): string {
  const [yyyy, mm, dd, hh] = isoTime.split(/[-T:]/)
  const parts: Record<string, string | undefined> = { yyyy, mm, dd, hh }
  return pattern.replace(/\{([a-z]+)\}/g, (whole, name: string) => parts[name] ?? whole)
}

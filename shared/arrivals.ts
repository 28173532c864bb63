import type { Item } from './ledger.js'

/** When what a run takes in had come: its oldest and its newest. */
export type Arrivals = {
  arrivedAt?: string
  newestAt?: string
}

/** Of a waiting entry: what its input says of the data behind it, else the time at which it joined the lane. */
function arrivalOf({ SK, input }: Item): { first: string; last: string } {
  const { arrivedAt, newestAt } = (input ?? {}) as Arrivals
  const joined = new Date(Number(SK.slice('WAIT#'.length).split('#')[0])).toISOString()
  return { first: arrivedAt ?? joined, last: newestAt ?? joined }
}

/** The arrivals of the entries that a run takes, ISO 8601; nothing of none. */
export function arrivals(entries: Item[]): Arrivals {
  if (entries.length === 0) return {}
  const [arrivedAt] = entries.map((entry) => arrivalOf(entry).first).sort()
  const newestAt = entries
    .map((entry) => arrivalOf(entry).last)
    .sort()
    .at(-1)
  return { ...(arrivedAt && { arrivedAt }), ...(newestAt && { newestAt }) }
}

/** The arrivals that an item or an event carries. */
export const arrived = ({ arrivedAt, newestAt }: Arrivals): Arrivals => ({
  ...(arrivedAt && { arrivedAt }),
  ...(newestAt && { newestAt }),
})

/** How an arrival is remembered by the clock: the later of two, either of which may be unknown. */
export const later = (one: string | undefined, other: string | undefined): string | undefined =>
  one && other ? (one > other ? one : other) : (one ?? other)

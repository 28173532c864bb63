import type { Item } from './ledger.js'

/** When what a run takes in had come: its oldest and its newest. */
export type Arrivals = {
  arrivedAt?: string
  newestAt?: string
}

/**
 * Of a waiting entry: what its input says of the data behind it, else the time at which it joined the lane. Nothing where
 * neither can be read: this is a measure, and must never keep a lane from being claimed.
 */
function arrivalOf({ SK, input }: Item): Arrivals {
  const { arrivedAt, newestAt } = (input ?? {}) as Arrivals
  const milliseconds = /^WAIT#(\d{13})#/.exec(SK)?.[1]
  const joined = milliseconds && new Date(Number(milliseconds)).toISOString()
  return arrived({
    ...(joined && { arrivedAt: joined, newestAt: joined }),
    ...arrived({ arrivedAt, newestAt }),
  })
}

/** The arrivals of the entries that a run takes, ISO 8601; nothing of none. */
export function arrivals(entries: Item[]): Arrivals {
  const all = entries.map(arrivalOf)
  const [arrivedAt] = all.flatMap((one) => one.arrivedAt ?? []).sort()
  const newestAt = all
    .flatMap((one) => one.newestAt ?? [])
    .sort()
    .at(-1)
  return arrived({ arrivedAt, newestAt })
}

/** The arrivals that an item or an event carries. */
export const arrived = ({
  arrivedAt,
  newestAt,
}: { [K in keyof Arrivals]: Arrivals[K] | undefined }): Arrivals => ({
  ...(arrivedAt && { arrivedAt }),
  ...(newestAt && { newestAt }),
})

/** The later of two times, either of which may be unknown. */
export const later = (one: string | undefined, other: string | undefined): string | undefined =>
  one && other ? (one > other ? one : other) : (one ?? other)

/** The days of a backfill and their chunks. A day is YYYY-MM-DD in UTC; `to` is exclusive, here as everywhere. */
export interface Range {
  from: string
  to: string
}

export interface Chunked extends Range {
  chunkDays: number
}

const DAY = 86_400_000

/** Ten thousand chunks of one day are 27 years; more is a wish for longer chunks. */
export const CHUNKS_MAX = 10_000
export const CHUNK_DAYS_MAX = 3_660

const dayNumber = (day: string): number => Date.parse(`${day}T00:00:00Z`) / DAY
const dayOf = (number: number): string => new Date(number * DAY).toISOString().slice(0, 10)

/** How many days a range has. Below 1 when it ends before it begins. */
export const daysOf = ({ from, to }: Range): number => dayNumber(to) - dayNumber(from)

/** A day some days after another. */
export const daysAfter = (day: string, days: number): string => dayOf(dayNumber(day) + days)

/** How many chunks a range has; the last one may be shorter than the others. */
export const chunkCount = (range: Chunked): number => Math.ceil(daysOf(range) / range.chunkDays)

/** The chunk at a place, counted from 0, oldest first. Throws `RangeError` when there is none. */
export function chunkAt(range: Chunked, place: number): Range {
  if (!Number.isInteger(place) || place < 0 || place >= chunkCount(range))
    throw new RangeError(`there is no chunk ${place}`)
  const from = daysAfter(range.from, place * range.chunkDays)
  const days = Math.min(range.chunkDays, daysOf({ from, to: range.to }))
  return { from, to: daysAfter(from, days) }
}

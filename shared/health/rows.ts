/** Whether a dataset has as many rows as it should, judged by its own past. */

/** Editions that are looked back upon, and how many there must be before anything is judged. */
export const HISTORY_MAX = 20
export const HISTORY_MIN = 7
/** Deviations from the median, in robust standard deviations, that are still usual. */
const USUAL_DEVIATIONS = 4
/** A normal distribution's standard deviation is so many times its median absolute deviation. */
const OF_NORMAL = 1.4826
/** What is never unusual, however quiet the past was: a third more, or a quarter less. */
const USUAL_FACTOR = 4 / 3

export interface RowsJudged {
  anomalous: boolean
  /** The bounds between which a count is usual, in rows; absent while the past is too short. */
  usual?: { from: number; to: number }
}

/**
 * Judges a number of rows against those of the editions before, in any order: anomalous is what lies further from their
 * median than four robust standard deviations (1.4826 times the median absolute deviation), and further than a third
 * more or a quarter less. Counts are compared by ratio, on a logarithmic scale, so that a table which grows steadily, by
 * a number or by a share, is usual at any size. The median lets up to half of the past be wrong.
 */
export function judgeRows(rows: number, history: readonly number[]): RowsJudged {
  if (history.length < HISTORY_MIN) return { anomalous: false }
  const past = history.map(Math.log1p)
  const middle = median(past)
  const spread = median(past.map((one) => Math.abs(one - middle)))
  const usual = Math.max(Math.log(USUAL_FACTOR), USUAL_DEVIATIONS * OF_NORMAL * spread)
  const bounds = { from: Math.floor(Math.expm1(middle - usual)), to: Math.ceil(Math.expm1(middle + usual)) }
  // A count is whole: what rounds to the bound lies within it.
  const from = Math.max(0, bounds.from)
  return { anomalous: rows < from || rows > bounds.to, usual: { from, to: bounds.to } }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = Math.floor(sorted.length / 2)
  const upper = sorted[half] as number
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] as number) + upper) / 2
}

import type { Incident } from './incident.js'
import type { Priority } from './priorities.js'

/** What a channel is told: that an incident opened, or that it is over. */
export type What = 'opened' | 'closed'

export interface Channel {
  /** Stands in delivery records and errors: it names the channel, and nothing secret of it. */
  name: string
  priorities: readonly Priority[]
  send(what: What, incident: Incident): Promise<void>
}

/** As much of a reason as a message shows; the run has all of it. */
const REASON_MAX = 1_500
const RUNS_SHOWN_MAX = 5

export const reasonOf = ({ reason }: Incident) =>
  reason.length > REASON_MAX ? `${reason.slice(0, REASON_MAX)} ...` : reason

/** The first line of every message, such as `[P1] build of finance: the job failed`. */
export const headline = (what: What, { priority, title }: Incident) =>
  what === 'opened' ? `[${priority}] ${title}` : `[${priority}, closed] ${title}`

/** What to type to see more; nothing where no run is to blame. */
export const lookAt = ({ runs }: Incident) => (runs[0] ? `npx sluice show ${runs[0]}` : undefined)

/** `3 runs: r1, r2, r3`, or `1,204 runs, the first r1, ...`. */
export function runsOf({ runs, count }: Incident): string | undefined {
  if (runs.length === 0) return undefined
  const shown = runs.slice(0, RUNS_SHOWN_MAX).join(', ')
  const total = `${count.toLocaleString('en')} ${count === 1 ? 'run' : 'runs'}`
  return runs.length > RUNS_SHOWN_MAX ? `${total}, the first ${shown}` : `${total}: ${shown}`
}

/** How long an incident was open, such as `2 h 5 min`. */
export function lasted({ openedAt, closedAt }: Incident): string {
  return duration(Math.round((Date.parse(closedAt ?? openedAt) - Date.parse(openedAt)) / 1_000))
}

/** Whole seconds as a person says them: `34 s`, `5 min`, `2 h 5 min`, `3 days`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.max(0, seconds)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
  return `${Math.round(minutes / 1_440)} days`
}

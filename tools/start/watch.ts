import type { Client } from '../../cli/client.js'
import { count, plural, seconds } from '../../cli/render.js'
import { kindOf, note, type RunView } from '../../cli/run-text.js'
import type { Expected } from './expected.js'

const POLL_MILLISECONDS = 400
const QUIET_MILLISECONDS_MAX = 300_000
const RUNS_SHOWN_MAX = 200

interface Status {
  lanes: { lane: string; kind: string; runId: string | null; waiting: number; unbuilt?: number }[]
  domains: { domain: string; edition: string | null; isCurrent: boolean | null }[]
}

export interface Watched {
  runs: RunView[]
  /** Seconds from the start of the landing to the first published edition; null when there was none. */
  firstPublishedSeconds: number | null
  seconds: number
}

/**
 * Shows the chain while it works: a line for each step of each run. Ends when all that is expected has come, every
 * landed file has its fate and nothing is under way; throws when nothing moves for five minutes.
 */
export async function watch(
  api: Client,
  expected: () => Expected | undefined,
  begun: number,
  say: (line: string) => void,
): Promise<Watched> {
  const seen = new Map<string, string>()
  let firstPublishedSeconds: number | null = null
  let moved = performance.now()
  for (;;) {
    const runs = await allRuns(api)
    for (const run of [...runs].reverse()) {
      if (seen.get(run.runId) === run.state) continue
      seen.set(run.runId, run.state)
      moved = performance.now()
      say(stepLine(run, since(begun)))
    }
    const unseenGold = firstPublishedSeconds === null && runs.some(isGoodBuild)
    const all = expected()
    if (unseenGold || (all && isQuiet(runs, all))) {
      const status = await api.get<Status>('/status')
      if (unseenGold && status.domains.some(({ edition }) => edition)) {
        firstPublishedSeconds = since(begun)
        say(`${at(firstPublishedSeconds)}  gold      published for the first time`)
      }
      if (all && isAtRest(runs, status, all) && (await isHeard(api, all)))
        return { runs, firstPublishedSeconds, seconds: since(begun) }
    }
    if (performance.now() - moved > QUIET_MILLISECONDS_MAX)
      throw new Error('nothing has moved for five minutes')
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS))
  }
}

const isGoodBuild = ({ kind, state }: RunView) => kind === 'build' && state === 'COMMITTED'

export const since = (begun: number) => (performance.now() - begun) / 1_000
export const at = (time: number) => `${time.toFixed(1).padStart(7)} s`

/** Every run of this session, newest first. */
async function allRuns(api: Client): Promise<RunView[]> {
  const runs: RunView[] = []
  let next: string | undefined
  do {
    const page = await api.get<{ runs: RunView[]; next?: string }>('/runs', {
      limit: String(RUNS_SHOWN_MAX),
      next,
    })
    runs.push(...page.runs)
    next = page.next
  } while (next)
  return runs
}

/** States of a sync from which nothing more comes, or not before somebody acts. */
const SETTLED = ['seen', 'built', 'held', 'taken']
const LIVE = ['FILLING', 'READY', 'RUNNING', 'COMMITTING']

/** Every file stands in a run, every expected extraction and entity has had one, and every run has ended. */
function isQuiet(runs: RunView[], { files, extracts, entities }: Expected): boolean {
  const of = (kind: RunView['kind']) => runs.filter((run) => run.kind === kind)
  const counted = (some: RunView[]) => some.reduce((sum, run) => sum + (run.files ?? 0), 0)
  const began = (some: RunView[], subjects: string[]) =>
    subjects.every((subject) => some.some((run) => run.subject === subject))
  return (
    counted(of('cleanse')) >= files + counted(of('extract')) &&
    began(of('extract'), extracts) &&
    (began(of('cleanse'), entities) || of('extract').some(({ state }) => state === 'PARKED')) &&
    runs.every(({ state }) => !LIVE.includes(state))
  )
}

/** Quiet, nothing waits, each build has seen all of silver, and gold is its newest. */
function isAtRest(runs: RunView[], status: Status, expected: Expected): boolean {
  if (!isQuiet(runs, expected)) return false
  const idle = status.lanes.every(({ runId, waiting }) => !runId && waiting === 0)
  const parked = runs.some(({ state }) => state === 'PARKED')
  const built = status.lanes.every(({ unbuilt = 0 }) => unbuilt === 0) || parked
  const published = ({ domain, edition }: Status['domains'][number]) =>
    edition !== null || !expected.domains.includes(domain)
  const isPublished = parked || status.domains.every(published)
  return idle && built && isPublished && status.domains.every(({ isCurrent }) => isCurrent !== false)
}

/** Every expected sync was taken in by a run that has ended. */
async function isHeard(api: Client, { syncs }: Expected): Promise<boolean> {
  const states = await Promise.all(syncs.map((id) => api.get<{ state: string }>(`/syncs/${id}`)))
  return states.every(({ state }) => SETTLED.includes(state))
}

/** A run and where it is, as a line. */
export function stepLine(run: RunView, time: number): string {
  const what = `${kindOf(run).padEnd(8)}  ${run.subject.padEnd(14)}`
  return `${at(time)}  ${what}  ${run.state.toLowerCase().padEnd(10)}  ${detail(run)}`.trimEnd()
}

function detail(run: RunView): string {
  const { state, rows } = run
  if (state === 'RUNNING')
    return `${run.engine}${run.files === undefined ? '' : `, ${plural(run.files, 'file')}`}`
  if (state === 'PARKED') return run.reason ?? ''
  if (state !== 'COMMITTED') return ''
  const took = seconds(run.seconds)
  if (!rows) return `${note(run) ?? ''}  ${took}`
  const sum = `${count(rows.in)} in = ${count(rows.out)} out + ${plural(rows.duplicates, 'duplicate')} + ${count(rows.rejected)} rejected`
  return `${sum}  ${took}`
}

import type { Client } from '../../cli/client.js'
import { count, plural, seconds } from '../../cli/render.js'
import { note, type RunView } from '../../cli/run-text.js'

const POLL_MILLISECONDS = 400
const QUIET_MILLISECONDS_MAX = 300_000
const RUNS_SHOWN_MAX = 200

interface Status {
  lanes: { lane: string; kind: string; runId: string | null; waiting: number; unbuilt?: number }[]
  domains: { domain: string; edition: string | null; isCurrent: boolean }[]
}

export interface Watched {
  runs: RunView[]
  /** Seconds from the start of the landing to the first published edition; null when there was none. */
  firstPublishedSeconds: number | null
  seconds: number
}

/**
 * Shows the chain while it works: a line for each step of each run. Ends when every landed file has its fate and
 * nothing is under way; throws when nothing moves for five minutes.
 */
export async function watch(
  api: Client,
  landed: number,
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
    if (unseenGold || isQuiet(runs, landed)) {
      const status = await api.get<Status>('/status')
      if (unseenGold && status.domains.some(({ edition }) => edition)) {
        firstPublishedSeconds = since(begun)
        say(`${at(firstPublishedSeconds)}  gold      published for the first time`)
      }
      if (isAtRest(runs, status, landed)) return { runs, firstPublishedSeconds, seconds: since(begun) }
    }
    if (performance.now() - moved > QUIET_MILLISECONDS_MAX)
      throw new Error('nothing has moved for five minutes')
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS))
  }
}

const isGoodBuild = ({ kind, state }: RunView) => kind === 'build' && state === 'COMMITTED'

const since = (begun: number) => (performance.now() - begun) / 1_000
const at = (time: number) => `${time.toFixed(1).padStart(7)} s`

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

const LIVE = ['FILLING', 'READY', 'RUNNING', 'COMMITTING']

/** Every landed file stands in a run, and every run has ended. */
function isQuiet(runs: RunView[], landed: number): boolean {
  const cleansed = runs
    .filter(({ kind }) => kind === 'cleanse')
    .reduce((sum, run) => sum + (run.files ?? 0), 0)
  return cleansed >= landed && runs.every(({ state }) => !LIVE.includes(state))
}

/** Quiet, nothing waits, each build has seen all of silver, and gold is its newest. */
function isAtRest(runs: RunView[], status: Status, landed: number): boolean {
  if (!isQuiet(runs, landed)) return false
  const idle = status.lanes.every(({ runId, waiting }) => !runId && waiting === 0)
  const lastBuild = runs.find(({ kind }) => kind === 'build')
  const built = status.lanes.every(({ unbuilt = 0 }) => unbuilt === 0) || lastBuild?.state === 'PARKED'
  const hasBuildLane =
    runs.every(({ state }) => state === 'PARKED') || status.lanes.some(({ kind }) => kind === 'build')
  return idle && built && hasBuildLane && status.domains.every(({ isCurrent }) => isCurrent)
}

function stepLine(run: RunView, time: number): string {
  const what = `${run.kind.padEnd(8)}  ${run.subject.padEnd(14)}`
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
  const sum = `${count(rows.in)} in = ${count(rows.out)} out + ${plural(rows.duplicates, 'duplicate')} + ${rows.rejected} rejected`
  return `${sum}  ${took}`
}

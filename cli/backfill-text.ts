import { type Cell, count, plain, plural, shortened, table, times } from './render.js'

/** A backfill as the API shows it. */
export interface BackfillView {
  backfillId: string
  source: string
  from: string
  to: string
  chunkDays: number
  parallel: number
  state: string
  by: string
  why?: string
  createdAt: string
  endedAt?: string
  heldBy?: string
  reason?: string
  counts: {
    chunks: number
    done: number
    underWay: number
    failed: number
    cancelled: number
    waiting: number
  }
  spent: { chunks: number; days: number; seconds: number; files: number; rows: number }
  chunks?: ChunkView[]
  failedChunks?: { from: string; to: string; tries: number; runId: string; reason: string }[]
  asks?: { what: string; by: string; at: string; why?: string }[]
  next?: string
}

interface ChunkView {
  from: string
  to: string
  state: string
  slot?: number
  tries?: number
  runId?: string
  files?: number
  rows?: number
  seconds?: number
  reason?: string
}

/** What a backfill would take, as the API says. */
export interface Planned {
  source: string
  from: string
  to: string
  chunkDays: number
  chunks: number
  days: number
  parallel: number
  limit: number
  secondsPerChunk: number
  minutes: number
  dollars: number
  basis: 'ledger' | 'assumed'
  assumptions: string[]
  windows: { from: string; to: string }[]
}

const SHOWN = 20
const REASON_MAX = 80

/** What a backfill would do: its chunks, minutes and dollars, and what they rest on. */
export function plannedText(plan: Planned): string {
  const { source, from, to, chunks, days, chunkDays, parallel, limit } = plan
  const size = plural(chunkDays, 'day')
  const rest = plan.basis === 'ledger' ? 'measured on past chunks' : 'assumed'
  const [first] = plan.windows
  const shown = plan.windows.slice(0, 3).map((window) => `    ${window.from} to ${window.to}\n`)
  const more = chunks - shown.length
  return [
    `  ${source}: ${plural(days, 'day')} from ${from} to before ${to}\n`,
    `  chunks     ${count(chunks)} of ${size}, ${parallel} at once; the source allows ${limit}\n`,
    first ? `${shown.join('')}${more > 0 ? `    … and ${count(more)} more\n` : ''}` : '',
    `  minutes    about ${count(plan.minutes)}, at ${count(plan.secondsPerChunk)} s a chunk (${rest})\n`,
    `  cost       about $${plan.dollars.toFixed(2)}\n`,
    ...plan.assumptions.map((text) => `    - ${plain(text)}\n`),
  ].join('')
}

export const BACKFILL_HEADER = ['backfill', 'source', 'from', 'to', 'state', 'done', 'of', 'failed', 'note']

/** One backfill as a line of the table of backfills. */
export const backfillLine = (one: BackfillView): Cell[] => [
  ...[one.backfillId, one.source, one.from, one.to, one.state],
  ...[one.counts.done, one.counts.chunks, one.counts.failed],
  shortened(one.reason ?? one.heldBy ?? '', REASON_MAX),
]

/** Everything about one backfill that a person asks for first; `--json` has all of it. */
export function backfillPage(view: BackfillView): string {
  const { counts, spent, failedChunks = [], chunks = [], asks = [] } = view
  const failed = failedChunks.map(({ from, to, tries, runId, reason }) => [from, to, tries, runId, reason])
  const told = [
    table(BACKFILL_HEADER, [backfillLine(view)]),
    `  ${bar(counts)}\n`,
    view.heldBy && `  held back: ${plain(view.heldBy)}\n`,
    view.reason && `  ${plain(view.reason)}\n`,
    spent.chunks > 0 &&
      `  ${plural(spent.rows, 'row')} in ${plural(spent.files, 'file')}, ${Math.round(spent.seconds / spent.chunks)} s a chunk\n`,
    asks.length > 0 &&
      asks
        .map(({ at, what, by, why }) => `  ${times(at)}  ${what} by ${plain(why ? `${by}: ${why}` : by)}\n`)
        .join(''),
    failed.length > 0 &&
      `Failed\n${table(['from', 'to', 'tries', 'run', 'reason'], failed.slice(0, SHOWN))}${further(failed.length)}`,
    chunks.length > 0 && `Chunks\n${table(CHUNK_HEADER, chunks.map(chunkLine))}`,
    view.next && `  more: --next ${view.next}\n`,
  ]
  return told.filter(Boolean).join('\n')
}

const further = (all: number) =>
  all > SHOWN ? `  … and ${count(all - SHOWN)} more: --json shows them\n` : ''
const CHUNK_HEADER = ['from', 'to', 'state', 'tries', 'rows', 'seconds', 'run', 'reason']
const chunkLine = ({ from, to, state, tries, rows, seconds, runId, reason }: ChunkView): Cell[] => [
  ...[from, to, state, tries, rows, seconds, runId],
  shortened(reason ?? '', REASON_MAX),
]

const BAR_WIDTH = 30

/** `█████░░░░░  52 of 122 chunks, 4 under way, 1 failed`. */
export function bar({ chunks, done, underWay, failed, cancelled }: BackfillView['counts']): string {
  const full = Math.floor((BAR_WIDTH * done) / Math.max(1, chunks))
  const drawn = `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)}`
  const percent = `${Math.floor((100 * done) / Math.max(1, chunks))} %`
  const others = [
    underWay > 0 && `${count(underWay)} under way`,
    failed > 0 && `${count(failed)} failed`,
    cancelled > 0 && `${count(cancelled)} cancelled`,
  ]
  return [`${drawn}  ${percent.padStart(5)}  ${count(done)} of ${plural(chunks, 'chunk')}`, ...others]
    .filter(Boolean)
    .join(', ')
}

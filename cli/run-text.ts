import { type Forgotten, forgottenText } from './forget.js'
import { type Cell, count, plain, plural, seconds, shortened, table } from './render.js'

/** A run as the API shows it; what is missing was not reached. */
export interface RunView {
  runId: string
  kind: 'cleanse' | 'build' | 'extract' | 'compact'
  subject: string
  state: string
  engine?: string
  attempt: number
  reason?: string
  unchanged?: string
  files?: number
  rows?: { in: number; out: number; duplicates: number; rejected: number }
  /** What a deletion found of its subject, in rows; of a dry run, what it would have removed. */
  forgotten?: Forgotten
  reasons?: Record<string, number>
  drift?: { column: string; rows: number }[]
  /** Columns whose change held the run, and those that it was the first to see. */
  schemaHeld?: {
    column: string
    change: string
    expected: string
    seen: string | null
    rows: number
    of: number
    file: string | null
  }[]
  schemaAdded?: string[]
  correlationId?: string
  correlationIds?: string[]
  correlationCount?: number
  tests?: { passed: number; warned: number; failed: number }
  failedTests?: { test: string; model: string; failures: number | null }[]
  warnedTests?: { test: string; model: string; failures: number | null }[]
  datasets?: { domain: string; dataset: string; rows: number }[]
  selectors?: string[]
  mode?: string
  order?: string[]
  notBuilt?: { model: string; why: string }[]
  notBuiltCount?: number
  edition?: string
  createdAt: string
  seconds: number | null
  inputs?: { key?: string; bytes?: number; selector?: string; silverRun?: string }[]
  inputsCount?: number
  outputs?: { key: string; rows: number }[]
  outputsCount?: number
  quarantine?: { reason: string; key: string; rows: number }[]
  attempts?: {
    attempt: number
    startedAt: string
    endedAt: string | null
    left: string | null
    reason?: string
  }[]
  failures?: { attempt: number; failureClass: string; reason: string; at: string }[]
  waiver?: { by: string; why: string } | null
  putBack?: { as: string; by: string; at: string; why?: string } | null
  into?: string | null
  events?: { at: string; event: string; stage: string; did: string; outcome?: string }[]
}

export const RUN_HEADER = 'run kind subject state engine in out dup rejected took note'.split(' ')

const NOTE_MAX = 90

/** One run as a line of the table of runs. */
export function runLine(run: RunView): Cell[] {
  const { rows } = run
  return [
    run.runId,
    run.kind,
    run.subject,
    run.state,
    run.engine,
    rows?.in,
    rows?.out,
    rows?.duplicates,
    rows?.rejected,
    seconds(run.seconds),
    shortened(note(run) ?? '', NOTE_MAX),
  ]
}

/** What one should know of a run in a few words. */
export function note(run: RunView): string | undefined {
  if (run.reason ?? run.unchanged) return run.reason ?? run.unchanged
  if (run.forgotten) return forgottenText(run.forgotten)
  if (run.datasets) return run.datasets.map(({ dataset, rows }) => `${dataset} ${count(rows)}`).join(', ')
  return run.files === undefined ? undefined : plural(run.files, 'file')
}

const SHOWN = 20

/** Everything about one run, in paragraphs. */
export function runPage(run: RunView): string {
  const reasons = Object.entries(run.reasons ?? {}).sort(([, a], [, b]) => b - a)
  const failed = [...(run.failedTests ?? []), ...(run.warnedTests ?? [])]
  const sections = [
    table(RUN_HEADER, [runLine(run)]),
    run.reason && `  ${run.reason}\n`,
    run.forgotten && `  a deletion: ${forgottenText(run.forgotten)}\n`,
    personText(run),
    deliveryText(run),
    run.mode &&
      `  mode: ${run.mode}${run.order?.length ? `, in this order: ${run.order.join(' > ')}` : ''}\n`,
    run.selectors?.length && `  selectors: ${run.selectors.join(' ')}\n`,
    run.tests &&
      `  tests: ${run.tests.passed} passed, ${run.tests.warned} warned, ${run.tests.failed} failed\n`,
    section('Rejected rows by reason', ['reason', 'rows'], reasons),
    section(
      'Where they are',
      ['reason', 'rows', 'quarantine key'],
      run.quarantine?.map((q) => [q.reason, q.rows, q.key]),
    ),
    section(
      'Changed columns',
      ['column', 'change', 'expected', 'seen', 'rows', 'file'],
      run.schemaHeld?.map((c) => [
        ...[c.column, c.change, c.expected, c.seen],
        ...[`${c.rows} of ${c.of}`, c.file ?? 'the batch'],
      ]),
    ),
    section(
      'Unknown columns',
      ['column', 'rows', 'seen'],
      run.drift?.map((d) => [
        d.column,
        d.rows,
        run.schemaAdded?.includes(d.column) ? 'for the first time' : 'before',
      ]),
    ),
    section(
      'Tests',
      ['test', 'model', 'rows'],
      failed.map((t) => [t.test, t.model, t.failures]),
    ),
    section(
      `Not built (${run.notBuiltCount ?? 0})`,
      ['model', 'why'],
      run.notBuilt?.map(({ model, why }) => [model, why]),
    ),
    section('Attempts', ['attempt', 'started', 'ended', 'left the run'], attempts(run)),
    section(
      'Failures',
      ['at', 'attempt', 'class', 'reason'],
      run.failures?.map((f) => [f.at, f.attempt, f.failureClass, f.reason]),
    ),
    section(`Inputs (${run.inputsCount ?? 0})`, ['input', 'bytes'], run.inputs?.map(inputLine)),
    section(
      `Outputs (${run.outputsCount ?? 0})`,
      ['output', 'rows'],
      run.outputs?.map((o) => [o.key, o.rows]),
    ),
    section(
      'Events',
      ['at', 'event', 'stage', 'did'],
      run.events?.map((e) => [e.at, e.event, e.stage, e.outcome === 'failed' ? `failed: ${e.did}` : e.did]),
    ),
  ]
  return sections.filter(Boolean).join('\n')
}

/** Which delivery a run goes back to, or which ones. */
function deliveryText({ correlationId, correlationIds, correlationCount = 0 }: RunView): string | undefined {
  if (!correlationId) return undefined
  if (!correlationIds) return `  delivery: ${plain(correlationId)}\n`
  const more = correlationCount > correlationIds.length ? ' …' : ''
  return `  deliveries (${correlationCount}): ${plain(correlationIds.join(' '))}${more}\n`
}

/** What people did about a run. */
function personText({ waiver, putBack, into }: RunView): string | undefined {
  const reason = putBack?.why ? `: ${putBack.why}` : ''
  const lines = [
    waiver && `  let through its gate by ${plain(`${waiver.by}: ${waiver.why}`)}\n`,
    putBack && `  put back (${putBack.as}) at ${putBack.at} by ${plain(`${putBack.by}${reason}`)}\n`,
    into && `  its inputs went into run ${into}\n`,
  ]
  return lines.filter(Boolean).join('') || undefined
}

const attempts = (run: RunView) =>
  run.attempts?.map(({ attempt, startedAt, endedAt, left }) => [attempt, startedAt, endedAt, left])

const inputLine = (input: NonNullable<RunView['inputs']>[number]): Cell[] => [
  input.key ?? input.selector,
  input.bytes,
]

function section(title: string, header: string[], rows: Cell[][] | undefined): string {
  if (!rows?.length) return ''
  const more = rows.length > SHOWN ? `  … and ${rows.length - SHOWN} more: --json shows them\n` : ''
  return `${title}\n${table(header, rows.slice(0, SHOWN))}${more}`
}

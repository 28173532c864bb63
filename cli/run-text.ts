import { forgottenText } from './forget.js'
import { type Cell, count, plural, seconds, shortened, table, time } from './render.js'
import { deliveryText, inputTable, personText } from './run-sentences.js'
import type { RunView } from './run-view.js'

export type { RunView }

export const RUN_HEADER = 'run kind subject state engine in out dup rejected took note'.split(' ')

const NOTE_MAX = 90

/** What a run is to a person: a deletion goes through the lane of a cleanse, and cleanses nothing. */
export const kindOf = ({ kind, deletion, forgotten }: RunView): string =>
  deletion || forgotten ? 'deletion' : kind

/** One run as a line of the table of runs. */
export function runLine(run: RunView): Cell[] {
  const { rows } = run
  return [
    run.runId,
    kindOf(run),
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
  if (run.forgotten) return forgottenText(run.forgotten, run.deletion?.dryRun)
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
    run.forgotten && `  a deletion: ${forgottenText(run.forgotten, run.deletion?.dryRun)}\n`,
    personText(run),
    deliveryText(run),
    run.mode &&
      `  mode: ${run.mode}${run.order?.length ? `, in this order: ${run.order.join(' > ')}` : ''}\n`,
    run.selectors?.length && `  selectors: ${run.selectors.join(' ')}\n`,
    run.tests &&
      `  tests: ${count(run.tests.passed)} passed, ${count(run.tests.warned)} warned, ${count(run.tests.failed)} failed\n`,
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
        ...[
          c.rows === c.of ? `all ${count(c.of)}` : `${count(c.rows)} of ${count(c.of)}`,
          c.file ?? 'the batch',
        ],
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
      `Not built (${count(run.notBuiltCount ?? 0)})`,
      ['model', 'why'],
      run.notBuilt?.map(({ model, why }) => [model, why]),
    ),
    section('Attempts', ['attempt', 'started', 'ended', 'left the run'], attempts(run)),
    section(
      'Failures',
      ['at', 'attempt', 'class', 'reason'],
      run.failures?.map((f) => [time(f.at), f.attempt, f.failureClass, f.reason]),
    ),
    section(`Inputs (${count(run.inputsCount ?? 0)})`, ...inputTable(run.inputs)),
    section(
      `Outputs (${count(run.outputsCount ?? 0)})`,
      ['output', 'rows'],
      run.outputs?.map((o) => [o.key, o.rows]),
    ),
    section(
      'Events',
      ['at', 'event', 'stage', 'did'],
      run.events?.map((e) => [
        time(e.at),
        e.event,
        e.stage,
        e.outcome === 'failed' ? `failed: ${e.did}` : e.did,
      ]),
    ),
  ]
  return sections.filter(Boolean).join('\n')
}

const attempts = (run: RunView) =>
  run.attempts?.map(({ attempt, startedAt, endedAt, left }) => [
    attempt,
    time(startedAt),
    time(endedAt),
    left,
  ])

function section(title: string, header: string[], rows: Cell[][] | undefined): string {
  if (!rows?.length) return ''
  const more = rows.length > SHOWN ? `  … and ${count(rows.length - SHOWN)} more: --json shows them\n` : ''
  return `${title}\n${table(header, rows.slice(0, SHOWN))}${more}`
}

import { buildReport } from '../../../shared/build-report.js'
import { silverKey } from '../../../shared/cleanse.js'
import { cleanseReport } from '../../../shared/cleanse-gate.js'
import { extractReport } from '../../../shared/extract-end.js'
import { forgetReport, requestOf } from '../../../shared/forget.js'
import { inputsOf } from '../../../shared/inputs.js'
import type { Item, LedgerReader, Value } from '../../../shared/ledger.js'
import { attemptPath, type Run, runKey } from '../../../shared/run.js'
import type { Reports } from '../../../shared/work.js'
import { compactOutputs } from './compactions.js'
import { newestOf } from './paging.js'

/** As many inputs, outputs and events as one answer shows; the counts are always whole. */
const SHOWN_MAX = 1_000

interface RunsQuery {
  limit: number
  next?: string | undefined
  kind?: string | undefined
  state?: string | undefined
  subject?: string | undefined
}

/** Runs, newest first, as far as they match; `next` continues where the answer stops. */
export async function runsView({ ledger }: { ledger: LedgerReader }, query: RunsQuery) {
  const { items, next } = await newestOf(ledger, 'recent', query, (item) => matches(item, query))
  return { runs: items.map((item) => summary(item as Run)), next }
}

const matches = (item: Item, { kind, state, subject }: RunsQuery) =>
  (!kind || item.kind === kind) && (!state || item.state === state) && (!subject || item.subject === subject)

const SHOWN = [
  'runId',
  'kind',
  'subject',
  'state',
  'engine',
  'attempt',
  'tries',
  'reason',
  'gate',
  'unchanged',
  'rows',
  'forgotten',
  'reasons',
  'drift',
  'schemaHeld',
  'schemaAdded',
  'schemaVersion',
  'correlationId',
  'correlationIds',
  'correlationCount',
  'files',
  'bytes',
  'selectors',
  'mode',
  'order',
  'notBuilt',
  'notBuiltCount',
  'window',
  'requestIds',
  'backfillIds',
  'tests',
  'failedTests',
  'warnedTests',
  'edition',
  'datasets',
  'createdAt',
  'startedAt',
  'endedAt',
] as const

function summary(run: Run) {
  const shown = Object.fromEntries(
    SHOWN.flatMap((name) => (run[name] === undefined ? [] : [[name, run[name]]])),
  )
  const asked = requestOf(run)
  const deletion = asked && { deletion: { column: asked.column, dryRun: asked.dryRun } }
  const end = run.endedAt ? Date.parse(String(run.endedAt)) : undefined
  return {
    ...shown,
    ...deletion,
    seconds: end === undefined ? null : (end - Date.parse(run.createdAt)) / 1_000,
  } as {
    [name: string]: Value
  }
}

/** One run with its inputs, outputs, attempts and events; nothing when there is no such run. */
export async function runView(
  { ledger, reports }: { ledger: LedgerReader; reports: Reports },
  runId: string,
) {
  if (!/^[0-9a-z]{26}$/.test(runId)) return undefined
  const run = (await ledger.get(runKey(runId))) as Run | undefined
  if (!run) return undefined
  const inputs = await inputsOf(ledger, runId)
  const events = await ledger.index('events', { of: runKey(runId).PK, limit: SHOWN_MAX })
  const outputs = await outputsOf(reports, run)
  return {
    ...summary(run),
    inputs: inputs.slice(0, SHOWN_MAX).map(({ input }) => input),
    inputsCount: inputs.length,
    outputs: outputs.slice(0, SHOWN_MAX),
    outputsCount: outputs.length,
    quarantine: run.quarantine ?? [],
    attempts: attemptsOf(run),
    history: run.history,
    failures: run.failures ?? [],
    waiver: run.waiver ?? null,
    putBack: run.putBack ?? null,
    into: run.into ?? null,
    events: events.items.map(eventView),
  }
}

/** What a stage made of an event. */
const eventView = ({ PK, SK, at, event, did, outcome }: Item) => ({
  at,
  event,
  eventId: PK.slice('EVENT#'.length),
  stage: SK,
  did,
  outcome: outcome ?? 'done',
})

type Step = { at: string; state: string; attempt?: number; reason?: string }

/** Each attempt from the run's own history: when it began, when it ended, and in which state it left the run. */
function attemptsOf(run: Run) {
  const steps = (run.history ?? []) as unknown as Step[]
  return steps.flatMap((step, position) => {
    if (step.state !== 'RUNNING' || step.attempt === undefined) return []
    const end = steps.slice(position + 1).find(({ state }) => state !== 'RUNNING')
    const { at, state, reason } = end ?? {}
    return [{ attempt: step.attempt, startedAt: step.at, endedAt: at ?? null, left: state ?? null, reason }]
  })
}

async function outputsOf(reports: Reports, run: Run): Promise<{ key: string; rows: number }[]> {
  if (run.state !== 'COMMITTED' || run.unchanged) return []
  const content = await reports.read(`${attemptPath(run.runId, run.attempt)}report.json`)
  if (run.kind === 'build') {
    return buildReport
      .parse(content)
      .datasets.flatMap(({ files }) => files.map(({ key, rows }) => ({ key, rows })))
  }
  if (run.kind === 'extract') return extractOutputs(content)
  if (requestOf(run)) return forgottenFrom(content)
  if (run.kind === 'compact') return compactOutputs(run.subject, run.runId, content)
  const files = [...cleanseReport.parse(content).files].sort((a, b) => (a.key < b.key ? -1 : 1))
  return files.map(({ rows, year, month, day }, ordinal) => ({
    key: silverKey(run.subject, `${year}/${month}/${day}`, run.runId, ordinal),
    rows,
  }))
}

/** The files that a deletion wrote anew, with the rows that stayed. */
const forgottenFrom = (content: unknown) => {
  const { silver, quarantine } = forgetReport.parse(content)
  return [...silver, ...quarantine]
    .filter(({ removed }) => removed > 0)
    .map(({ key, rows, removed }) => ({ key, rows: rows - removed }))
}

/** The files that an extraction landed; a job of another engine leaves no report here. */
const extractOutputs = (content: unknown) =>
  content === undefined ? [] : extractReport.parse(content).files.map(({ key, rows }) => ({ key, rows }))

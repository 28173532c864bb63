import { type ExtractReady, ExtractRequested, type Heard } from '../../../events/catalog.js'
import { correlationOf } from '../../../shared/correlation.js'
import type { Declared, DeclaredSource } from '../../../shared/declared.js'
import { TerminalError } from '../../../shared/errors.js'
import { askedPk, extractState, requestExtract, startedSource } from '../../../shared/extract.js'
import type { Platform, PlatformRequest } from '../../../shared/extract-platform.js'
import { inputsOf } from '../../../shared/inputs.js'
import type { LedgerReader, Value } from '../../../shared/ledger.js'
import type { Outcome } from '../../../shared/observe.js'
import { attemptName, attemptPath, type Run, runKey } from '../../../shared/run.js'
import { type Prepared, type StartEffects, type StartOfKind, startRun } from '../../../shared/start-run.js'
import { taskRequest } from '../../../shared/tasks.js'
import type { TaskRequest, TaskSettings, Tasks } from '../../../shared/work.js'

type Waking = Heard<typeof ExtractRequested | typeof ExtractReady>

/** Lets a request join its source’s lane, or starts the extraction that is ready. */
export async function extractAsked(
  effects: StartEffects & { project: Pick<Declared, 'sources'> },
  event: Waking,
): Promise<Outcome> {
  if (event['detail-type'] === ExtractRequested.name)
    return { did: await requestExtract(effects, event.detail), about: askedPk(event.detail) }
  const { runId } = event.detail
  return { runId, did: await startRun(effects, runId) }
}

interface ExtractSettings {
  bronzeBucket: string
  artifactsBucket: string
  task: TaskSettings
}

export interface ExtractStartEffects {
  ledger: LedgerReader
  project: Pick<Declared, 'sources'>
  settings: ExtractSettings
  tasks: Tasks
  platform: Platform
  stopTask(task: string): Promise<void>
  /** Whether a person has cancelled a backfill: what it asked for is not extracted any more. */
  isCancelled(backfillId: string): Promise<boolean>
}

/** How an extraction starts: one task for a window or for all plain requests, or one job of another engine. */
export function extractStart(effects: ExtractStartEffects): StartOfKind {
  const { tasks, platform } = effects
  const asked = (run: Run) => run.request as unknown as PlatformRequest
  return {
    prepare: (run, attempt) => prepare(effects, run, attempt),
    launch: (request, engine) =>
      engine === 'dbt-platform'
        ? platform.start(request as unknown as PlatformRequest)
        : tasks.run(request as unknown as TaskRequest),
    find: (run) =>
      run.engine === 'dbt-platform'
        ? platform.find(asked(run))
        : tasks.find(run.request as unknown as TaskRequest),
    stop: (job, engine, run) =>
      engine === 'dbt-platform' ? platform.stop(asked(run), job) : effects.stopTask(job),
  }
}

async function prepare(effects: ExtractStartEffects, run: Run, attempt: number) {
  const source = startedSource(effects.project, run.subject)
  if (!source)
    throw new TerminalError(`this deployment declares nothing to be extracted from a source "${run.subject}"`)
  const asked = await askedOf(effects.ledger, run)
  for (const backfillId of asked.backfillIds)
    if (asked.window && (await effects.isCancelled(backfillId)))
      return { unchanged: `its backfill ${backfillId} was cancelled` }
  const state = await extractState(effects.ledger, run.subject)
  const base = state?.ordinal ?? 0
  const facts = { asked, base, stateUri: asked.window ? null : (state?.stateUri ?? null) }
  return source.start
    ? platformJob(run, attempt, source.start, facts)
    : task(effects, run, attempt, { ...facts, source, files: await filesOf(effects, run, base) })
}

interface Facts {
  asked: Awaited<ReturnType<typeof askedOf>>
  /** The number of good plain extractions so far. */
  base: number
  stateUri: string | null
}

/** What a run is for: the window of its one request, or no window, and everybody who asked. */
async function askedOf(ledger: LedgerReader, run: Run) {
  const inputs = (await inputsOf(ledger, run.runId)).map(({ input }) => input)
  const all = (name: string) => [
    ...new Set(inputs.flatMap((input) => (input[name] ? [String(input[name])] : []))),
  ]
  const [window = null] = inputs.flatMap((input) => (input.window ? [input.window] : []))
  return { window, requestIds: all('requestId'), backfillIds: all('backfillId') }
}

const shownOf = ({ asked, base, stateUri }: Facts): NonNullable<Prepared['shown']> => ({
  ...asked,
  base,
  stateUri,
})

/** Whose files an extraction goes on behind: those of the run that was put back, where that read the same as this one. */
async function filesOf({ ledger }: ExtractStartEffects, run: Run, base: number) {
  const own = { filesRunId: run.runId, filesSince: run.createdAt }
  const { items } = await ledger.query(runKey(run.runId).PK, { prefix: 'IN#RUN#', limit: 1 })
  const [, earlierId] = items[0]?.SK.split('IN#RUN#') ?? []
  const earlier = earlierId && ((await ledger.get(runKey(earlierId))) as Run | undefined)
  if (!earlier || earlier.filesRunId === undefined) return own
  if (!earlier.window && earlier.base !== base) return own
  return { filesRunId: String(earlier.filesRunId), filesSince: String(earlier.filesSince) }
}

interface TaskFacts extends Facts {
  source: DeclaredSource
  files: Awaited<ReturnType<typeof filesOf>>
}

function task({ settings }: ExtractStartEffects, run: Run, attempt: number, facts: TaskFacts): Prepared {
  const { artifactsBucket, bronzeBucket } = settings
  const { asked, source, files } = facts
  const path = `s3://${artifactsBucket}/${attemptPath(run.runId, attempt)}`
  const next = `s3://${artifactsBucket}/extract/${run.subject}/${run.runId}-${attempt}.json`
  return {
    engine: 'dlt',
    request: { ...taskRequest(settings.task, run, attempt, 'extract', `${path}plan.json`) },
    plan: {
      version: 1,
      kind: 'extract',
      run_id: run.runId,
      attempt,
      correlation_id: correlationOf(run),
      source: run.subject,
      extract: source.extract,
      // Of a window both stay away: it neither reads nor moves the cursor.
      state_uri: facts.stateUri,
      next_state_uri: asked.window ? null : next,
      window: asked.window,
      files_run_id: files.filesRunId,
      created_at: files.filesSince,
      bronze_bucket: bronzeBucket,
      report_uri: `${path}report.json`,
    },
    shown: { ...shownOf(facts), ...files },
  }
}

/** A job of the dbt platform is told whose it is: by its cause it is found again when the answer to its start is lost. */
function platformJob(
  run: Run,
  attempt: number,
  start: NonNullable<DeclaredSource['start']>,
  facts: Facts,
): Prepared {
  const request = { ...start, cause: `Sluice ${attemptName(run.runId, attempt)}` }
  const plan = {
    version: 1,
    kind: 'extract',
    run_id: run.runId,
    attempt,
    source: run.subject,
    asked: request,
  }
  return {
    engine: 'dbt-platform',
    request: request as { [name: string]: Value },
    plan,
    shown: shownOf(facts),
  }
}

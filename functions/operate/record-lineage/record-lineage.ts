import { GateFailed, RunStarted, StageFailed } from '../../../events/catalog.js'
import type { Declared } from '../../../shared/declared.js'
import { inputsOf } from '../../../shared/inputs.js'
import type { LedgerReader } from '../../../shared/ledger.js'
import type { Traced } from '../../../shared/lineage/datasets.js'
import { runEvent } from '../../../shared/lineage/event.js'
import type { EventType, RunEvent } from '../../../shared/lineage/facets.js'
import type { Places } from '../../../shared/lineage/names.js'
import type { Outcome } from '../../../shared/observe.js'
import { attemptPath, type Run, runKey } from '../../../shared/run.js'
import type { Plans, Reports } from '../../../shared/work.js'

export interface RecordLineageEffects {
  ledger: LedgerReader
  project: Declared
  places: Places
  reports: Reports
  /** Writes an object of the artifacts once. */
  plans: Plans
  /** Posts an event where the stage says; gives what came of it, nothing when the stage names no place. Never throws. */
  post(event: RunEvent): Promise<string | undefined>
}

/** What wakes the stage, as far as it reads it. */
export interface Told {
  'detail-type': string
  time: string
  detail: { runId: string; failureClass?: string | undefined }
}

/**
 * Writes what OpenLineage wants to know of a run: that its job started, and how it ended. An event that comes again
 * writes nothing anew; an end whose start got lost writes both.
 */
export async function recordLineage(effects: RecordLineageEffects, told: Told): Promise<Outcome> {
  const { runId } = told.detail
  const run = (await effects.ledger.get(runKey(runId))) as Run | undefined
  if (!run) return { runId, did: 'no such run' }
  const type = typeOf(told)
  const inputs = await inputsOf(effects.ledger, runId)
  if (type === 'START') return { runId, did: await write(effects, 'START', { run, inputs }, told.time) }
  const path = `${attemptPath(runId, run.attempt)}report.json`
  const report = run.attempt > 0 ? await effects.reports.read(path) : undefined
  const started = run.startedAt && !(await effects.reports.read(lineageKey(run, 'START')))
  const begun = started ? [await write(effects, 'START', { run, inputs }, String(run.startedAt))] : []
  const time = typeof run.endedAt === 'string' ? run.endedAt : told.time
  const ended = await write(effects, type, { run, inputs, report }, time)
  return { runId, did: [...begun, ended].join('; ') }
}

function typeOf({ 'detail-type': name, detail }: Told): EventType {
  if (name === RunStarted.name) return 'START'
  if (name === GateFailed.name) return 'FAIL'
  if (name === StageFailed.name) return detail.failureClass === 'stopped' ? 'ABORT' : 'FAIL'
  return 'COMPLETE'
}

/** Where the event of a run lies: by the day on which the run was created. */
const lineageKey = ({ runId, createdAt }: Pick<Run, 'runId' | 'createdAt'>, type: EventType) =>
  `lineage/date=${createdAt.slice(0, 10)}/run=${runId}/${type.toLowerCase()}.json`

async function write(
  { places, project, plans, post }: RecordLineageEffects,
  type: EventType,
  traced: Traced,
  time: string,
): Promise<string> {
  const event = runEvent(places, project, type, traced, time)
  await plans.writeOnce(lineageKey(traced.run, type), event)
  const posted = await post(event)
  return posted ? `wrote ${type}, ${posted}` : `wrote ${type}`
}

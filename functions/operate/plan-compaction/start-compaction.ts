import { compactStateKey, snapshotKey } from '../../../shared/compact.js'
import { correlationOf } from '../../../shared/correlation.js'
import type { Declared } from '../../../shared/declared.js'
import {
  chooseEngine,
  type EngineEffects,
  type EngineSettings,
  engineRequest,
  onEngines,
} from '../../../shared/engines.js'
import { deletionUnderWay } from '../../../shared/forget.js'
import { inputsOf } from '../../../shared/inputs.js'
import type { World } from '../../../shared/lane.js'
import { absent, is, type Value, type Write } from '../../../shared/ledger.js'
import { attemptPath, type Run } from '../../../shared/run.js'
import type { Prepared, StartOfKind } from '../../../shared/start-run.js'
import { type Looked, look } from './look.js'

interface CompactSettings extends EngineSettings {
  silverBucket: string
  artifactsBucket: string
  /** How large a file may become, in bytes. */
  targetBytes: number
}

export interface CompactStartEffects extends EngineEffects {
  world: World
  project: Declared
  settings: CompactSettings
}

/** Stretches without small files that one start goes through; the next night goes on. */
const LOOKS_MAX = 10

/** How a compaction starts: one job for all days of an entity that have small files, unless none has. */
export function compactStart(effects: CompactStartEffects): StartOfKind {
  return { prepare: (run, attempt) => prepare(effects, run, attempt), ...onEngines(effects) }
}

async function prepare(effects: CompactStartEffects, run: Run, attempt: number) {
  const { world, settings } = effects
  const inputs = await inputsOf(world.ledger, run.runId)
  const today = inputs.some(({ input }) => input.today === true)
  if (await deletionUnderWay(world.ledger, run.subject))
    return { unchanged: 'rows are being deleted on request: the next one goes on' }
  let days = 0
  for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
    const looked = await look(world, run.subject, { today, targetBytes: settings.targetBytes })
    if (looked.days.some(({ groups }) => groups.length > 0)) return prepared(effects, run, attempt, looked)
    await note(world, run, looked)
    days += looked.days.length
    if (!looked.more) break
  }
  return { unchanged: `no small files in ${days} days` }
}

/** Days without small files are noted as they are, so that nobody looks at their runs again. */
async function note({ ledger }: World, run: Run, { state, upTo, days }: Looked): Promise<void> {
  if (upTo === state.upTo) return
  const snapshots = days.map(({ day, before, kept: files }): Write => {
    const key = snapshotKey(run.subject, day)
    const when = before === null ? absent('PK') : is('by', before)
    return { put: { ...key, day, upTo, files: files as unknown as Value, by: run.runId }, when: [when] }
  })
  const seen = state.upTo === 0 ? absent('upTo') : is('upTo', state.upTo)
  await ledger.write(
    { update: compactStateKey(run.subject), set: { upTo, ordinal: state.ordinal }, when: [seen] },
    ...snapshots,
  )
}

function prepared(effects: CompactStartEffects, run: Run, attempt: number, looked: Looked): Prepared {
  const { settings, project } = effects
  const { days, upTo, state, more } = looked
  const path = `s3://${settings.artifactsBucket}/${attemptPath(run.runId, attempt)}`
  const groups = days.flatMap(({ day, groups: ofDay }) => ofDay.map((files) => ({ day, files })))
  const files = groups.flatMap((group) => group.files)
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const engine = chooseEngine(settings, project.entities[run.subject]?.engine ?? 'auto', bytes)
  return {
    engine,
    request: engineRequest(settings, run, attempt, { kind: 'compact', engine, planUri: `${path}plan.json` }),
    plan: {
      version: 1,
      kind: 'compact',
      run_id: run.runId,
      attempt,
      correlation_id: correlationOf(run),
      entity: run.subject,
      engine,
      groups,
      silver_bucket: settings.silverBucket,
      pending_prefix: `_pending/run=${run.runId}/attempt=${attempt}/`,
      report_uri: `${path}report.json`,
      // What the end of the run writes into the ledger.
      base: state.ordinal,
      up_to: upTo,
      more,
      days: days.map(({ day, before, kept }) => ({ day, before, kept })),
    },
    shown: { files: files.length, bytes, days: days.length, base: state.ordinal, upTo },
  }
}

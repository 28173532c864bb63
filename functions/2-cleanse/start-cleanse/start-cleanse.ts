import { correlationOf } from '../../../shared/correlation.js'
import type { Declared } from '../../../shared/declared.js'
import {
  chooseEngine,
  type EngineEffects,
  type EngineSettings,
  engineRequest,
  onEngines,
} from '../../../shared/engines.js'
import { awaitCompaction, type Forgetting, forgetPlan, forgettingOf } from '../../../shared/forget.js'
import { type Input, inputsOf } from '../../../shared/inputs.js'
import type { LedgerReader } from '../../../shared/ledger.js'
import { attemptPath, type Run, runKey } from '../../../shared/run.js'
import type { Prepared, StartOfKind } from '../../../shared/start-run.js'

interface CleanseSettings extends EngineSettings {
  silverBucket: string
  quarantineBucket: string
  artifactsBucket: string
  /** The deployment's stage, which decides what of a person silver shows. */
  stage: string
}

export interface CleanseStartEffects extends EngineEffects {
  ledger: LedgerReader
  project: Declared
  settings: CleanseSettings
}

/** How a cleanse starts: one plan for the whole batch, and the engine that fits its size. */
export function cleanseStart(effects: CleanseStartEffects): StartOfKind {
  return { prepare: (run, attempt) => prepare(effects, run, attempt), ...onEngines(effects) }
}

async function prepare(effects: CleanseStartEffects, run: Run, attempt: number): Promise<Prepared> {
  const { settings, project } = effects
  const inputs = await inputsOf(effects.ledger, run.runId)
  const [first] = inputs
  const forgetting = forgettingOf(first?.input)
  if (forgetting) {
    if (!forgetting.dryRun) await awaitCompaction(effects.ledger, run.subject)
    return prepareForget(settings, run, attempt, forgetting)
  }
  const bytes = inputs.reduce((sum, input) => sum + input.bytes, 0)
  const planned = await planInputs(effects, inputs)
  const engine = chooseEngine(settings, project.entities[run.subject]?.engine ?? 'auto', bytes)
  const path = attemptPath(run.runId, attempt)
  const planUri = `s3://${settings.artifactsBucket}/${path}plan.json`
  return {
    engine,
    request: engineRequest(settings, run, attempt, { kind: 'cleanse', engine, planUri }),
    plan: {
      version: 1,
      kind: 'cleanse',
      run_id: run.runId,
      attempt,
      correlation_id: correlationOf(run),
      entity: run.subject,
      engine,
      inputs: planned,
      silver_bucket: settings.silverBucket,
      quarantine_bucket: settings.quarantineBucket,
      artifacts_bucket: settings.artifactsBucket,
      pending_prefix: `_pending/run=${run.runId}/attempt=${attempt}/`,
      quarantine_prefix_tail: `run=${run.runId}/attempt=${attempt}/`,
      report_uri: `s3://${settings.artifactsBucket}/${path}report.json`,
      contract_version: project.entities[run.subject]?.contractVersion ?? '',
      stage: settings.stage,
    },
    shown: { files: inputs.length, bytes },
  }
}

/** A deletion reads every file of its entity, one after another: DuckDB on ECS does, however many there are. */
const prepareForget = (settings: CleanseSettings, run: Run, attempt: number, asked: Forgetting): Prepared => {
  const planUri = `s3://${settings.artifactsBucket}/${attemptPath(run.runId, attempt)}plan.json`
  const { requestId: forget, ...told } = asked
  return {
    engine: 'duckdb',
    request: engineRequest(settings, run, attempt, { kind: 'cleanse', engine: 'duckdb', planUri }),
    plan: forgetPlan(settings, run, attempt, asked),
    shown: { forgetting: { forget, ...told } },
  }
}

/** What the job reads: each file version, and in place of a run's rejected rows the objects that hold them. */
async function planInputs({ ledger, settings }: CleanseStartEffects, inputs: Input[]): Promise<unknown[]> {
  const planned: unknown[] = []
  for (const { input } of inputs) {
    if (typeof input.rejectedOf !== 'string') planned.push(planFile(input))
    else {
      const run = (await ledger.get(runKey(input.rejectedOf))) as Run
      planned.push(...planRejected(settings.quarantineBucket, run))
    }
  }
  return planned
}

type InQuarantine = { key: string; bytes?: number }
const planRejected = (bucket: string, { runId, createdAt, quarantine }: Run) =>
  ((quarantine ?? []) as InQuarantine[]).map(({ key, bytes }) => ({
    kind: 'rejected',
    bucket,
    key,
    version_id: null,
    bytes: bytes ?? 0,
    landed_at: createdAt,
    source: '',
    of_run: runId,
  }))

const planFile = (input: Input['input']) => ({
  bucket: input.bucket,
  key: input.key,
  version_id: input.versionId,
  bytes: input.bytes,
  landed_at: input.landedAt,
  source: input.source,
})

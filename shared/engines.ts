import { correlationOf } from './correlation.js'
import { workerAbove } from './jobs.js'
import type { Engine, Run } from './run.js'
import type { StartOfKind } from './start-run.js'
import { taskRequest } from './tasks.js'
import type { Jobs, TaskRequest, TaskSettings, Tasks } from './work.js'

/** Work that runs as a task with DuckDB or as a Glue job with Spark: a cleanse, a compaction. */
export interface EngineSettings {
  /** `auto` chooses by size; a contract or a stage may pin an engine. */
  engine: 'auto' | 'duckdb' | 'spark'
  /** From this size on a batch goes to Spark. */
  sparkFromBytes: number
  /** The task definition, cluster, network, capacity and size of a task. */
  task: TaskSettings
  /** The worker type of the Glue job, so that the next larger one is known. */
  workerType: string
}

/** Spark from a size on, DuckDB below; a contract may pin one, and a stage may pin one for every batch. */
export function chooseEngine(
  settings: Pick<EngineSettings, 'engine' | 'sparkFromBytes'>,
  contract: 'auto' | 'duckdb' | 'spark',
  bytes: number,
): Engine {
  if (settings.engine !== 'auto') return settings.engine
  if (contract !== 'auto') return contract
  return bytes >= settings.sparkFromBytes ? 'spark' : 'duckdb'
}

/** What it takes to run on either engine. */
export interface EngineEffects {
  tasks: Tasks
  jobs: Jobs
  stopTask(task: string): Promise<void>
}

/** How work of either engine is launched, found again and stopped. */
export const onEngines = ({ tasks, jobs, stopTask }: EngineEffects): Omit<StartOfKind, 'prepare'> => ({
  launch: (request, engine) =>
    engine === 'spark'
      ? jobs.start(request as unknown as Parameters<Jobs['start']>[0])
      : tasks.run(request as unknown as TaskRequest),
  find: (run) =>
    run.engine === 'spark'
      ? jobs.find(run.runId, run.attempt)
      : tasks.find(run.request as unknown as TaskRequest),
  stop: (job, engine) => (engine === 'spark' ? jobs.stop(job) : stopTask(job)),
})

/** What an attempt asks of its engine: the next larger size after one that ran out of memory. */
export const engineRequest = (
  settings: EngineSettings,
  run: Run,
  attempt: number,
  asked: { kind: Run['kind']; engine: Engine; planUri: string },
) =>
  asked.engine === 'spark'
    ? {
        runId: run.runId,
        attempt,
        planUri: asked.planUri,
        correlationId: correlationOf(run),
        ...(run.larger && { workerType: workerAbove(settings.workerType, run.larger) }),
      }
    : { ...taskRequest(settings.task, run, attempt, asked.kind, asked.planUri) }

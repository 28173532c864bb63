import type { JobStateChange, TaskStateChange } from '../events/aws.js'
import { type EndEffects, finishRun } from './end-run.js'
import { finishTask } from './finish-task.js'
import { correlate, type Outcome } from './observe.js'
import type { JobReader } from './work.js'

export interface FinishWorkEffects extends EndEffects {
  jobs: JobReader
}

/** Takes in the end of a Glue run or an ECS task. The event is a hint: Glue is asked, and a task counts once it is STOPPED. */
export async function finishWork(
  effects: FinishWorkEffects,
  event: JobStateChange | TaskStateChange,
): Promise<Outcome> {
  if (event['detail-type'] === 'ECS Task State Change') return finishTask(effects, event)
  const job = await effects.jobs.get(event.detail.jobRunId)
  if (!job) return { did: 'ignored: not a job run of ours' }
  const { runId, attempt, ended } = job
  correlate(job.correlationId)
  if (!ended) return { runId, did: 'the job runs on' }
  return { runId, did: await finishRun(effects, runId, attempt, ended) }
}

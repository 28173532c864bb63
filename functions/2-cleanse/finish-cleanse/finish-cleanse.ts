import type { JobStateChange, TaskStateChange } from '../../../events/aws.js'
import { type EndEffects, finishRun } from '../../../shared/end-run.js'
import { finishTask } from '../../../shared/finish-task.js'
import { correlate, type Outcome } from '../../../shared/observe.js'
import type { JobReader } from '../../../shared/work.js'

export interface FinishCleanseEffects extends EndEffects {
  jobs: JobReader
}

/** Takes in the end of a cleanse job. The event is a hint: Glue is asked, and an ECS task counts once it is STOPPED. */
export async function finishCleanse(
  effects: FinishCleanseEffects,
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

import type { TaskStateChange } from '../../../events/aws.js'
import { type Detail, type Heard, PlatformJobEnded } from '../../../events/catalog.js'
import { type EndEffects, finishRun } from '../../../shared/end-run.js'
import { extractLane } from '../../../shared/extract.js'
import { platformFailure } from '../../../shared/extract-platform.js'
import { finishTask } from '../../../shared/finish-task.js'
import { holdKey } from '../../../shared/lane.js'
import type { Outcome } from '../../../shared/observe.js'
import { type Run, runKey } from '../../../shared/run.js'
import type { Ended } from '../../../shared/work.js'

type Waking = TaskStateChange | Heard<typeof PlatformJobEnded>

/** Takes in the end of an extraction: of its task, or of the job of another engine that Sluice had started. */
export function finishExtract(effects: EndEffects, event: Waking): Promise<Outcome> {
  return event['detail-type'] === PlatformJobEnded.name
    ? finishPlatformJob(effects, event.detail)
    : finishTask(effects, event)
}

/**
 * A job of the dbt platform that ended is ours when the run that holds its source’s lane waits for it. Others start jobs
 * there too; and one that ended before its start was answered is asked after by the reconciler.
 */
async function finishPlatformJob(
  effects: EndEffects,
  { source, platformRunId, ok, reason }: Detail<typeof PlatformJobEnded>,
): Promise<Outcome> {
  const hold = await effects.ledger.get(holdKey(extractLane(source)))
  const run = hold?.holder
    ? ((await effects.ledger.get(runKey(String(hold.holder)))) as Run | undefined)
    : undefined
  if (run?.engine !== 'dbt-platform' || run.job !== platformRunId)
    return { did: 'ignored: not a job that Sluice waits for' }
  const ended: Ended = ok ? { ok } : platformFailure(/cancel/i.test(reason), reason)
  return { runId: run.runId, did: await finishRun(effects, run.runId, run.attempt, ended) }
}

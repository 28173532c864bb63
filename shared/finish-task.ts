import type { TaskStateChange } from '../events/aws.js'
import { classifyTask } from './classify.js'
import { type EndEffects, finishRun } from './end-run.js'
import { correlate, type Outcome } from './observe.js'
import { parseAttemptName } from './run.js'

/** Takes in the end of an ECS task, whatever its kind of run. */
export async function finishTask(effects: EndEffects, { detail }: TaskStateChange): Promise<Outcome> {
  const name = parseAttemptName(detail.startedBy)
  correlate(correlationOf(detail))
  if (!name) return { did: 'ignored: not a task of ours' }
  if (detail.lastStatus !== 'STOPPED') return { runId: name.runId, did: 'the task is not over' }
  return { runId: name.runId, did: await finishRun(effects, name.runId, name.attempt, classifyTask(detail)) }
}

/** The id that the task was given: its event brings the overrides back. */
const correlationOf = ({ overrides }: TaskStateChange['detail']): string | undefined =>
  overrides?.containerOverrides
    ?.flatMap(({ environment = [] }) => environment)
    .find(({ name }) => name === 'CORRELATION_ID')?.value

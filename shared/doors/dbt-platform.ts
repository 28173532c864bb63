import type { Message } from './airbyte.js'
import { dbtRun } from './bodies.js'
import { type Heard, ignored, platformIdentity, type Unreadable, words } from './heard.js'
import { problemsOf } from './problems.js'

/** What `runStatusCode` holds for a run that went well (dbt platform administrative API, "Run"). */
const SUCCESS = 10
const ENDS = ['job.run.completed', 'job.run.errored']

/** What the dbt platform says of a run. Both messages of one failure have one identity, whatever their event ids. */
export function readDbtPlatform(message: Message, jobIds?: readonly string[]): Heard | Unreadable {
  const { eventType } = (message.content ?? {}) as { eventType?: unknown }
  if (typeof eventType === 'string' && !eventType.startsWith('job.run.'))
    return ignored('a message about no run', message.body)
  const parsed = dbtRun.safeParse(message.content)
  if (!parsed.success) return { problems: problemsOf(parsed.error) }
  const { data } = parsed.data
  const about = { connection: String(data.jobId), job: String(data.runId) }
  if (jobIds && !jobIds.includes(about.connection)) {
    const why = 'the source does not declare this job'
    return { outcome: 'ignored', identity: [about.job, 'not declared'], ...about, why }
  }
  if (!ENDS.includes(parsed.data.eventType)) {
    return {
      outcome: 'ignored',
      identity: [about.job, parsed.data.eventType],
      ...about,
      why: 'the run goes on',
    }
  }
  const ok = parsed.data.eventType === 'job.run.completed' && isSuccess(data)
  const finishedAt = data.runFinishedAt ?? data.runErroredAt
  return {
    outcome: ok ? 'finished' : 'failed',
    identity: platformIdentity(about.job, ok),
    ...about,
    ...(finishedAt && { finishedAt }),
    ...(!ok && {
      why: words(`the dbt platform says ${data.runStatus ?? 'that the run failed'}${because(data)}`),
    }),
  }
}

const isSuccess = ({
  runStatusCode,
  runStatus,
}: {
  runStatusCode?: number | undefined
  runStatus?: string | undefined
}) => (runStatusCode === undefined ? runStatus === 'Success' : runStatusCode === SUCCESS)

/** The platform writes the word None where it has nothing to say. */
const because = ({ runStatusMessage }: { runStatusMessage?: string | null | undefined }) =>
  runStatusMessage && runStatusMessage !== 'None' ? `: ${runStatusMessage}` : ''

import {
  BatchStopJobRunCommand,
  GetJobRunCommand,
  GetJobRunsCommand,
  GlueClient,
  StartJobRunCommand,
} from '@aws-sdk/client-glue'
import type { JobReader, Jobs } from './work.js'

/** How far back a lost job run is looked for: 200 runs at one page of Glue's maximum. */
const RUNS_SEEN_MAX = 200

/** A client whose calls are never repeated by the SDK: StartJobRun has no token, a repeat would start a second job. */
export const glueOnce = () => new GlueClient({ maxAttempts: 1 })

/** Starts and finds runs of one Glue job. `code` names this deployment's own script, so that a batch never sees another. */
export function jobs(jobName: string, code: { script: string; modules: string }, client = glueOnce()): Jobs {
  return {
    async start({ runId, attempt, planUri }) {
      try {
        const answer = await client.send(
          new StartJobRunCommand({
            JobName: jobName,
            Arguments: {
              '--run_id': runId,
              '--attempt': String(attempt),
              '--plan_uri': planUri,
              '--scriptLocation': code.script,
              '--extra-py-files': code.modules,
            },
          }),
        )
        return answer.JobRunId ? { job: answer.JobRunId } : { failed: 'Glue answered without a job run id' }
      } catch (error) {
        if (error instanceof Error && error.name === 'ConcurrentRunsExceededException') return { busy: true }
        throw error
      }
    },
    async find(runId, attempt) {
      const answer = await client.send(new GetJobRunsCommand({ JobName: jobName, MaxResults: RUNS_SEEN_MAX }))
      const own = (answer.JobRuns ?? []).find(
        ({ Arguments }) => Arguments?.['--run_id'] === runId && Arguments?.['--attempt'] === String(attempt),
      )
      return own?.Id
    },
    async stop(jobRunId) {
      await client.send(new BatchStopJobRunCommand({ JobName: jobName, JobRunIds: [jobRunId] }))
    },
  }
}

const OVER = ['SUCCEEDED', 'FAILED', 'TIMEOUT', 'STOPPED', 'ERROR', 'EXPIRED']

/** Reads runs of one Glue job, with the arguments that we gave them. */
export const jobReader = (jobName: string, client = new GlueClient({})): JobReader => ({
  async get(jobRunId) {
    const answer = await client.send(new GetJobRunCommand({ JobName: jobName, RunId: jobRunId }))
    const run = answer.JobRun
    const runId = run?.Arguments?.['--run_id']
    const attempt = Number(run?.Arguments?.['--attempt'])
    if (!run || !runId || !Number.isInteger(attempt)) return undefined
    const state = String(run.JobRunState)
    if (!OVER.includes(state)) return { runId, attempt }
    const reason = `Glue says ${state}: ${run.ErrorMessage ?? 'no message'}`
    return { runId, attempt, ended: state === 'SUCCEEDED' ? { ok: true } : { ok: false, reason } }
  },
})

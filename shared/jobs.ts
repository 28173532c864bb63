import {
  BatchStopJobRunCommand,
  GetJobRunCommand,
  GetJobRunsCommand,
  GlueClient,
  type JobRun,
  StartJobRunCommand,
  type WorkerType,
} from '@aws-sdk/client-glue'
import { classifyJob, JOB_ENDS } from './classify.js'
import { carried } from './correlation.js'
import { TerminalError } from './errors.js'
import type { JobReader, Jobs } from './work.js'

/** How far back a lost job run is looked for: 200 runs at one page of Glue's maximum. */
const RUNS_SEEN_MAX = 200

/** A client whose calls are never repeated by the SDK: StartJobRun has no token, a repeat would start a second job. */
export const glueOnce = () => new GlueClient({ maxAttempts: 1 })

export interface JobCode {
  script: string
  modules: string
  /** How many workers a run gets whose worker type is not the job's own: Glue wants both or neither. */
  workers: number
}

/** The worker types of Glue, smallest first (Glue user guide, "Worker types"). */
const WORKERS = ['G.1X', 'G.2X', 'G.4X', 'G.8X'] as const

/** The worker type that many steps above `base`, as far as they go. Throws when Glue has no such type. */
export function workerAbove(base: string, steps: number): string {
  const place = WORKERS.indexOf(base as (typeof WORKERS)[number])
  if (place < 0) throw new TerminalError(`Glue has no worker type ${base} that could grow`)
  return WORKERS[Math.min(place + steps, WORKERS.length - 1)] as string
}

/** Starts and finds runs of one Glue job. `code` names this deployment's own script, so that a batch never sees another. */
export function jobs(jobName: string, code: JobCode, client = glueOnce()): Jobs {
  return {
    async start({ runId, attempt, planUri, correlationId, workerType }) {
      try {
        const answer = await client.send(
          new StartJobRunCommand({
            JobName: jobName,
            ...(workerType && { WorkerType: workerType as WorkerType, NumberOfWorkers: code.workers }),
            Arguments: {
              '--run_id': runId,
              '--attempt': String(attempt),
              '--plan_uri': planUri,
              '--correlation_id': correlationId ?? runId,
              '--scriptLocation': code.script,
              '--extra-py-files': code.modules,
            },
          }),
        )
        if (answer.JobRunId) return { job: answer.JobRunId }
        return { failed: 'Glue answered without a job run id', failureClass: 'lost' }
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

/** Reads runs of one Glue job, with the arguments that we gave them. */
export const jobReader = (jobName: string, client = new GlueClient({})): JobReader => ({
  async get(jobRunId) {
    const run = await jobRun(client, jobName, jobRunId)
    const runId = run?.Arguments?.['--run_id']
    const own = carried({ correlationId: run?.Arguments?.['--correlation_id'] })
    const attempt = Number(run?.Arguments?.['--attempt'])
    if (!run || !runId || !Number.isInteger(attempt)) return undefined
    const state = String(run.JobRunState)
    if (!JOB_ENDS.includes(state)) return { runId, attempt, ...own }
    return { runId, attempt, ...own, ended: classifyJob(state, run.ErrorMessage) }
  },
})

/** A job run, or nothing when Glue knows none of that id (any more). */
async function jobRun(client: GlueClient, JobName: string, RunId: string): Promise<JobRun | undefined> {
  try {
    return (await client.send(new GetJobRunCommand({ JobName, RunId }))).JobRun
  } catch (error) {
    if (error instanceof Error && error.name === 'EntityNotFoundException') return undefined
    throw error
  }
}

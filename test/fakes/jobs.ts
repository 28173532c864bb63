import { classifyJob } from '../../shared/classify.js'
import type { Ended, GlueArguments, JobReader, Jobs, Started } from '../../shared/work.js'

interface JobRun {
  job: string
  request: GlueArguments
  ended?: Ended
}

/** Glue, as far as the stages see it: each accepted start is a job run of its own, whatever its arguments. */
export class FakeJobs implements Jobs, JobReader {
  readonly runs: JobRun[] = []
  readonly stopped: string[] = []
  maxConcurrent = 10
  /** GetJobRuns may be stale: while this is set, it shows no run at all. */
  stale = false

  async start(request: GlueArguments): Promise<Started> {
    if (this.running().length >= this.maxConcurrent) return { busy: true }
    const job = `jr_${this.runs.length}`
    this.runs.push({ job, request: { ...request } })
    return { job }
  }

  async find(runId: string, attempt: number): Promise<string | undefined> {
    if (this.stale) return undefined
    return this.runs.find(({ request }) => request.runId === runId && request.attempt === attempt)?.job
  }

  async stop(jobRunId: string): Promise<void> {
    this.stopped.push(jobRunId)
    this.end(jobRunId, classifyJob('STOPPED'))
  }

  async get(jobRunId: string) {
    const run = this.runs.find(({ job }) => job === jobRunId)
    if (!run) return undefined
    const { runId, attempt } = run.request
    return { runId, attempt, ...(run.ended && { ended: run.ended }) }
  }

  end(jobRunId: string, ended: Ended): void {
    const run = this.runs.find(({ job }) => job === jobRunId)
    if (run && !run.ended) run.ended = ended
  }

  running(): JobRun[] {
    return this.runs.filter(({ ended }) => !ended)
  }
}

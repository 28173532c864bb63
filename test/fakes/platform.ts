import type { Platform, PlatformRequest } from '../../shared/extract-platform.js'
import type { Ended, Started } from '../../shared/work.js'

interface PlatformRun {
  id: string
  request: PlatformRequest
  ended?: Ended
}

/** The dbt platform, as far as the stages see it: every start is another run. */
export class FakePlatform implements Platform {
  readonly runs: PlatformRun[] = []
  readonly stopped: string[] = []

  async start(request: PlatformRequest): Promise<Started> {
    const id = String(7_000 + this.runs.length)
    this.runs.push({ id, request: structuredClone(request) })
    return { job: id }
  }

  async find({ cause }: PlatformRequest): Promise<string | undefined> {
    return this.runs.find(({ request }) => request.cause === cause)?.id
  }

  async get(_: PlatformRequest, platformRunId: string): Promise<{ ended?: Ended } | undefined> {
    const run = this.runs.find(({ id }) => id === platformRunId)
    return run && { ...(run.ended && { ended: run.ended }) }
  }

  async stop(_: PlatformRequest, platformRunId: string): Promise<void> {
    this.stopped.push(platformRunId)
  }

  end(platformRunId: string, ended: Ended): void {
    const run = this.runs.find(({ id }) => id === platformRunId)
    if (run && !run.ended) run.ended = ended
  }
}

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface KnownJob {
  jobId: number
  status: string
  jobType: string
  connectionId: string
  lastUpdatedAt: string
}

/** Airbyte's public API as doors ask it: a token for an application, one job, a list of jobs. On a free local port. */
export class AirbyteServer {
  jobs: KnownJob[] = []
  /** What is asked, as `METHOD path`. */
  readonly asked: string[] = []
  tokens = 0
  /** Answers every question so, while it is set. */
  trouble: { status: number; body?: string } | undefined
  private readonly server: Server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    this.asked.push(`${request.method} ${url.pathname}${url.search}`)
    const { status, content } = this.answer(url, request.headers.authorization)
    request.resume().on('end', () => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(typeof content === 'string' ? content : JSON.stringify(content))
    })
  })

  /** Starts to listen and gives the address below which the API is. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }

  private answer(url: URL, authorization: string | undefined): { status: number; content: unknown } {
    if (this.trouble) return { status: this.trouble.status, content: this.trouble.body ?? '' }
    if (url.pathname === '/v1/applications/token') {
      this.tokens += 1
      return {
        status: 200,
        content: { access_token: `token-${this.tokens}`, expires_in: 180, token_type: 'Bearer' },
      }
    }
    if (!/^Bearer (token|token-\d+)$/.test(authorization ?? '')) return { status: 401, content: {} }
    const one = /^\/v1\/jobs\/(\d+)$/.exec(url.pathname)?.[1]
    if (one === undefined) return { status: 200, content: { data: this.list(url.searchParams) } }
    const job = this.jobs.find(({ jobId }) => String(jobId) === one)
    return job ? { status: 200, content: job } : { status: 404, content: { message: 'no such job' } }
  }

  private list(query: URLSearchParams): KnownJob[] {
    const wanted = (name: string, value: string) => !query.get(name) || query.get(name) === value
    const [by = '', order] = (query.get('orderBy') ?? 'createdAt|ASC').split('|')
    const found = this.jobs.filter(
      (job) =>
        wanted('connectionId', job.connectionId) &&
        wanted('jobType', job.jobType) &&
        wanted('status', job.status) &&
        job.lastUpdatedAt >= (query.get('updatedAtStart') ?? ''),
    )
    const key = (job: KnownJob) => (by === 'updatedAt' ? Date.parse(job.lastUpdatedAt) : job.jobId)
    found.sort((a, b) => (order === 'DESC' ? key(b) - key(a) : key(a) - key(b)))
    const offset = Number(query.get('offset') ?? 0)
    return found.slice(offset, offset + Number(query.get('limit') ?? 20))
  }
}

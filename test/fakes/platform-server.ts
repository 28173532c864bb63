import type { IncomingMessage, ServerResponse } from 'node:http'
import { LoopbackServer } from './loopback-server.js'

/** A run as version 2 of the administrative API tells of it; the trigger only when it is asked for. */
interface PlatformRun {
  id: number
  job_definition_id: number
  status: number
  status_message: string | null
  is_complete: boolean
  is_success: boolean
  is_error: boolean
  is_cancelled: boolean
  trigger: { cause: string }
}

const STATUS = { queued: 1, starting: 2, running: 3, success: 10, error: 20, cancelled: 30 } as const
const ACCOUNT = '1'
const JOB = '123'

/** A local HTTP server that answers as the dbt platform’s administrative API, version 2, does for one account and job. */
export class PlatformServer extends LoopbackServer {
  readonly runs: PlatformRun[] = []
  /** What was asked, as `GET /runs/`. */
  readonly asked: string[] = []
  /** The next answers are this status, in place of the usual. */
  failing: number[] = []
  /** The next start happens, and its answer never comes. */
  loseAnswer = false

  constructor(readonly token: string) {
    super()
  }

  /** Lets a run come to its end. */
  end(id: string, as: 'success' | 'error' | 'cancelled', message: string | null = null): void {
    const run = this.runs.find((one) => String(one.id) === id)
    if (!run) throw new Error(`the platform has no run ${id}`)
    Object.assign(run, {
      status: STATUS[as],
      status_message: message,
      is_complete: true,
      is_success: as === 'success',
      is_error: as === 'error',
      is_cancelled: as === 'cancelled',
    })
  }

  protected answer(request: IncomingMessage, body: string, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://platform')
    const root = `/api/v2/accounts/${ACCOUNT}`
    const path = pathname.startsWith(root) ? pathname.slice(root.length) : ''
    this.asked.push(`${request.method} ${path}`)
    const failing = this.failing.shift()
    if (request.headers.authorization !== `Token ${this.token}`) refuse(response, 401, 'Invalid token.')
    else if (failing) refuse(response, failing, 'The request was refused.')
    else this.serve(`${request.method} ${path}`, searchParams, body, response)
  }

  private serve(route: string, query: URLSearchParams, body: string, response: ServerResponse): void {
    const id = /^(?:GET|POST) \/runs\/(\d+)\//.exec(route)?.[1]
    const run = this.runs.find((one) => String(one.id) === id)
    if (route === `POST /jobs/${JOB}/run/`) this.begin(JSON.parse(body), response)
    else if (route === 'GET /runs/') tell(response, 200, this.list(query))
    else if (!run) refuse(response, 404, 'The requested resource was not found.')
    else {
      if (route.endsWith('/cancel/')) this.end(String(run.id), 'cancelled', 'Cancelled by request.')
      tell(response, 200, withoutTrigger(run))
    }
  }

  private begin({ cause }: { cause: string }, response: ServerResponse): void {
    const run = {
      id: 70_471_800_000_000 + this.runs.length,
      job_definition_id: Number(JOB),
      status: STATUS.queued,
      status_message: null,
      is_complete: false,
      is_success: false,
      is_error: false,
      is_cancelled: false,
      trigger: { cause },
    }
    this.runs.push(run)
    if (this.loseAnswer) {
      this.loseAnswer = false
      response.socket?.destroy()
      return
    }
    tell(response, 200, withoutTrigger(run))
  }

  /** The runs of a job, as far as the query asks for them; newest first with `-id`. */
  private list(query: URLSearchParams): object[] {
    const own = this.runs.filter((run) => String(run.job_definition_id) === query.get('job_definition_id'))
    const sorted = query.get('order_by') === '-id' ? [...own].reverse() : own
    const related = JSON.parse(query.get('include_related') ?? '[]') as string[]
    const shown = sorted.slice(0, Number(query.get('limit') ?? 100))
    return related.includes('trigger') ? shown : shown.map(withoutTrigger)
  }
}

const withoutTrigger = (run: PlatformRun) => ({ ...run, trigger: null })

const status = (code: number, message: string) => ({
  code,
  is_success: code === 200,
  user_message: message,
  developer_message: '',
})

function tell(response: ServerResponse, code: number, data: unknown): void {
  response.writeHead(code, { 'Content-Type': 'application/json' })
  response.end(JSON.stringify({ status: status(code, 'Success!'), data }))
}

function refuse(response: ServerResponse, code: number, message: string): void {
  response.writeHead(code, { 'Content-Type': 'application/json' })
  response.end(JSON.stringify({ status: status(code, message), data: {} }))
}

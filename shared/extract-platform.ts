import * as z from 'zod'
import { credentialIn, type ReadSecret } from './doors/secrets.js'
import { TransientError } from './errors.js'
import type { Ended, Started } from './work.js'

/**
 * Jobs of the dbt platform as work of another engine, by its administrative API, version 2 ("Trigger Job Run",
 * "Retrieve Run", "List Runs", "Cancel Run" in dbt's API reference).
 */
export interface PlatformRequest {
  /** Address of the platform, such as https://cloud.getdbt.com. */
  url: string
  accountId: string
  jobId: string
  /** Name of the secret that holds the service token. */
  secret: string
  /** What the platform shows as the reason of the run: it names our run and attempt. */
  cause: string
}

export interface Platform {
  /** Starts a run of a job. Throws when nobody knows whether it started. */
  start(request: PlatformRequest): Promise<Started>
  /** The id of the run with this cause, among the newest of its job. */
  find(request: PlatformRequest): Promise<string | undefined>
  /** How a run ended, `ended` absent while it goes on; nothing when the platform knows no such run. */
  get(request: PlatformRequest, platformRunId: string): Promise<{ ended?: Ended } | undefined>
  /** Asks the platform to cancel a run; best effort. */
  stop(request: PlatformRequest, platformRunId: string): Promise<void>
}

/** Longer than the platform takes for any of these, and four of them fit into a function's minute. */
const TIMEOUT_MILLISECONDS = 10_000
/** Runs of a job that are looked through for a lost one. */
const RUNS_SEEN_MAX = 100

const id = z.union([z.string(), z.number()]).transform(String)
const platformRun = z.looseObject({
  id,
  is_complete: z.boolean().nullish(),
  is_success: z.boolean().nullish(),
  is_cancelled: z.boolean().nullish(),
  /** 10 success, 20 error, 30 cancelled; less while it goes on. */
  status: z.number(),
  status_message: z.string().nullish(),
  trigger: z.looseObject({ cause: z.string().nullish() }).nullish(),
})
type PlatformRun = z.infer<typeof platformRun>
const SUCCESS = 10
const CANCELLED = 30
const UNAUTHORIZED = 401
/** The status of an answer for which nobody was asked. */
const UNASKED = 0

/** A client of the platform's API. The token goes into the header of a request, and nowhere else. */
export function dbtPlatform(read: ReadSecret): Platform {
  const call = caller(read)
  return {
    async start(request) {
      const answer = await call(request, 'POST', `jobs/${request.jobId}/run/`, { cause: request.cause })
      if (answer.ok) return { job: parsed(z.looseObject({ id }), answer.data).id }
      const failed = `the dbt platform did not start the job: ${answer.said}`
      // What the platform itself may still have begun is looked for by its cause; nothing else starts it again.
      if (answer.status >= 500 || answer.status === UNASKED) throw new TransientError(failed)
      return { failed, failureClass: answer.status === 429 ? 'capacity' : 'configuration' }
    },
    async find(request) {
      const asked = `job_definition_id=${request.jobId}&order_by=-id&limit=${RUNS_SEEN_MAX}`
      const answer = await call(request, 'GET', `runs/?${asked}&include_related=["trigger"]`)
      if (!answer.ok && (answer.status >= 500 || answer.status === 429))
        throw new TransientError(`the dbt platform lists no runs: ${answer.said}`)
      // Who may not ask may not start either: the next start is refused, and says why.
      if (!answer.ok) return undefined
      const runs = parsed(z.array(platformRun), answer.data)
      return runs.find(({ trigger }) => trigger?.cause === request.cause)?.id
    },
    async get(request, platformRunId) {
      const answer = await call(request, 'GET', `runs/${platformRunId}/`)
      if (answer.ok) return endOf(parsed(platformRun, answer.data))
      if (answer.status === 404) return undefined
      throw new TransientError(`the dbt platform does not tell of run ${platformRunId}: ${answer.said}`)
    },
    async stop(request, platformRunId) {
      await call(request, 'POST', `runs/${platformRunId}/cancel/`).catch(() => undefined)
    },
  }
}

function endOf(run: PlatformRun): { ended?: Ended } {
  if (run.status < SUCCESS) return {}
  if (run.status === SUCCESS) return { ended: { ok: true } }
  return { ended: platformFailure(run.status === CANCELLED, run.status_message ?? '') }
}

/** How a job failed of which the platform only says that, and why: it was cancelled by somebody, or it could not. */
export const platformFailure = (cancelled: boolean, said: string): Ended => ({
  ok: false,
  reason: `the dbt platform says ${cancelled ? 'cancelled' : 'error'}${said && `: ${said}`}`,
  failureClass: cancelled ? 'stopped' : 'reported',
})

type Answer = { ok: true; data: unknown } | { ok: false; status: number; said: string }

/** One call of the API. Throws `TransientError` when no answer came, without a word of the request. */
function caller(read: ReadSecret) {
  return async (
    { url, accountId, secret }: PlatformRequest,
    method: 'GET' | 'POST',
    path: string,
    body?: object,
  ): Promise<Answer> => {
    const text = await read(secret).catch(() => null)
    if (text === null) return { ok: false, status: UNASKED, said: `the secret ${secret} cannot be read` }
    if (!text) return { ok: false, status: UNAUTHORIZED, said: `there is no secret ${secret} yet` }
    const { value: token, url: address = url } = credentialIn(text)
    try {
      const answer = await fetch(`${address.replace(/\/$/, '')}/api/v2/accounts/${accountId}/${path}`, {
        method,
        headers: { Authorization: `Token ${token}`, 'Content-Type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
      })
      const content = (await answer.json().catch(() => ({}))) as { data?: unknown; status?: Said }
      if (answer.ok) return { ok: true, data: content.data }
      return { ok: false, status: answer.status, said: said(answer.status, content.status) }
    } catch (error) {
      const { name, cause } = error as Error & { cause?: { code?: string } }
      throw new TransientError(`the dbt platform gave no answer: ${cause?.code ?? name}`)
    }
  }
}

type Said = { user_message?: string; developer_message?: string }
const SAID_MAX = 200
const said = (status: number, { user_message, developer_message }: Said = {}) =>
  `${status} ${user_message ?? developer_message ?? ''}`.trim().slice(0, SAID_MAX)

function parsed<S extends z.ZodType>(schema: S, data: unknown): z.infer<S> {
  const answer = schema.safeParse(data)
  if (answer.success) return answer.data
  const [issue] = answer.error.issues
  throw new TransientError(`the dbt platform answered without ${issue?.path.join('.') || 'data'}`)
}

import * as z from 'zod'
import { TransientError } from '../errors.js'
import { credentialIn, type ReadSecret } from './secrets.js'

/** Airbyte's public API as far as doors ask it (reference.airbyte.com: "Get Job status and details", "List Jobs"). */
export interface Airbyte {
  /** A job by its number, or the newest of a connection without one; nothing when Airbyte knows none. */
  job(
    ask: Ask,
    which: { job?: string | undefined; connection?: string | undefined },
  ): Promise<AirbyteJob | undefined>
  /** Succeeded jobs of one type that changed since a time (ISO), oldest change first; one page of at most 20. */
  succeeded(ask: Ask, since: string, page: JobsPage): Promise<AirbyteJob[]>
}

/** Whom to ask: the `confirm` of a source file. */
interface Ask {
  url: string
  secret: string
}

export interface JobsPage {
  type: 'sync' | 'refresh'
  connection?: string | undefined
  offset: number
}

const job = z.object({
  jobId: z.union([z.int(), z.string().max(64)]).transform(String),
  status: z.enum(['pending', 'running', 'incomplete', 'failed', 'succeeded', 'cancelled']),
  jobType: z.string().optional(),
  connectionId: z.string().max(200).optional(),
  lastUpdatedAt: z.string().max(40).optional(),
})
export type AirbyteJob = z.infer<typeof job>
const jobs = z.object({ data: z.array(job).max(100) })
const token = z.object({ access_token: z.string().min(1), expires_in: z.number().optional() })

export const JOBS_PAGE = 20
const ANSWER_MILLISECONDS = 10_000
const ANSWER_BYTES_MAX = 1_000_000
/** Airbyte's tokens live for some minutes; without a word of it, not longer than this. */
const TOKEN_MILLISECONDS = 120_000
const TOKEN_MARGIN_MILLISECONDS = 30_000

/** Nobody has made the secret yet with which Airbyte is asked. */
export class NoSecret extends TransientError {
  override readonly name = 'NoSecret'
}

/** Asks Airbyte's API. Throws `TransientError` when there is no answer that says something. */
export function airbyteApi(readSecret: ReadSecret, now: () => number): Airbyte {
  const tokens = new Map<string, { token: string; until: number }>()
  const get = async (ask: Ask, path: string) => {
    const text = await readSecret(ask.secret)
    if (!text) throw new NoSecret(`there is no secret ${ask.secret} to ask Airbyte with`)
    const { value, url = ask.url, id } = credentialIn(text)
    const base = url.replace(/\/+$/, '')
    const bearer = id === undefined ? value : await tokenOf(tokens, base, id, value, now)
    return fetchJson(`${base}${path}`, { headers: { authorization: `Bearer ${bearer}` } })
  }
  return {
    async job(ask, which) {
      if (which.job !== undefined) {
        const found = await get(ask, `/jobs/${encodeURIComponent(which.job)}`)
        return found === undefined ? undefined : read(job, found)
      }
      const newest = query({ connectionId: which.connection, limit: '1', orderBy: 'createdAt|DESC' })
      return read(jobs, await get(ask, `/jobs?${newest}`)).data[0]
    },
    async succeeded(ask, since, { type, connection, offset }) {
      const page = { limit: String(JOBS_PAGE), offset: String(offset), orderBy: 'updatedAt|ASC' }
      const which = { connectionId: connection, jobType: type, status: 'succeeded', updatedAtStart: since }
      return read(jobs, await get(ask, `/jobs?${query({ ...which, ...page })}`)).data
    },
  }
}

const query = (fields: Record<string, string | undefined>) =>
  new URLSearchParams(
    Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined),
  )

/** An access token for an application's id and secret, kept until shortly before it ends. */
async function tokenOf(
  tokens: Map<string, { token: string; until: number }>,
  base: string,
  id: string,
  secret: string,
  now: () => number,
): Promise<string> {
  const kept = tokens.get(`${base} ${id} ${secret}`)
  if (kept && now() < kept.until) return kept.token
  const body = JSON.stringify({ client_id: id, client_secret: secret, 'grant-type': 'client_credentials' })
  const headers = { 'content-type': 'application/json' }
  const answer = read(token, await fetchJson(`${base}/applications/token`, { method: 'POST', headers, body }))
  const life = answer.expires_in === undefined ? TOKEN_MILLISECONDS : answer.expires_in * 1_000
  const until = now() + life - TOKEN_MARGIN_MILLISECONDS
  tokens.set(`${base} ${id} ${secret}`, { token: answer.access_token, until })
  return answer.access_token
}

/** JSON from an address, or nothing when it answers 404. No error holds an address, a token or an answer. */
async function fetchJson(url: string, request: RequestInit): Promise<unknown> {
  let status: number
  try {
    const signal = AbortSignal.timeout(ANSWER_MILLISECONDS)
    const answer = await fetch(url, { ...request, redirect: 'manual', signal })
    status = answer.status
    if (answer.ok) return JSON.parse(await bounded(answer))
    await answer.body?.cancel()
  } catch (error) {
    throw new TransientError(`Airbyte gave no answer: ${(error as Error).name}`)
  }
  if (status === 404) return undefined
  throw new TransientError(`Airbyte answered ${status}`)
}

async function bounded(answer: Response): Promise<string> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    if (text.length > ANSWER_BYTES_MAX) throw new RangeError('the answer is too long')
  }
  return text
}

function read<S extends z.ZodType>(schema: S, content: unknown): z.infer<S> {
  const answer = schema.safeParse(content)
  if (answer.success) return answer.data
  throw new TransientError('Airbyte answered something that is none of its shapes')
}

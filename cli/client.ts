import { type Config, UserError } from './config.js'

/** Query parameters: by name, or in pairs where a name comes more than once. One without a value is left out. */
type Query = Record<string, string | undefined> | [name: string, value: string | undefined][]

export interface Client {
  /** The JSON answer of one GET. Throws `UserError` with the API's own words when it says no. */
  get<T = Record<string, unknown>>(path: string, query?: Query): Promise<T>
  /** The JSON answer of one POST of a JSON body. Throws `UserError` as `get` does. */
  post<T = Record<string, unknown>>(path: string, body: Record<string, unknown>): Promise<T>
}

const TIMEOUT_MILLISECONDS = 35_000

/** A client of Sluice's API. */
export function client({ apiUrl, token }: Config): Client {
  const base = apiUrl.replace(/\/$/, '')
  return {
    async get(path, query = {}) {
      const url = new URL(`${base}${path}`)
      for (const [name, value] of Array.isArray(query) ? query : Object.entries(query)) {
        if (value !== undefined) url.searchParams.append(name, value)
      }
      return (await answered(await call(url, token))) as never
    },
    async post(path, body) {
      const headers = { 'content-type': 'application/json' }
      const request = { method: 'POST', headers, body: JSON.stringify(body) }
      return (await answered(await call(new URL(`${base}${path}`), token, request))) as never
    },
  }
}

async function answered(answer: Response): Promise<unknown> {
  const body = (await answer.json().catch(() => ({}))) as { message?: string }
  if (answer.ok) return body
  if (answer.status === 401) throw new UserError('the API does not accept this token')
  throw new UserError(asCommands(body.message ?? `the API answered ${answer.status}`))
}

/** The API's words with the commands that a person would use in place of its routes. */
const asCommands = (message: string) =>
  message
    .replace(/\bGET \/(runs|backfills|status)(?![\w/])/, '`npx sluice $1`')
    .replace(/\bGET \/domains\/([\w-]+)\/editions\b/, '`npx sluice editions $1`')

async function call(url: URL, token: string, request: RequestInit = {}): Promise<Response> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MILLISECONDS)
    const headers = { ...request.headers, authorization: `Bearer ${token}` }
    return await fetch(url, { ...request, headers, signal })
  } catch (error) {
    throw new UserError(
      `nobody answers at ${url.origin}: is \`npm start\` running? (${(error as Error).message})`,
    )
  }
}

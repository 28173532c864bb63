import { type Config, UserError } from './config.js'

/** Query parameters: by name, or in pairs where a name comes more than once. One without a value is left out. */
export type Query = Record<string, string | undefined> | [name: string, value: string | undefined][]

export interface Client {
  /** The JSON answer of one GET. Throws `UserError` with the API's own words when it says no. */
  get<T = Record<string, unknown>>(path: string, query?: Query): Promise<T>
}

const TIMEOUT_MILLISECONDS = 35_000

/** A client of Sluice's API. */
export function client({ apiUrl, token }: Config): Client {
  return {
    async get(path, query = {}) {
      const url = new URL(`${apiUrl.replace(/\/$/, '')}${path}`)
      for (const [name, value] of Array.isArray(query) ? query : Object.entries(query)) {
        if (value !== undefined) url.searchParams.append(name, value)
      }
      const answer = await call(url, token)
      const body = (await answer.json().catch(() => ({}))) as { message?: string }
      if (answer.ok) return body as never
      if (answer.status === 401) throw new UserError('the API does not accept this token')
      throw new UserError(body.message ?? `the API answered ${answer.status}`)
    },
  }
}

async function call(url: URL, token: string): Promise<Response> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MILLISECONDS)
    return await fetch(url, { headers: { authorization: `Bearer ${token}` }, signal })
  } catch (error) {
    throw new UserError(
      `nobody answers at ${url.origin}: is \`npm start\` running? (${(error as Error).message})`,
    )
  }
}

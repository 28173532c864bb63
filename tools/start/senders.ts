import { createHmac, randomUUID } from 'node:crypto'
import { project } from '../../shared/declared.js'

/** What a door answers. `id` names the sync in `GET /syncs/{id}`. */
export interface Answered {
  status: number
  id?: string
  why?: string
}

/** What a door made of a message, in words: what it takes in has an id, what triggers nothing a reason as well. */
export function answeredText({ status, id, why }: Answered): string {
  if (why) return `heard, and nothing follows: ${why}`
  return id ? `taken in as sync ${id.slice(0, 8)}` : `answered with ${status}`
}

/** A message for a door as its sender would make it: the path's last segment and the headers prove who it is. */
export interface Letter {
  path: string
  headers: Record<string, string>
  body: string
}

/** The name of the secret by which a declared source's door knows its sender. */
export const secretOf = (source: string): string => authOf(source).secret

function authOf(source: string) {
  const auth = project.sources[source]?.door?.auth
  if (!auth) throw new Error(`the source "${source}" has no door`)
  return auth
}

/** Writes a message to a declared source's door with its secret, in the way that the source file asks for. */
export function letter(source: string, content: unknown, secret: string, at = Date.now()): Letter {
  const auth = authOf(source)
  const body = JSON.stringify(content)
  const path = `/webhooks/${source}`
  const json = { 'content-type': 'application/json' }
  const signed = (text: string) => createHmac('sha256', secret).update(text).digest('hex')
  if (auth.method === 'path-key') return { path: `${path}/${secret}`, headers: json, body }
  if (auth.method === 'api-key') return { path, headers: { ...json, 'X-API-Key': secret }, body }
  if (auth.method === 'dbt-platform') return { path, headers: { ...json, authorization: signed(body) }, body }
  const seconds = String(Math.floor(at / 1_000))
  const proof = { [auth.timestampHeader]: seconds, [auth.signatureHeader]: signed(`${seconds}.${body}`) }
  return { path, headers: { ...json, ...proof }, body }
}

/** Posts a message to a door. Throws when nobody answers. */
export async function post(apiUrl: string, { path, headers, body }: Letter): Promise<Answered> {
  const signal = AbortSignal.timeout(30_000)
  const answer = await fetch(`${apiUrl}${path}`, { method: 'POST', headers, body, signal })
  const said = (await answer.json().catch(() => ({}))) as Omit<Answered, 'status'>
  return { ...said, status: answer.status }
}

/** Airbyte's notice of an ended sync, in the shape of its notification client. */
export const airbyteNotice = (connection: string, jobId: number, success: boolean) => ({
  text: `Your connection ${success ? 'succeeded' : 'failed'}`,
  data: {
    workspace: { id: randomUUID(), name: 'local', url: 'https://airbyte.example.com/w' },
    connection: { id: connection, name: 'local', url: 'https://airbyte.example.com/c' },
    source: { id: randomUUID(), name: 'source', url: 'https://airbyte.example.com/s' },
    destination: { id: randomUUID(), name: 'warehouse', url: 'https://airbyte.example.com/d' },
    jobId,
    startedAt: '2026-03-02T06:00:01Z',
    finishedAt: '2026-03-02T06:04:40Z',
    bytesEmitted: 912_345,
    bytesCommitted: success ? 912_345 : 0,
    recordsEmitted: 4_210,
    recordsCommitted: success ? 4_210 : 0,
    errorMessage: success ? null : 'The access token was rejected',
    durationFormatted: '4 min 39 sec',
    bytesEmittedFormatted: '891 kB',
    bytesCommittedFormatted: success ? '891 kB' : '0 B',
    success,
    durationInSeconds: 279,
  },
})

import { userInfo } from 'node:os'
import { client } from './client.js'
import type { Answer } from './commands.js'
import { loadConfig, UserError } from './config.js'
import { plain } from './render.js'

/** What the API answers to a person's request: the event that it put, and how to follow it. */
export interface Accepted {
  eventId: string
  event: string
  by: string
  follow: string
}

/** Who asks: as `--by` says, else the user of this machine. */
export function byOf({ by }: { by?: string }): string {
  if (by) return by
  try {
    return userInfo().username
  } catch {
    throw new UserError('this machine knows no user name: say who you are with --by')
  }
}

/** What a request will do, in a sentence that ends it, and how to follow it. */
export const acceptedText = ({ by, follow }: Pick<Accepted, 'by' | 'follow'>, willDo: string): string =>
  `  asked for by ${plain(by)}: ${willDo}\n  what becomes of it: ${follow}\n`

/** Asks to put a parked run back into its lane. */
export async function retry(runId: string, options: { by?: string; why?: string }): Promise<Answer> {
  const { why } = options
  return request(runId, 'retry', { by: byOf(options), ...(why && { why }) })
}

/** Asks to let a run through that its gate held back. */
export async function approve(runId: string, options: { by?: string; why: string }): Promise<Answer> {
  return request(runId, 'approve', { by: byOf(options), why: options.why })
}

async function request(runId: string, what: 'retry' | 'approve', body: Record<string, string>) {
  const api = client(await loadConfig())
  const data = await api.post<Accepted>(`/runs/${encodeURIComponent(runId)}/${what}`, body)
  return { data, text: acceptedText(data, WILL_DO[what](runId)) }
}

const WILL_DO = {
  retry: (runId: string) => `all that run ${runId} took goes back to its lane, and a new run takes it`,
  approve: (runId: string) => `all that run ${runId} took goes into a new run, which its gate lets through`,
}

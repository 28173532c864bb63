import type * as z from 'zod'
import { airbyteMessage, airbyteSync, flatSync } from './bodies.js'
import { type Heard, ignored, type Unreadable, words } from './heard.js'
import { problemsOf } from './problems.js'

/** A message as it came: its bytes, what they say as JSON, and the id that API Gateway gave to the request. */
export interface Message {
  body: Uint8Array
  content: unknown
  requestId: string
}

const RESULTS: Record<z.infer<typeof flatSync>['status'], Heard['outcome']> = {
  succeeded: 'finished',
  success: 'finished',
  completed: 'finished',
  failed: 'failed',
  error: 'failed',
  cancelled: 'failed',
  incomplete: 'failed',
  queued: 'ignored',
  pending: 'ignored',
  running: 'ignored',
}

/**
 * What Airbyte's notice says, in any of its variants, or a flat one. Only these connections count, all when there is no
 * list. Airbyte's bodies: its notification client, `text`, `blocks` and `data`.
 */
export function readAirbyte(message: Message, connectionIds?: readonly string[]): Heard | Unreadable {
  const content = (message.content ?? {}) as { data?: unknown; connectionId?: unknown }
  if (content.data !== undefined && content.data !== null) return readSync(message, connectionIds)
  if (content.connectionId !== undefined) return readFlat(message, connectionIds)
  const parsed = airbyteMessage.safeParse(message.content)
  if (!parsed.success) return { problems: ['data: a notice of a sync has it, any other message has a text'] }
  return ignored('a message without a sync: a test, or a notice of a schema change', message.body)
}

function readSync(message: Message, connectionIds?: readonly string[]): Heard | Unreadable {
  const parsed = airbyteSync.safeParse(message.content)
  if (!parsed.success) return { problems: problemsOf(parsed.error) }
  const { connection, jobId, success, finishedAt, errorMessage } = parsed.data.data
  const about = { connection: connection.id, job: String(jobId) }
  if (connectionIds && !connectionIds.includes(connection.id)) return notDeclared(about, success)
  if (finishedAt === null) {
    return {
      outcome: 'ignored',
      identity: [connection.id, String(jobId), 'queued'],
      ...about,
      why: 'the sync is queued',
    }
  }
  const outcome = success ? 'finished' : 'failed'
  return {
    outcome,
    identity: [connection.id, String(jobId), success],
    ...about,
    ...(finishedAt && { finishedAt }),
    ...(!success && { why: words(errorMessage || 'Airbyte says that the sync failed') }),
  }
}

/**
 * The flat shape names no job where its sender knows none. Then the end of the sync tells one from another, and without
 * that each request is a sync of its own: one build too many is no harm, a sync that nobody takes in is.
 */
function readFlat({ content, requestId }: Message, connectionIds?: readonly string[]): Heard | Unreadable {
  const parsed = flatSync.safeParse(content)
  if (!parsed.success) return { problems: problemsOf(parsed.error) }
  const { connectionId, status, jobId, finishedAt, errorMessage } = parsed.data
  const outcome = RESULTS[status]
  const job = jobId === undefined ? undefined : String(jobId)
  const about = { connection: connectionId, ...(job && { job }) }
  const which = job ?? finishedAt ?? `request ${requestId}`
  if (connectionIds && !connectionIds.includes(connectionId))
    return notDeclared({ ...about, job: which }, status)
  return {
    outcome,
    identity: [connectionId, which, outcome === 'ignored' ? status : outcome === 'finished'],
    ...about,
    ...(finishedAt && { finishedAt }),
    ...(outcome === 'failed' && { why: words(errorMessage || `the sync is ${status}`) }),
    ...(outcome === 'ignored' && { why: `the sync is ${status}` }),
  }
}

const notDeclared = (about: { connection: string; job: string }, what: string | boolean): Heard => ({
  outcome: 'ignored',
  identity: [about.connection, about.job, 'not declared', what],
  ...about,
  why: 'the source does not declare this connection',
})

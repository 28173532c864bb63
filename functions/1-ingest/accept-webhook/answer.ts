import type { Sync } from '../../../shared/doors/sync.js'

/** What a sender is answered, and what the log says of it. */
export interface Answer {
  status: number
  body: object
  headers?: Record<string, string>
  did: string
  /** A source that is declared; a name that a stranger made up stays out of the log. */
  source?: string
  syncId?: string
  correlationId?: string
}

const about = ({ source, syncId, correlationId }: Sync) => ({ source, syncId, correlationId })

/** The answers of the door, one for each status. */
export const answer = {
  taken: (sync: Sync): Answer => ({
    status: 202,
    body: { id: sync.syncId, follow: `/syncs/${sync.syncId}` },
    did: sync.outcome === 'waiting' ? 'taken, to be confirmed' : 'taken',
    ...about(sync),
  }),
  seen: (sync: Sync, isNew: boolean): Answer => {
    const why = isNew ? (sync.why ?? 'the sync failed') : 'this sync is known already'
    return {
      status: 200,
      body: { id: sync.syncId, status: 'seen', why, follow: `/syncs/${sync.syncId}` },
      did: isNew ? `seen: ${sync.outcome}` : 'seen: a duplicate',
      ...about(sync),
    }
  },
  /** The same to everybody who is not verified. */
  refused: (): Answer => ({ status: 401, body: {}, did: 'refused: not verified' }),
  tooLarge: (source: string, bytes: number): Answer => ({
    status: 413,
    body: { error: 'ContentTooLarge', message: `a body has at most ${bytes} bytes` },
    did: 'refused: too large',
    source,
  }),
  notJson: (source: string): Answer => ({
    status: 415,
    body: { error: 'UnsupportedMediaType', message: 'send application/json' },
    did: 'refused: not JSON',
    source,
  }),
  unreadable: (source: string, problems: string[]): Answer => ({
    status: 422,
    body: { error: 'UnprocessableEntity', problems },
    did: 'refused: unreadable',
    source,
  }),
  tooMany: (source: string, seconds: number): Answer => ({
    status: 429,
    body: { error: 'TooManyRequests', message: 'this source sends more than it declares' },
    headers: { 'retry-after': String(seconds) },
    did: 'refused: too many',
    source,
  }),
  /** Something that Sluice needs is away: sending it again is right. */
  away: (): Answer => ({
    status: 503,
    body: { error: 'ServiceUnavailable', message: 'send this again' },
    headers: { 'retry-after': '30' },
    did: 'failed',
  }),
}

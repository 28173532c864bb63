import type { PutEvents } from '../../../shared/bus.js'
import type { DeclaredSource } from '../../../shared/declared.js'
import { type Reading, readNotice } from '../../../shared/doors/read-notice.js'
import { type ReadSecret, secretsIn } from '../../../shared/doors/secrets.js'
import { eventsOf, recordSync, type Sync, type SyncEffects } from '../../../shared/doors/sync.js'
import { isVerified, type Shown } from '../../../shared/doors/verify.js'
import { TransientError } from '../../../shared/errors.js'
import { type Answer, answer } from './answer.js'

export interface AcceptEffects extends SyncEffects {
  readSecret: ReadSecret
  /** Counts one request of a source in a minute (minutes since 1970) and gives how many there were. */
  countRequest(source: string, minute: number): Promise<number>
  publish: PutEvents
  /** Bytes of one body where the source sets no limit of its own. */
  bodyBytesMax: number
}

/** A request as it came: the route's parameters, headers in lower case, and the decoded bytes of the body. */
export interface Request extends Shown {
  source: string
  requestId: string
}

/**
 * Takes one message in: who sent it is verified on the raw bytes before anything is parsed, then it is recorded once,
 * then the bus is told. To whoever is not verified every answer is the same, whether there is such a source or not.
 */
export async function acceptWebhook(effects: AcceptEffects, request: Request): Promise<Answer> {
  const { sources } = effects.project
  const declared = Object.hasOwn(sources, request.source) ? sources[request.source] : undefined
  if (!(await isKnown(effects, declared, request)) || !declared?.door) return answer.refused()
  const refusal = await refusalOf(effects, declared, request)
  if (refusal) return refusal
  const content = parsed(request.body)
  const heard =
    content === undefined
      ? { problems: ['body: this is no JSON in UTF-8'] }
      : readNotice({ ...request, content }, readingOf(declared))
  if ('problems' in heard) return answer.unreadable(request.source, heard.problems)
  const correlationId = correlationOf(request)
  const told = { source: request.source, heard, correlationId, request: request.requestId }
  const { isNew, item } = await recordSync(effects, told)
  await tell(effects, item, isNew)
  return isNew && TAKEN.includes(item.outcome) ? answer.taken(item) : answer.seen(item, isNew)
}

const TAKEN: readonly Sync['outcome'][] = ['finished', 'waiting']
/** Compared for a source that there is not, so that its answer takes no less time than others. */
const NOBODY: NonNullable<DeclaredSource['door']> = { auth: { method: 'path-key', secret: '' } }

async function isKnown(
  { readSecret, clock }: AcceptEffects,
  declared: DeclaredSource | undefined,
  request: Request,
): Promise<boolean> {
  const { auth } = declared?.door ?? NOBODY
  const secrets = declared?.door && secretsIn(await readSecret(auth.secret))
  return isVerified(auth, request, secrets ?? { current: 'nobody' }, clock.now()) && secrets !== undefined
}

/** What a verified sender is refused for before its body is read. */
async function refusalOf(
  { countRequest, clock, bodyBytesMax }: AcceptEffects,
  { door }: DeclaredSource,
  { source, headers, body }: Request,
): Promise<Answer | undefined> {
  const { requestsPerMinute, bodyBytes = bodyBytesMax } = door?.limits ?? {}
  if (requestsPerMinute !== undefined) {
    const now = clock.now()
    const minute = Math.floor(now / 60_000)
    const count = await countRequest(source, minute)
    if (count > requestsPerMinute)
      return answer.tooMany(source, Math.ceil(((minute + 1) * 60_000 - now) / 1_000))
  }
  if (body.length > bodyBytes) return answer.tooLarge(source, bodyBytes)
  if (!/^application\/(json|[a-z0-9.+-]+\+json)\s*(;|$)/i.test(headers['content-type'] ?? ''))
    return answer.notJson(source)
  return undefined
}

const strict = new TextDecoder('utf-8', { fatal: true })

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(strict.decode(body))
  } catch {
    return undefined
  }
}

const readingOf = ({ kind, door }: DeclaredSource): Reading => ({
  kind: kind as Reading['kind'],
  connectionIds: door?.connectionIds,
  jobIds: door?.jobIds,
  mapping: door?.mapping,
})

/** The id that a sender gives to what follows from its message; the sync's own otherwise. */
const correlationOf = ({ headers }: Request): string | undefined =>
  /^[A-Za-z0-9_-]{1,64}$/.exec(headers['x-correlation-id'] ?? '')?.[0]

/** A message that comes again so soon is a duplicate in a burst, and its event is on its way. */
const TOLD_AGAIN_SECONDS = 10

/**
 * A known sync is told again when nobody has heard of it for a while: its sender may have sent it again because the first
 * try died. What cannot be told now is told by the reconciler when the ledger has it as due; nobody else would tell the
 * rest, so that its sender has to send it again.
 */
async function tell({ publish, clock }: AcceptEffects, item: Sync, isNew: boolean): Promise<void> {
  const isOld = clock.now() - Date.parse(item.receivedAt) > TOLD_AGAIN_SECONDS * 1_000
  const isUnheard = item.dueAt !== undefined && isOld
  const events = isNew || isUnheard || item.kind === 'dbt-platform' ? eventsOf(item) : []
  if (events.length === 0) return
  try {
    await publish(events)
  } catch (error) {
    if (!item.dueAt) throw new TransientError('the bus could not be told of a sync', { cause: error })
  }
}

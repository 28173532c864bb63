import { type Outgoing, PlatformJobEnded, SyncFinished, SyncNoticed } from '../../events/catalog.js'
import { SYNC_CONFIRMED_SECONDS, SYNC_HEARD_SECONDS } from '../bounds.js'
import { type Clock, iso } from '../clock.js'
import type { Declared, DeclaredSource } from '../declared.js'
import { absent, INDEXED, type Item, type ItemLedger, type Key } from '../ledger.js'
import { type Heard, syncIdOf } from './heard.js'

/** One finished or failed delivery of a source, as the ledger keeps it. */
export type Sync = Item & {
  syncId: string
  source: string
  /** JSON of what makes it this sync and no other. */
  identity: string
  kind: DeclaredSource['kind']
  /** `waiting`: its source's API has still to confirm it. */
  outcome: 'finished' | 'failed' | 'waiting' | 'ignored'
  /** Why it failed or was ignored, in a few words. */
  why?: string
  receivedAt: string
  correlationId: string
  job?: string
  connection?: string
  finishedAt?: string
  /** Whether the source's API has confirmed it; absent while it was not asked. */
  confirmed?: boolean
  /** How it became known, when no notice told it. */
  via?: string
  /** The request that wrote it, where a request did. */
  request?: string
  dueAt?: string
}

/** How long the ledger remembers a sync: 400 days. A notice that is told again later is a new one. */
const KEPT_SECONDS = 400 * 24 * 3_600

export const syncKey = (syncId: string): Key => ({ PK: `SYNC#${syncId}`, SK: 'META' })

export interface SyncEffects {
  ledger: ItemLedger
  clock: Pick<Clock, 'now'>
  project: Pick<Declared, 'sources'>
}

export interface Told {
  source: string
  heard: Heard
  /** The sync's own id when it is left out. */
  correlationId?: string | undefined
  /** Whether the source's API has said so itself: then it is not asked again. */
  confirmed?: boolean
  via?: string
  /** The id of the request that tells it, by which a write that is tried again knows its own. */
  request?: string | undefined
}

/**
 * Writes a sync into the ledger, once for ever; gives the item that stands there, and whether it is new. It is new as well
 * when an earlier try of the same request wrote it, and only the answer was lost.
 */
export async function recordSync(
  effects: SyncEffects,
  told: Told,
): Promise<{ syncId: string; isNew: boolean; item: Sync }> {
  const item = newSync(effects, told)
  const { syncId } = item
  const written = await effects.ledger.write({ put: item, when: [absent('PK')] })
  if (written.done) return { syncId, isNew: true, item }
  const there = ((await effects.ledger.get(syncKey(syncId))) ?? item) as Sync
  return { syncId, isNew: told.request !== undefined && there.request === told.request, item: there }
}

function newSync(
  { clock, project }: SyncEffects,
  { source, heard, correlationId, confirmed, via, request }: Told,
): Sync {
  const { outcome, identity, ...rest } = heard
  const syncId = syncIdOf(source, identity)
  const declared = project.sources[source] as DeclaredSource
  const waits = outcome === 'finished' && !confirmed && declared.door?.confirm !== undefined
  const dueSeconds = waits ? SYNC_CONFIRMED_SECONDS : SYNC_HEARD_SECONDS
  const isDue = waits || (outcome === 'finished' && isAwaited(declared))
  const now = clock.now()
  return {
    ...syncKey(syncId),
    syncId,
    source,
    identity: JSON.stringify(identity),
    kind: declared.kind,
    outcome: waits ? 'waiting' : outcome,
    ...rest,
    receivedAt: iso(now),
    correlationId: correlationId ?? syncId,
    ...(confirmed && { confirmed }),
    ...(via && { via }),
    ...(request && { request }),
    ...(isDue && { duePk: INDEXED, dueAt: iso(now + dueSeconds * 1_000) }),
    expiresAt: Math.floor(now / 1_000) + KEPT_SECONDS,
  }
}

/** Whether anything follows from a finished sync of a source: a build, or the end of a wait for files. */
export const isAwaited = ({ warehouse, closeOnSyncFinished }: DeclaredSource): boolean =>
  warehouse !== undefined || closeOnSyncFinished === true

/** The event of a finished sync. */
export const syncFinished = ({ syncId, source, correlationId, receivedAt }: Sync): Outgoing => ({
  name: SyncFinished.name,
  detail: { syncId, source, correlationId, at: receivedAt },
})

/** The event of a sync that its source's API has still to confirm; `asked` is how often that was tried. */
export const syncNoticed = ({ syncId, source, correlationId }: Sync, asked = 0) => ({
  name: SyncNoticed.name,
  detail: { syncId, source, correlationId, asked },
})

const REASON_MAX = 500
const RUN_ID_MAX = 64

/** What the bus is told of a sync. Consumers deduplicate on its id, so that telling it again is harmless. */
export function eventsOf(sync: Sync): Outgoing[] {
  if (sync.outcome === 'ignored') return []
  const ended = sync.kind === 'dbt-platform' ? [platformJobEnded(sync)] : []
  if (sync.outcome === 'waiting') return [...ended, syncNoticed(sync)]
  return sync.outcome === 'finished' ? [...ended, syncFinished(sync)] : ended
}

const platformJobEnded = ({ source, job, outcome, why }: Sync): Outgoing => ({
  name: PlatformJobEnded.name,
  detail: {
    source,
    platformRunId: String(job).slice(0, RUN_ID_MAX),
    ok: outcome === 'finished',
    reason: (why ?? 'the dbt platform says Success').slice(0, REASON_MAX),
  },
})

import {
  SYNC_CONFIRMED_AGAIN_SECONDS,
  SYNC_HEARD_AGAIN_SECONDS,
  SYNC_UNCONFIRMED_SECONDS_MAX,
} from '../bounds.js'
import type { PutEvents } from '../bus.js'
import { iso } from '../clock.js'
import type { Declared } from '../declared.js'
import { laneName } from '../lane.js'
import { is, type Key, type LedgerReader } from '../ledger.js'
import { closeKey } from '../waiting.js'
import { type ConfirmEffects, confirm, settle } from './confirm.js'
import { isAwaited, type Sync, syncFinished, syncKey } from './sync.js'

export interface DriveSyncEffects extends ConfirmEffects {
  project: Declared
  publish: PutEvents
}

/** Does for one late sync what it needs: asks for its confirmation, or tells it again until its consumers have it. */
export async function driveSync(effects: DriveSyncEffects, syncId: string): Promise<string> {
  const { ledger, clock } = effects
  const sync = (await ledger.get(syncKey(syncId))) as Sync | undefined
  if (!sync?.dueAt || sync.dueAt > iso(clock.now())) return 'not late any more'
  if (sync.outcome === 'waiting') return askAgain(effects, sync)
  if (sync.outcome !== 'finished' || (await isHeard(effects, sync))) return forget(effects, sync)
  await effects.publish([syncFinished(sync)])
  await postpone(effects, sync, SYNC_HEARD_AGAIN_SECONDS)
  return 'told again'
}

async function askAgain(effects: DriveSyncEffects, sync: Sync): Promise<string> {
  const answer = await confirm(effects, sync)
  if (!('unsaid' in answer)) {
    if (answer.sync.outcome !== 'finished') return 'the sync failed'
    await effects.publish([syncFinished(answer.sync)])
    return 'confirmed'
  }
  const age = effects.clock.now() - Date.parse(sync.receivedAt)
  if (age > SYNC_UNCONFIRMED_SECONDS_MAX * 1_000) {
    const why = `not confirmed within a day: ${answer.unsaid}`
    await settle(effects, sync, { outcome: 'failed', why, confirmed: false })
    return why
  }
  await postpone(effects, sync, SYNC_CONFIRMED_AGAIN_SECONDS)
  return `not confirmed yet: ${answer.unsaid}`
}

/** Whether everybody for whom a sync matters has a record of it: that, and not our PutEvents, ends the telling. */
export async function isHeard(
  effects: { ledger: Pick<LedgerReader, 'get'>; project: Declared },
  sync: Sync,
): Promise<boolean> {
  const declared = effects.project.sources[sync.source]
  if (!declared || !isAwaited(declared)) return true
  const joined = await Promise.all(buildKeys(effects.project, sync).map((key) => effects.ledger.get(key)))
  const closed = await Promise.all(closeKeys(effects.project, sync).map((key) => effects.ledger.get(key)))
  return (
    joined.every((item) => item !== undefined) &&
    closed.every((item) => Number(item?.at ?? 0) >= Date.parse(sync.receivedAt))
  )
}

/** The owner that a warehouse sync has in the lane of its domain. */
export function buildKeys({ sources, lanes }: Pick<Declared, 'sources' | 'lanes'>, sync: Sync): Key[] {
  const domain = sources[sync.source]?.warehouse?.domain
  const lane = domain && lanes.find(({ domains }) => domains.includes(domain))?.lane
  return lane ? [{ PK: `ENTRY#build:${lane}#sync:${sync.syncId}`, SK: 'META' }] : []
}

/** The marks that close the batches of a source which waits for its sync. */
function closeKeys({ sources }: Pick<Declared, 'sources'>, { source }: Sync): Key[] {
  const { closeOnSyncFinished, feeds = [] } = sources[source] ?? {}
  if (!closeOnSyncFinished) return []
  const entities = [...new Set(feeds.map(({ entity }) => entity))]
  return entities.map((entity) => closeKey(laneName('cleanse', entity), source))
}

async function forget({ ledger }: DriveSyncEffects, sync: Sync): Promise<string> {
  await ledger.write({
    update: syncKey(sync.syncId),
    remove: ['duePk', 'dueAt'],
    when: [is('outcome', sync.outcome)],
  })
  return 'every consumer has heard'
}

async function postpone({ ledger, clock }: DriveSyncEffects, sync: Sync, seconds: number): Promise<void> {
  await ledger.write({
    update: syncKey(sync.syncId),
    set: { dueAt: iso(clock.now() + seconds * 1_000) },
    when: [is('dueAt', String(sync.dueAt))],
  })
}

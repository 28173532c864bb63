import { SYNC_HEARD_SECONDS } from '../bounds.js'
import { iso } from '../clock.js'
import { INDEXED, is, type Value } from '../ledger.js'
import type { Airbyte, AirbyteJob } from './airbyte-api.js'
import { type Sync, type SyncEffects, syncKey } from './sync.js'

export interface ConfirmEffects extends SyncEffects {
  airbyte: Airbyte
}

/** What asking about a sync gave: its end, as it now stands in the ledger, or that Airbyte cannot say yet, and why. */
export type Confirmed = { sync: Sync } | { unsaid: string }

/**
 * Asks the API of a waiting sync's source how its job ended, and writes that down. A sync that does not wait any more is
 * given as it stands. An API that does not answer has said nothing: that is no failure of the sync.
 */
export async function confirm(effects: ConfirmEffects, sync: Sync): Promise<Confirmed> {
  if (sync.outcome !== 'waiting') return { sync }
  const ask = effects.project.sources[sync.source]?.door?.confirm
  // The source asks for no confirmation any more: its notice counts.
  if (!ask) return settle(effects, sync, { outcome: 'finished' })
  const answer = await effects.airbyte
    .job(ask, { job: sync.job, connection: sync.connection })
    .catch((error: Error) => error)
  if (answer instanceof Error) return { unsaid: answer.message }
  if (!answer) return { unsaid: 'Airbyte does not know this job' }
  if (isOfAnother(answer, sync)) return settle(effects, sync, failed('the job belongs to another connection'))
  if (answer.status === 'succeeded') return settle(effects, sync, { outcome: 'finished', confirmed: true })
  // Without a number it is the newest job, which may be a later one: its failure says nothing of this sync.
  if (OVER.includes(answer.status) && sync.job !== undefined)
    return settle(effects, sync, failed(`Airbyte says that the job is ${answer.status}`))
  return { unsaid: `Airbyte says that the job is ${answer.status}` }
}

/** Airbyte tries an incomplete job again, so it is not over. */
const OVER: readonly AirbyteJob['status'][] = ['failed', 'cancelled']
const failed = (why: string) => ({ outcome: 'failed', why, confirmed: false }) as const

const isOfAnother = ({ connectionId }: AirbyteJob, { connection }: Sync) =>
  connectionId !== undefined && connection !== undefined && connectionId !== connection

/** Ends a sync's wait. Whoever was faster has decided: what stands in the ledger is given. */
export async function settle(
  { ledger, clock }: SyncEffects,
  sync: Sync,
  set: { outcome: 'finished' | 'failed'; why?: string; confirmed?: boolean },
): Promise<Confirmed> {
  const isDue = set.outcome === 'finished'
  const due: Record<string, Value> = isDue
    ? { duePk: INDEXED, dueAt: iso(clock.now() + SYNC_HEARD_SECONDS * 1_000) }
    : {}
  await ledger.write({
    update: syncKey(sync.syncId),
    set: { ...set, ...due },
    ...(!isDue && { remove: ['duePk', 'dueAt'] }),
    when: [is('outcome', 'waiting')],
  })
  return { sync: ((await ledger.get(syncKey(sync.syncId))) ?? sync) as Sync }
}

import type { Detail, SyncNoticed } from '../../../events/catalog.js'
import type { PutEvents } from '../../../shared/bus.js'
import { type ConfirmEffects, confirm } from '../../../shared/doors/confirm.js'
import { type Sync, syncFinished, syncKey, syncNoticed } from '../../../shared/doors/sync.js'
import { TransientError } from '../../../shared/errors.js'
import type { Later } from '../../../shared/later.js'

export interface ConfirmSyncEffects extends ConfirmEffects {
  publish: PutEvents
  later: Later
}

/** After the first question two more, a minute apart; then the reconciler asks, in longer steps. */
const ASKED_AGAIN_MAX = 2
const AGAIN_SECONDS = 60

/**
 * Asks the API of a noticed sync's source how it ended, and passes a finished one on. While the API cannot say, the
 * notice comes back as a delayed event: nothing sleeps.
 */
export async function confirmSync(
  effects: ConfirmSyncEffects,
  { syncId, asked }: Detail<typeof SyncNoticed>,
): Promise<string> {
  const sync = (await effects.ledger.get(syncKey(syncId))) as Sync | undefined
  if (!sync) throw new TransientError(`the ledger does not know the sync ${syncId} yet`)
  const answer = await confirm(effects, sync)
  if ('unsaid' in answer) return askAgain(effects, sync, asked, answer.unsaid)
  if (answer.sync.outcome !== 'finished') return `the sync ${answer.sync.outcome}: ${answer.sync.why}`
  await effects.publish([syncFinished(answer.sync)])
  return answer.sync.confirmed ? 'confirmed' : 'finished'
}

async function askAgain(
  { later }: ConfirmSyncEffects,
  sync: Sync,
  asked: number,
  why: string,
): Promise<string> {
  if (asked >= ASKED_AGAIN_MAX) return `not confirmed after ${asked + 1} questions: ${why}`
  await later(syncNoticed(sync, asked + 1), AGAIN_SECONDS)
  return `not confirmed yet: ${why}`
}

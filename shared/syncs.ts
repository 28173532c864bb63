import { iso } from './clock.js'
import type { World } from './lane.js'
import { type Key, present } from './ledger.js'

/** What the ledger remembers of a sync. */
export const syncKey = (syncId: string): Key => ({ PK: `SYNC#${syncId}`, SK: 'META' })

/** Records that a sync was heard of, and where it went: nobody needs to tell it again. One that no door took has no item. */
export async function syncHeard(
  { ledger, clock }: Pick<World, 'ledger' | 'clock'>,
  syncId: string,
  lanes: readonly string[],
): Promise<void> {
  await ledger.write({
    update: syncKey(syncId),
    set: { told: { lanes: [...lanes], at: iso(clock.now()) } },
    remove: ['duePk', 'dueAt'],
    when: [present('PK')],
  })
}

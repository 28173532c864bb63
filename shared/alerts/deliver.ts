import { type Clock, iso } from '../clock.js'
import { absent, type Item, type ItemLedger, type Key, type Value } from '../ledger.js'
import type { Channel, What } from './notice.js'

export interface Sending {
  ledger: ItemLedger
  clock: Clock
}

/** What the ledger knows of one message to one channel: `trying` before it is sent, so that no try is forgotten. */
export const sentKey = (incidentId: string, { name }: Pick<Channel, 'name'>, what: What): Key => ({
  PK: `INCIDENT#${incidentId}`,
  SK: `SENT#${name}#${what}`,
})

/**
 * Sends one message unless its record says that it was sent, and not too long ago (`stale`); gives whether this call sent
 * it. A crash between the sending and its record, or two calls at the same moment, send it twice: better than not at
 * all.
 */
export async function deliver(
  { ledger, clock }: Sending,
  record: Key & { [name: string]: Value },
  send: () => Promise<void>,
  stale: (known: Item) => boolean = () => false,
): Promise<boolean> {
  const trying = await ledger.write({
    put: { ...record, state: 'trying', at: iso(clock.now()) },
    when: [absent('PK')],
  })
  const known = trying.done ? undefined : await ledger.get(record)
  if (known?.state === 'sent' && !stale(known)) return false
  try {
    await send()
  } catch (error) {
    const why = (error as Error).message
    await ledger.write({ put: { ...record, state: 'failed', why, at: iso(clock.now()) } })
    throw error
  }
  await ledger.write({ put: { ...record, state: 'sent', at: iso(clock.now()) } })
  return true
}

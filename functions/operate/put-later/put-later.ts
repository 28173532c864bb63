import * as z from 'zod'
import { delayed, envelope } from '../../../events/catalog.js'
import type { PutEvents } from '../../../shared/bus.js'
import type { Delayed } from '../../../shared/later.js'

/** An event that was put off, as `shared/later.ts` wrote it. */
export const delayedEvent = z.discriminatedUnion('detail-type', [
  envelope(delayed[0]),
  envelope(delayed[1]),
  envelope(delayed[2]),
])

/** Puts each event on the bus whose time has come. Gives those that must come back, by their position, each with its error. */
export async function putLater(publish: PutEvents, events: { 'detail-type': string; detail: unknown }[]) {
  const failed = new Map<number, unknown>()
  for (const [position, { 'detail-type': name, detail }] of events.entries())
    await publish([{ name, detail } as Delayed]).catch((error) => failed.set(position, error))
  const fates = events.map((_, position) => (failed.has(position) ? undefined : { did: 'put on the bus' }))
  return { failed, fates, outcome: { did: `put ${events.length} events` } }
}

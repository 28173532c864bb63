import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import {
  BatchReady,
  BuildReady,
  CompactionReady,
  ExtractReady,
  type Outgoing,
  SOURCE,
} from '../events/catalog.js'
import { carried } from './correlation.js'
import { EventsRefused } from './errors.js'
import type { RunKind } from './run.js'

/** PutEvents takes at most 10 entries a call (EventBridge API reference). */
const ENTRIES_MAX = 10

export type PutEvents = (events: Outgoing[]) => Promise<void>

/** Puts events on Sluice's bus. Throws `EventsRefused` when a single entry is refused: a 200 does not say that all went. */
export function putEvents(busName: string, client = new EventBridgeClient({})): PutEvents {
  return async (events) => {
    for (let from = 0; from < events.length; from += ENTRIES_MAX) {
      const Entries = events.slice(from, from + ENTRIES_MAX).map((event) => ({
        EventBusName: busName,
        Source: SOURCE,
        DetailType: event.name,
        Detail: JSON.stringify(event.detail),
      }))
      const answer = await client.send(new PutEventsCommand({ Entries }))
      const codes = (answer.Entries ?? []).flatMap((entry) => entry.ErrorCode ?? [])
      if (codes.length > 0) throw new EventsRefused(codes)
    }
  }
}

const READY = {
  cleanse: BatchReady.name,
  build: BuildReady.name,
  extract: ExtractReady.name,
  compact: CompactionReady.name,
} as const

/** Says that a run is ready to start, to the stage of its kind. */
export const announceReady =
  (put: PutEvents) =>
  (kind: RunKind, runId: string, correlationId?: string): Promise<void> =>
    put([{ name: READY[kind], detail: { runId, ...carried({ correlationId }) } }])

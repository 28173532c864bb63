import { putEvents } from '../shared/bus.js'
import { systemClock } from '../shared/clock.js'
import { project } from '../shared/declared.js'
import { type Airbyte, airbyteApi } from '../shared/doors/airbyte-api.js'
import { requestCounter } from '../shared/doors/rate.js'
import { secretReader } from '../shared/doors/secret-reader.js'
import { keptSecrets } from '../shared/doors/secrets.js'
import { env } from '../shared/env.js'
import { later } from '../shared/later.js'
import { documentClient, itemReader, itemWriter, putItem, updateItem } from '../shared/ledger-dynamo.js'
import type { AcceptEffects } from './1-ingest/accept-webhook/accept-webhook.js'
import type { ConfirmSyncEffects } from './1-ingest/confirm-sync/confirm-sync.js'

/**
 * The effects of the doors, built from the environment. They stand apart from those of the other stages, so that the
 * bundle of the door stays small: a sender waits for its cold start.
 */
export function doorEffects(): AcceptEffects {
  const client = documentClient()
  const table = env.LEDGER_TABLE
  return {
    project,
    clock: systemClock,
    ledger: { ...itemReader(table, client), ...itemWriter(table, client, { put: putItem }) },
    countRequest: requestCounter(table, client),
    readSecret: keptSecrets(secretReader(), systemClock.now),
    publish: putEvents(env.BUS_NAME),
    bodyBytesMax: Number(env.DOOR_BODY_BYTES),
  }
}

/** Airbyte's API, asked with the secrets that the source files name. */
export const theAirbyte = (): Airbyte =>
  airbyteApi(keptSecrets(secretReader(), systemClock.now), systemClock.now)

export function confirmEffects(): ConfirmSyncEffects {
  const client = documentClient()
  const table = env.LEDGER_TABLE
  const kinds = { put: putItem, update: updateItem }
  return {
    project,
    clock: systemClock,
    ledger: { ...itemReader(table, client), ...itemWriter(table, client, kinds) },
    airbyte: theAirbyte(),
    publish: putEvents(env.BUS_NAME),
    later: later(env.LATER_QUEUE_URL),
  }
}

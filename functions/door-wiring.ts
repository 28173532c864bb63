import { putEvents } from '../shared/bus.js'
import { systemClock } from '../shared/clock.js'
import { project } from '../shared/declared.js'
import { type Airbyte, airbyteApi } from '../shared/doors/airbyte-api.js'
import { secretReader } from '../shared/doors/secret-reader.js'
import { keptSecrets } from '../shared/doors/secrets.js'
import { env } from '../shared/env.js'
import { later } from '../shared/later.js'
import { documentClient, itemReader, itemWriter, putItem, updateItem } from '../shared/ledger-dynamo.js'
import type { ConfirmSyncEffects } from './1-ingest/confirm-sync/confirm-sync.js'

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

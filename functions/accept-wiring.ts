import { systemClock } from '../shared/clock.js'
import { project } from '../shared/declared.js'
import { awsCaller } from '../shared/doors/aws-call.js'
import { lambdaCredentials, lambdaPlace } from '../shared/doors/aws-env.js'
import { doorBus, doorLedger, doorSecretReader, requestCounter } from '../shared/doors/door-calls.js'
import { keptSecrets } from '../shared/doors/secrets.js'
import { env } from '../shared/env.js'
import type { AcceptEffects } from './1-ingest/accept-webhook/accept-webhook.js'

/**
 * The effects of the door, built from the environment. It asks AWS without the SDK, and its bundle stays apart from those
 * of the other stages: a sender waits for its cold start.
 */
export function doorEffects(): AcceptEffects {
  const call = awsCaller(lambdaPlace, lambdaCredentials, systemClock.now)
  return {
    project,
    clock: systemClock,
    ledger: doorLedger(env.LEDGER_TABLE, call),
    countRequest: requestCounter(env.LEDGER_TABLE, call),
    readSecret: keptSecrets(doorSecretReader(call), systemClock.now),
    publish: doorBus(env.BUS_NAME, call),
    bodyBytesMax: Number(env.DOOR_BODY_BYTES),
  }
}

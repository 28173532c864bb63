import type { APIGatewayProxyEventV2, APIGatewayProxyResultV2 } from 'aws-lambda'
import { putEvents } from '../../../shared/bus.js'
import { systemClock } from '../../../shared/clock.js'
import { project } from '../../../shared/declared.js'
import { requestCounter } from '../../../shared/doors/rate.js'
import { secretReader } from '../../../shared/doors/secret-reader.js'
import { keptSecrets } from '../../../shared/doors/secrets.js'
import { env } from '../../../shared/env.js'
import { documentClient, itemReader, itemWriter, putItem } from '../../../shared/ledger-dynamo.js'
import { logFailure, logOutcome } from '../../../shared/observe.js'
import { acceptWebhook } from './accept-webhook.js'
import { type Answer, answer } from './answer.js'

const client = documentClient()
const effects = {
  project,
  clock: systemClock,
  ledger: {
    ...itemReader(env.LEDGER_TABLE, client),
    ...itemWriter(env.LEDGER_TABLE, client, { put: putItem }),
  },
  countRequest: requestCounter(env.LEDGER_TABLE, client),
  readSecret: keptSecrets(secretReader(), systemClock.now),
  publish: putEvents(env.BUS_NAME),
  bodyBytesMax: Number(env.DOOR_BODY_BYTES),
}

/** Answers a sender, and logs one line. Neither the path nor a header is ever logged: they can hold the secret. */
export const handler = async (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyResultV2> => {
  const begun = performance.now()
  const { pathParameters, headers, body = '', isBase64Encoded, requestContext } = event
  const {
    status,
    body: said,
    headers: more,
    ...told
  } = await acceptWebhook(effects, {
    source: pathParameters?.source ?? '',
    key: pathParameters?.key,
    headers,
    body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
    requestId: requestContext.requestId,
  }).catch((error): Answer => {
    logFailure('accept-webhook', performance.now() - begun, error)
    return answer.away()
  })
  if (status !== 503) logOutcome('accept-webhook', performance.now() - begun, { status, ...told })
  return {
    statusCode: status,
    headers: { 'content-type': 'application/json', ...more },
    body: JSON.stringify(said),
  }
}

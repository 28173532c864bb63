import type { APIGatewayProxyEventV2, APIGatewayProxyResultV2 } from 'aws-lambda'
import { logFailure, logOutcome } from '../../../shared/observe.js'
import { doorEffects } from '../../accept-wiring.js'
import { acceptWebhook } from './accept-webhook.js'
import { type Answer, answer } from './answer.js'

const effects = doorEffects()

/** Answers a sender, and logs one line. Neither the path nor a header is ever logged: they can hold the secret. */
export const handler = async (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyResultV2> => {
  const begun = performance.now()
  const { pathParameters, headers, body = '', isBase64Encoded, requestContext } = event
  const milliseconds = () => performance.now() - begun
  const answered = await acceptWebhook(effects, {
    source: pathParameters?.source ?? '',
    key: pathParameters?.key,
    headers,
    body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
    requestId: requestContext.requestId,
  }).catch((error): Answer => {
    logFailure('accept-webhook', milliseconds(), error)
    return answer.away()
  })
  const { status, body: said, headers: more, ...told } = answered
  if (status !== 503) logOutcome('accept-webhook', milliseconds(), { status, ...told })
  return {
    statusCode: status,
    headers: { 'content-type': 'application/json', ...more },
    body: JSON.stringify(said),
  }
}

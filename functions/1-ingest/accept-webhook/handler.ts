import type { APIGatewayProxyEventV2, APIGatewayProxyResultV2, Context } from 'aws-lambda'
import { logFailure, logOutcome } from '../../../shared/observe.js'
import { doorEffects } from '../../accept-wiring.js'
import { acceptWebhook } from './accept-webhook.js'
import { type Answer, answer } from './answer.js'
import { within } from './within.js'

const effects = doorEffects()

/** What is left of the function's time for the answer itself. Past it Lambda ends the process, and the API says 500. */
const RESERVE_MILLISECONDS = 1_000

/** Answers a sender, and logs one line. Neither the path nor a header is ever logged: they can hold the secret. */
export const handler = async (
  event: APIGatewayProxyEventV2,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<APIGatewayProxyResultV2> => {
  const begun = performance.now()
  const { pathParameters, headers, body = '', isBase64Encoded, requestContext } = event
  const milliseconds = () => performance.now() - begun
  const accepted = acceptWebhook(effects, {
    source: pathParameters?.source ?? '',
    key: pathParameters?.key,
    headers,
    body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
    requestId: requestContext.requestId,
  })
  const left = context.getRemainingTimeInMillis() - RESERVE_MILLISECONDS
  const answered = await within(left, accepted).catch((error): Answer => {
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

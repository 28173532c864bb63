import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { project } from '../../../shared/declared.js'
import { env } from '../../../shared/env.js'
import { documentClient, ledgerReader } from '../../../shared/ledger-dynamo.js'
import { reports, s3 } from '../../../shared/objects.js'
import { logOutcome } from '../../../shared/observe.js'
import { api } from './api.js'
import { athenaRows } from './athena.js'
import { tokenCheck } from './token.js'

const app = api({
  project,
  ledger: ledgerReader(env.LEDGER_TABLE, documentClient()),
  reports: reports(env.ARTIFACTS_BUCKET, s3()),
  goldRows: athenaRows(env.GOLD_DATABASE, env.WORKGROUP),
  isToken: tokenCheck(env.API_TOKEN_SECRET),
})

/** Answers the HTTP API's requests, and logs each by its route: a path may hold what a log must not. */
export const handler = async (event: APIGatewayProxyEventV2, context: Context) => {
  const begun = performance.now()
  const answer = await app.resolve(event, context)
  logOutcome('api', performance.now() - begun, { did: event.routeKey, status: answer.statusCode })
  return answer
}

import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { systemClock } from '../../../shared/clock.js'
import { project } from '../../../shared/declared.js'
import { env } from '../../../shared/env.js'
import {
  documentClient,
  itemWriter,
  ledgerReader,
  putItem,
  updateItem,
} from '../../../shared/ledger-dynamo.js'
import { readRange } from '../../../shared/lines.js'
import { listVersions, plans, reports, s3 } from '../../../shared/objects.js'
import { logOutcome } from '../../../shared/observe.js'
import { putRequest } from '../../../shared/request.js'
import { api } from './api.js'
import { athenaRows } from './athena.js'
import { tokenCheck } from './token.js'

const objects = s3()
const client = documentClient()
const kinds = { put: putItem, update: updateItem }
const app = api({
  project,
  clock: systemClock,
  ledger: { ...ledgerReader(env.LEDGER_TABLE, client), ...itemWriter(env.LEDGER_TABLE, client, kinds) },
  reports: reports(env.ARTIFACTS_BUCKET, objects),
  dashboards: reports(env.GOLD_BUCKET, objects),
  readRejected: readRange(env.QUARANTINE_BUCKET, objects),
  subjects: plans(env.ARTIFACTS_BUCKET, objects),
  bronzeBucket: env.BRONZE_BUCKET,
  compactTargetBytes: Number(env.COMPACT_TARGET_BYTES),
  listVersions: listVersions(env.BRONZE_BUCKET, objects),
  request: putRequest(env.BUS_NAME),
  goldRows: athenaRows(env.GOLD_EDITIONS_DATABASE, env.WORKGROUP),
  isToken: tokenCheck(env.API_TOKEN_SECRET),
})

/** Answers the HTTP API's requests, and logs each by its route: a path may hold what a log must not. */
export const handler = async (event: APIGatewayProxyEventV2, context: Context) => {
  const begun = performance.now()
  const answer = await app.resolve(event, context)
  logOutcome('api', performance.now() - begun, { did: event.routeKey, status: answer.statusCode })
  return answer
}

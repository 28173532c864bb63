import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { S3Client } from '@aws-sdk/client-s3'
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb'
import { env } from '../../shared/env.js'
import { logOutcome } from '../../shared/observe.js'

/** The floor: a function as large as a stage that does one conditional write, one PutEvents and one log line. */
const ledger = DynamoDBDocumentClient.from(new DynamoDBClient({}))
const bus = new EventBridgeClient({})
const isLargeLikeAStage = new S3Client({})

export const handler = async (event: { id: string }): Promise<void> => {
  const begun = performance.now()
  const Item = { PK: `PROBE#${event.id}`, SK: 'META' }
  const ConditionExpression = 'attribute_not_exists(PK)'
  await ledger.send(new PutCommand({ TableName: env.LEDGER_TABLE, Item, ConditionExpression }))
  const entry = {
    EventBusName: env.BUS_NAME,
    Source: 'sluice.probe',
    DetailType: 'Probe Ended',
    Detail: '{}',
  }
  await bus.send(new PutEventsCommand({ Entries: [entry] }))
  logOutcome('probe', performance.now() - begun, { did: `${!!isLargeLikeAStage}`, eventId: event.id })
}

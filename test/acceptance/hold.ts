import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { reconcile } from './operator.js'
import { until } from './poll.js'

const HOLDER = 'acceptance'
const WAITING_SECONDS_MAX = 60
const dynamo = () => DynamoDBDocumentClient.from(new DynamoDBClient({}))
const table = () => String(process.env.SLUICE_LEDGER_TABLE)

/**
 * Holds a free lane as a run would, while files land and wait in it; then frees it and lets the reconciler claim it.
 * What waited is one batch, so that a test knows which rows its gate weighs together.
 */
export async function whileHeld(lane: string, files: number, work: () => Promise<void>): Promise<void> {
  await setHolder(lane, 'SET holder = :holder', 'attribute_not_exists(holder)')
  try {
    await work()
    await until(`${files} files wait in ${lane}`, async () => (await waiting(lane)) >= files, {
      seconds: WAITING_SECONDS_MAX,
    })
  } finally {
    await setHolder(lane, 'REMOVE holder', 'holder = :holder')
  }
  await reconcile()
}

const setHolder = (lane: string, UpdateExpression: string, ConditionExpression: string) =>
  dynamo().send(
    new UpdateCommand({
      TableName: table(),
      Key: { PK: `LANE#${lane}`, SK: 'HOLD' },
      UpdateExpression,
      ConditionExpression,
      ExpressionAttributeValues: { ':holder': HOLDER },
    }),
  )

async function waiting(lane: string): Promise<number> {
  const { Count } = await dynamo().send(
    new QueryCommand({
      TableName: table(),
      KeyConditionExpression: 'PK = :lane AND begins_with(SK, :wait)',
      ExpressionAttributeValues: { ':lane': `LANE#${lane}`, ':wait': 'WAIT#' },
      Select: 'COUNT',
      ConsistentRead: true,
    }),
  )
  return Count ?? 0
}

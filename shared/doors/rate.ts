import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb'

/** A minute's count is of no use after it. */
const KEPT_SECONDS = 3_600

/**
 * Counts the requests of a source by minute, in one item of the ledger for each; gives the count with this one. Callers
 * that come at the same time get different counts.
 */
export const requestCounter =
  (table: string, client: DynamoDBDocumentClient) =>
  async (source: string, minute: number): Promise<number> => {
    const { Attributes } = await client.send(
      new UpdateCommand({
        TableName: table,
        Key: { PK: `RATE#${source}`, SK: String(minute).padStart(12, '0') },
        UpdateExpression: 'ADD #count :one SET #expiresAt = :until',
        ExpressionAttributeNames: { '#count': 'count', '#expiresAt': 'expiresAt' },
        ExpressionAttributeValues: { ':one': 1, ':until': minute * 60 + KEPT_SECONDS },
        ReturnValues: 'UPDATED_NEW',
      }),
    )
    return Number(Attributes?.count)
  }

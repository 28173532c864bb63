import { readFileSync } from 'node:fs'
import { CreateTableCommand, type CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { parse } from 'yaml'

const template = new URL('../../infra/ledger.yml', import.meta.url)

/** Creates a table with the keys and indexes of the template's ledger, and gives its name. */
export async function createLedgerTable(TableName: string): Promise<string> {
  const { Resources } = parse(readFileSync(template, 'utf8'), { logLevel: 'silent' })
  const { BillingMode, AttributeDefinitions, KeySchema, GlobalSecondaryIndexes } = Resources.Ledger
    .Properties as CreateTableCommandInput
  await new DynamoDBClient({}).send(
    new CreateTableCommand({
      TableName,
      BillingMode,
      AttributeDefinitions,
      KeySchema,
      GlobalSecondaryIndexes,
    }),
  )
  return TableName
}

import { DynamoDBClient, TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  type QueryCommandInput,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb'
import { Contention } from './errors.js'
import type { Write, Written } from './ledger.js'
import {
  INDEXED,
  type IndexName,
  type Item,
  indexKeys,
  type Ledger,
  type LedgerReader,
  type Query,
} from './ledger.js'
import { expression } from './ledger-expressions.js'

/** A document client for the ledger; one per Lambda environment. */
export const documentClient = () =>
  DynamoDBDocumentClient.from(new DynamoDBClient({}), { marshallOptions: { removeUndefinedValues: true } })

/** The reading half of the ledger on a DynamoDB table. Reads of the base table are strongly consistent. */
export function ledgerReader(table: string, client: DynamoDBDocumentClient): LedgerReader {
  return {
    async get(key) {
      const answer = await client.send(new GetCommand({ TableName: table, Key: key, ConsistentRead: true }))
      return answer.Item as Item | undefined
    },
    query: (pk, query) => page(client, baseQuery(table, pk, query)),
    index: (name, query) => page(client, indexQuery(table, name, query)),
  }
}

/** The whole ledger on a DynamoDB table. */
export function ledger(table: string, client: DynamoDBDocumentClient): Ledger {
  return {
    ...ledgerReader(table, client),
    write: (...writes) =>
      writes.length === 1 ? writeOne(table, client, writes[0] as Write) : writeAll(table, client, writes),
  }
}

function baseQuery(table: string, pk: string, query: Query): QueryCommandInput {
  return {
    TableName: table,
    ConsistentRead: true,
    KeyConditionExpression: query.prefix ? 'PK = :pk AND begins_with(SK, :prefix)' : 'PK = :pk',
    ExpressionAttributeValues: { ':pk': pk, ...(query.prefix && { ':prefix': query.prefix }) },
    ...(query.after && { ExclusiveStartKey: JSON.parse(query.after) }),
    Limit: query.limit,
    ScanIndexForward: !query.newestFirst,
  }
}

function indexQuery(
  table: string,
  name: IndexName,
  query: Parameters<LedgerReader['index']>[1],
): QueryCommandInput {
  const { hash, range } = indexKeys[name]
  return {
    TableName: table,
    IndexName: name,
    KeyConditionExpression: query.until ? '#hash = :all AND #range <= :until' : '#hash = :all',
    ExpressionAttributeNames: { '#hash': hash, ...(query.until && { '#range': range }) },
    ExpressionAttributeValues: { ':all': INDEXED, ...(query.until && { ':until': query.until }) },
    ...(query.after && { ExclusiveStartKey: JSON.parse(query.after) }),
    Limit: query.limit,
    ScanIndexForward: !query.newestFirst,
  }
}

async function page(client: DynamoDBDocumentClient, input: QueryCommandInput) {
  const answer = await client.send(new QueryCommand(input))
  return {
    items: (answer.Items ?? []) as Item[],
    ...(answer.LastEvaluatedKey && { next: JSON.stringify(answer.LastEvaluatedKey) }),
  }
}

async function writeOne(table: string, client: DynamoDBDocumentClient, write: Write): Promise<Written> {
  const base = { TableName: table, ...expression(write) }
  try {
    if ('put' in write) await client.send(new PutCommand({ ...base, Item: write.put }))
    else if ('update' in write) await client.send(new UpdateCommand({ ...base, Key: write.update }))
    else if ('remove' in write) await client.send(new DeleteCommand({ ...base, Key: write.remove }))
    else throw new TypeError('a check stands in a transaction, never alone')
    return { done: true }
  } catch (error) {
    if (named(error, 'ConditionalCheckFailedException')) return { done: false, refused: [0] }
    throw contention(error)
  }
}

async function writeAll(table: string, client: DynamoDBDocumentClient, writes: Write[]): Promise<Written> {
  try {
    await client.send(
      new TransactWriteCommand({ TransactItems: writes.map((write) => action(table, write)) }),
    )
    return { done: true }
  } catch (error) {
    if (!(error instanceof TransactionCanceledException)) throw contention(error)
    const codes = (error.CancellationReasons ?? []).map((reason) => reason.Code ?? 'None')
    const refused = codes.flatMap((code, position) => (code === 'ConditionalCheckFailed' ? [position] : []))
    if (refused.length > 0) return { done: false, refused }
    throw new Contention(`a transaction was cancelled: ${codes.filter((code) => code !== 'None').join(', ')}`)
  }
}

function action(table: string, write: Write) {
  const base = { TableName: table, ...expression(write) }
  if ('put' in write) return { Put: { ...base, Item: write.put } }
  if ('update' in write)
    return { Update: { ...base, Key: write.update, UpdateExpression: base.UpdateExpression ?? '' } }
  if ('remove' in write) return { Delete: { ...base, Key: write.remove } }
  return {
    ConditionCheck: { ...base, Key: write.check, ConditionExpression: base.ConditionExpression ?? '' },
  }
}

const CONTENDED = [
  'TransactionConflictException',
  'TransactionInProgressException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
]
const named = (error: unknown, name: string) => error instanceof Error && error.name === name
const contention = (error: unknown) =>
  error instanceof Error && CONTENDED.includes(error.name) ? new Contention(error.message) : error

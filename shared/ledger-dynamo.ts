import { DynamoDBClient, TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import {
  BatchWriteCommand,
  type BatchWriteCommandInput,
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
import type { PutAll } from './fates.js'
import type { Write, Written } from './ledger.js'
import {
  INDEXED,
  type IndexName,
  type IndexQuery,
  type Item,
  indexKeys,
  type Key,
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
    ...itemReader(table, client),
    query: (pk, query) => page(client, baseQuery(table, pk, query)),
    index: (name, query) => page(client, indexQuery(table, name, query)),
  }
}

/** An item is a key too, as far as types go; DynamoDB refuses one with anything beside its key. */
const keyOf = ({ PK, SK }: Key): Key => ({ PK, SK })

type Send = (client: DynamoDBDocumentClient, base: Base, write: Write) => Promise<unknown>
type Base = { TableName: string } & ReturnType<typeof expression>

export const putItem: Send = (client, base, write) =>
  client.send(new PutCommand({ ...base, Item: 'put' in write ? write.put : undefined }))
export const updateItem: Send = (client, base, write) =>
  client.send(new UpdateCommand({ ...base, Key: 'update' in write ? keyOf(write.update) : undefined }))
const removeItem: Send = (client, base, write) =>
  client.send(new DeleteCommand({ ...base, Key: 'remove' in write ? keyOf(write.remove as Key) : undefined }))

/** One item by its key, strongly consistent: all that some stages read. */
export const itemReader = (table: string, client: DynamoDBDocumentClient): Pick<LedgerReader, 'get'> => ({
  async get(key) {
    const answer = await client.send(
      new GetCommand({ TableName: table, Key: keyOf(key), ConsistentRead: true }),
    )
    return answer.Item as Item | undefined
  },
})

/**
 * Writes of single items, of the kinds that the caller names: a stage that only puts has no code, and no right, to do
 * more.
 */
export function itemWriter(
  table: string,
  client: DynamoDBDocumentClient,
  kinds: { put?: Send; update?: Send; remove?: Send },
): Pick<Ledger, 'write'> {
  return {
    write: async (write) => {
      const kind = 'put' in write ? 'put' : 'update' in write ? 'update' : 'remove'
      const send = kinds[kind]
      if (!send || 'check' in write) throw new TypeError(`this ledger writes no single ${kind}`)
      return answered(send(client, { TableName: table, ...expression(write) }, write))
    },
  }
}

/** The whole ledger on a DynamoDB table. */
export function ledger(table: string, client: DynamoDBDocumentClient): Ledger {
  const one = itemWriter(table, client, { put: putItem, update: updateItem, remove: removeItem })
  return {
    ...ledgerReader(table, client),
    write: (...writes) => (writes.length === 1 ? one.write(...writes) : writeAll(table, client, writes)),
  }
}

/** BatchWriteItem takes at most 25 items a call (DynamoDB API reference). */
const BATCH_ITEMS_MAX = 25
const BATCH_TRIES_MAX = 4

/** Puts items without conditions, 25 a call. Throws `Contention` when DynamoDB leaves some of them over four times. */
export const putAll =
  (table: string, client: DynamoDBDocumentClient): PutAll =>
  async (items) => {
    const distinct = [...new Map(items.map((item) => [`${item.PK} ${item.SK}`, item])).values()]
    for (let from = 0; from < distinct.length; from += BATCH_ITEMS_MAX) {
      const page = distinct.slice(from, from + BATCH_ITEMS_MAX)
      let left: BatchWriteCommandInput['RequestItems'] = {
        [table]: page.map((Item) => ({ PutRequest: { Item } })),
      }
      for (let tries = 0; left?.[table]?.length; tries += 1) {
        if (tries === BATCH_TRIES_MAX) throw new Contention('DynamoDB left items of a batch over')
        left = (await client.send(new BatchWriteCommand({ RequestItems: left }))).UnprocessedItems
      }
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

function indexQuery(table: string, name: IndexName, query: IndexQuery): QueryCommandInput {
  const { hash, range } = indexKeys[name]
  return {
    TableName: table,
    IndexName: name,
    KeyConditionExpression: query.until ? '#hash = :all AND #range <= :until' : '#hash = :all',
    ExpressionAttributeNames: { '#hash': hash, ...(query.until && { '#range': range }) },
    ExpressionAttributeValues: { ':all': query.of ?? INDEXED, ...(query.until && { ':until': query.until }) },
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

async function answered(sent: Promise<unknown>): Promise<Written> {
  try {
    await sent
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
    const others = codes.filter((code) => code !== 'None')
    if (!others.every((code) => CANCELLED_BY_CONTENTION.includes(code))) throw error
    throw new Contention(`a transaction was cancelled: ${others.join(', ')}`)
  }
}

function action(table: string, write: Write) {
  const base = { TableName: table, ...expression(write) }
  if ('put' in write) return { Put: { ...base, Item: write.put } }
  if ('update' in write)
    return { Update: { ...base, Key: keyOf(write.update), UpdateExpression: base.UpdateExpression ?? '' } }
  if ('remove' in write) return { Delete: { ...base, Key: keyOf(write.remove) } }
  return {
    ConditionCheck: { ...base, Key: keyOf(write.check), ConditionExpression: base.ConditionExpression ?? '' },
  }
}

const CANCELLED_BY_CONTENTION = ['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']
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

import { SOURCE } from '../../events/event.js'
import type { PutEvents } from '../bus.js'
import { EventsRefused } from '../errors.js'
import type { Item, ItemLedger, Value } from '../ledger.js'
import { type Call, Refused } from './aws-call.js'
import { MISSING, type ReadSecret } from './secrets.js'

/** The few calls of the door, as the effects that its decision takes: the same meaning as the SDK's in other stages. */

type Attribute = { [type: string]: unknown }

/** A value as DynamoDB's protocol writes it. */
export function attributeOf(value: Value): Attribute {
  if (typeof value === 'string') return { S: value }
  if (typeof value === 'number') return { N: String(value) }
  if (typeof value === 'boolean') return { BOOL: value }
  if (value === null) return { NULL: true }
  if (Array.isArray(value)) return { L: value.map(attributeOf) }
  return { M: attributesOf(value) }
}
const attributesOf = (fields: { [name: string]: Value }) =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, attributeOf(value)]))

/** The value that DynamoDB's protocol wrote. */
export function plainOf(attribute: Attribute): Value {
  const [[type, content] = ['NULL', true]] = Object.entries(attribute)
  if (type === 'N') return Number(content)
  if (type === 'NULL') return null
  if (type === 'L') return (content as Attribute[]).map(plainOf)
  return type === 'M' ? plainsOf(content as { [name: string]: Attribute }) : (content as string | boolean)
}
const plainsOf = (fields: { [name: string]: Attribute }) =>
  Object.fromEntries(Object.entries(fields).map(([name, attribute]) => [name, plainOf(attribute)]))

/** A ledger that gets single items, and puts them on the condition that there is none. */
export const doorLedger = (table: string, call: Call): ItemLedger => ({
  async get(key) {
    const Key = attributesOf({ ...key })
    const { Item } = await call('dynamodb:GetItem', { TableName: table, Key, ConsistentRead: true })
    return Item ? (plainsOf(Item as { [name: string]: Attribute }) as Item) : undefined
  },
  async write(write, ...more) {
    if (!('put' in write) || more.length > 0) throw new TypeError('the door puts single items')
    const [condition, ...others] = write.when ?? []
    if (!condition || !('absent' in condition) || others.length > 0)
      throw new TypeError('the door puts an item when there is none')
    const names = { '#absent': condition.absent }
    try {
      await call('dynamodb:PutItem', {
        TableName: table,
        Item: attributesOf(write.put),
        ConditionExpression: 'attribute_not_exists(#absent)',
        ExpressionAttributeNames: names,
      })
      return { done: true }
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== 'ConditionalCheckFailedException') throw error
      return { done: false, refused: [0] }
    }
  },
})

/** A minute's count is of no use after it. */
const KEPT_SECONDS = 3_600

/**
 * Counts the requests of a source by minute, in one item of the ledger for each; gives the count with this one. Callers
 * that come at the same time get different counts.
 */
export const requestCounter =
  (table: string, call: Call) =>
  async (source: string, minute: number): Promise<number> => {
    const { Attributes } = await call('dynamodb:UpdateItem', {
      TableName: table,
      Key: attributesOf({ PK: `RATE#${source}`, SK: String(minute).padStart(12, '0') }),
      UpdateExpression: 'ADD #count :one SET #expiresAt = :until',
      ExpressionAttributeNames: { '#count': 'count', '#expiresAt': 'expiresAt' },
      ExpressionAttributeValues: attributesOf({ ':one': 1, ':until': minute * 60 + KEPT_SECONDS }),
      ReturnValues: 'UPDATED_NEW',
    })
    return Number(plainsOf((Attributes ?? {}) as { [name: string]: Attribute }).count)
  }

/** Puts the events of one message: there are never more than ten. Throws `EventsRefused` when one is refused. */
export const doorBus =
  (busName: string, call: Call): PutEvents =>
  async (events) => {
    const Entries = events.map(({ name, detail }) => ({
      EventBusName: busName,
      Source: SOURCE,
      DetailType: name,
      Detail: JSON.stringify(detail),
    }))
    const answer = await call('events:PutEvents', { Entries })
    const put = (answer.Entries ?? []) as { ErrorCode?: string }[]
    const codes = put.flatMap(({ ErrorCode }) => ErrorCode ?? [])
    if (codes.length > 0) throw new EventsRefused(codes)
  }

/** Reads secrets by name. One that nobody has made yet is none. */
export const doorSecretReader =
  (call: Call): ReadSecret =>
  async (name) => {
    try {
      const { SecretString } = await call('secretsmanager:GetSecretValue', { SecretId: name })
      return typeof SecretString === 'string' ? SecretString : undefined
    } catch (error) {
      if (error instanceof Refused && MISSING.includes(error.code)) return undefined
      throw error
    }
  }

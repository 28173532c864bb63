import { ValidationException } from '../../fakes/ledger-item.js'
import { awsError, type Command, type Effect, type Fault, kindOf } from '../effect.js'
import type { Random } from '../random.js'
import { nameOf, subject } from './labels.js'
import { cancelled, keyOf, type SdkQuery, type SdkWrite, type SimTable } from './table.js'

const THROTTLED = 'ProvisionedThroughputExceededException'
const WRITES: readonly Fault[] = ['lost answer', 'repeated', 'conflict']
/** How far back a stale read looks at most, in milliseconds. */
const STALE_MAX = 30_000

/** The document client's commands on one simulated table. */
export function dynamo(table: SimTable, random: Random, now: () => number) {
  const asOf = (fault: Fault | undefined, strong: boolean) =>
    fault === 'stale read' && !strong ? now() - random.between(100, STALE_MAX) : undefined
  return (command: Command): Effect => {
    const { input } = command
    const kind = kindOf(command)
    if (kind === 'Get') {
      const strong = input.ConsistentRead === true
      const item = (fault: Fault | undefined) => ({ Item: table.get(input.Key, asOf(fault, strong)) })
      return effect(`Get ${subject(input.Key)}`, strong ? [] : ['stale read'], item)
    }
    if (kind === 'Query') return query(table, input, asOf)
    if (kind === 'BatchGet') return batchGet(table, input, asOf)
    const writes = writesOf(kind, input)
    const write = (fault: Fault | undefined) => {
      if (fault === 'conflict') throw conflict(kind, writes.length)
      table.write(writes, kind === 'TransactWrite')
      // The SDK gives a transaction a token, so only a repeated single write meets its own first copy.
      if (fault === 'repeated' && kind !== 'TransactWrite') table.write(writes, false)
      return {}
    }
    const batch = kind === 'BatchWrite'
    const each = (fault: Fault | undefined) => {
      refuseBatch(writes)
      const left = fault === 'refused entry' ? writes.slice(-1) : []
      for (const one of writes.slice(0, writes.length - left.length)) table.write([one], false)
      const requests = left.map(({ Item }) => ({ PutRequest: { Item } }))
      return { UnprocessedItems: { [Object.keys(input.RequestItems)[0] as string]: requests } }
    }
    const name = nameOf(kind, writes)
    return effect(name, batch ? ['lost answer', 'refused entry'] : WRITES, batch ? each : write)
  }
}

const effect = (name: string, faults: readonly Fault[], apply: Effect['apply']): Effect => ({
  name,
  faults,
  throttled: THROTTLED,
  apply,
})

type AsOf = (fault: Fault | undefined, strong: boolean) => number | undefined

function query(table: SimTable, input: SdkQuery, asOf: AsOf): Effect {
  const strong = input.ConsistentRead === true
  const values = (input.ExpressionAttributeValues ?? {}) as Record<string, string>
  const what = input.IndexName
    ? `index ${input.IndexName}`
    : `${values[':pk']?.split('#')[0]}/${values[':prefix'] ?? ''}`
  const faults: Fault[] = strong ? [] : ['stale read']
  return effect(`Query ${what}`, faults, (fault) => table.query(input, asOf(fault, strong)))
}

function batchGet(table: SimTable, input: Command['input'], asOf: AsOf): Effect {
  const [[name, { Keys, ConsistentRead }]] = Object.entries(input.RequestItems) as [
    [string, { Keys: { PK: string; SK: string }[]; ConsistentRead?: boolean }],
  ]
  return effect(`BatchGet ${subject(Keys[0])}`, ConsistentRead ? [] : ['stale read'], (fault) => {
    const found = Keys.flatMap((key) => table.get(key, asOf(fault, ConsistentRead === true)) ?? [])
    return { Responses: { [name]: found } }
  })
}

function writesOf(kind: string, input: Command['input']): SdkWrite[] {
  if (kind === 'TransactWrite')
    return input.TransactItems.map((action: Record<string, object>) => {
      const [[name, one]] = Object.entries(action) as [[SdkWrite['kind'], object]]
      return { kind: name, ...one }
    })
  if (kind === 'BatchWrite')
    return (Object.values(input.RequestItems)[0] as Record<string, Record<string, object>>[]).map(
      (request) =>
        request.PutRequest
          ? { kind: 'Put' as const, Item: request.PutRequest.Item as SdkWrite['Item'] }
          : { kind: 'Delete' as const, Key: request.DeleteRequest?.Key as SdkWrite['Key'] },
    )
  if (kind === 'Put' || kind === 'Update' || kind === 'Delete') return [{ kind, ...input }]
  throw new Error(`the simulated DynamoDB knows no ${kind}`)
}

/** BatchWriteItem takes at most 25 items a call, each of them once (DynamoDB API reference). */
function refuseBatch(writes: SdkWrite[]): void {
  const keys = new Set(writes.map(keyOf).map(({ PK, SK }) => `${PK}\n${SK}`))
  if (keys.size < writes.length || writes.length > 25)
    throw new ValidationException('one item twice, or more than 25, in a batch')
}

function conflict(kind: string, writes: number): Error {
  if (kind !== 'TransactWrite') return awsError('TransactionConflictException')
  return cancelled(['TransactionConflict', ...Array.from({ length: writes - 1 }, () => 'None')])
}

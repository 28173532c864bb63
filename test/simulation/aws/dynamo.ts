import { awsError, type Command, type Effect, type Fault, kindOf } from '../effect.js'
import type { Random } from '../random.js'
import { cancelled, type SdkQuery, type SdkWrite, type SimTable } from './table.js'

const THROTTLED = 'ProvisionedThroughputExceededException'
const WRITES: readonly Fault[] = ['lost answer', 'repeated', 'conflict']
/** How far back a stale read looks at most, in milliseconds. */
const STALE_MAX = 30_000
const STATES = ['FILLING', 'READY', 'RUNNING', 'COMMITTING', 'COMMITTED', 'PARKED', 'REPLAYED']

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
    const each = () => {
      for (const one of writes) table.write([one], false)
      return {}
    }
    const name = `${kind} ${[...new Set(writes.map(described))].join(' + ')}`
    return effect(name, batch ? ['lost answer'] : WRITES, batch ? each : write)
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

function conflict(kind: string, writes: number): Error {
  if (kind !== 'TransactWrite') return awsError('TransactionConflictException')
  return cancelled(['TransactionConflict', ...Array.from({ length: writes - 1 }, () => 'None')])
}

/** `RUN#1`/`META` -> `RUN`, `LANE#x`/`WAIT#..` -> `LANE/WAIT`. */
function subject(key: { PK: string; SK: string } | undefined): string {
  if (!key) return 'nothing'
  const pk = key.PK.split('#')[0] as string
  const sk = key.SK.split('#')[0] as string
  if (pk === 'EVENT' || pk === 'LANES') return pk
  return sk === 'META' ? pk : `${pk}/${sk}`
}

function described(write: SdkWrite): string {
  const what = subject(write.Item ?? write.Key)
  if (write.kind === 'ConditionCheck') return `check ${what}`
  if (write.kind === 'Put') return write.Item?.state && what === 'RUN' ? `${what} ${write.Item.state}` : what
  if (what !== 'RUN' || write.kind !== 'Update') return what
  const values = Object.values(write.ExpressionAttributeValues ?? {})
  const state = values.findLast((value) => STATES.includes(value as string)) ?? ''
  return `${what} ${state} ${telling(write.UpdateExpression ?? '')}`
}

const USUAL = ['state', 'duePk', 'dueAt', 'history', 'if_not_exists', 'list_append']
const told = new Map<string, string>()

/** The first attribute that an update changes beyond those of every step: it tells an intent from a link. */
function telling(update: string): string {
  const known = told.get(update)
  if (known !== undefined) return known
  const names = [...update.matchAll(/#(\w+)/g)].map((match) => match[1] as string)
  const first = names.find((name) => !USUAL.includes(name)) ?? ''
  told.set(update, first)
  return first
}

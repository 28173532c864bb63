import { TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import { INDEXED, type IndexName, type Item, indexKeys, type Key } from '../../../shared/ledger.js'
import { PROJECTED, stored, ValidationException } from '../../fakes/ledger-item.js'
import { awsError } from '../effect.js'
import { applyUpdate, conditionHolds, type Terms } from './expressions.js'

/** One write as the SDK's commands carry it. */
export interface SdkWrite extends Terms {
  kind: 'Put' | 'Update' | 'Delete' | 'ConditionCheck'
  Item?: Item
  Key?: Key
  ConditionExpression?: string
  UpdateExpression?: string
}

export interface SdkQuery extends Terms {
  IndexName?: string
  ConsistentRead?: boolean
  KeyConditionExpression?: string
  ExclusiveStartKey?: Record<string, string>
  Limit?: number
  ScanIndexForward?: boolean
}

interface Changed {
  at: number
  place: Key
  before: Item | undefined
}

/**
 * One DynamoDB table in memory, asked in the words of the SDK, so that the product's own expressions are what runs. It
 * remembers what items were, so that a read that is not strongly consistent can see the table as it was.
 */
export class SimTable {
  /**
   * In the order of PK and SK; another array after each change, so that who keeps the old one has the state before.
   * Keys are ASCII here, so that JavaScript's order is that of the bytes.
   */
  items: readonly Item[] = []
  readonly changes: Changed[] = []

  constructor(
    private readonly now: () => number,
    private readonly pageItems = Number.POSITIVE_INFINITY,
  ) {}

  get(key: Key, asOf?: number): Item | undefined {
    const items = asOf === undefined ? this.items : this.itemsAt(asOf)
    const place = lowerBound(items, key.PK, key.SK)
    const item = items[place]
    return item && item.PK === key.PK && item.SK === key.SK ? item : undefined
  }

  query(input: SdkQuery, asOf?: number) {
    const items = asOf === undefined ? this.items : this.itemsAt(asOf)
    const values = (input.ExpressionAttributeValues ?? {}) as Record<string, string>
    if (input.IndexName) return this.page(input, indexed(items, input, values))
    const pk = values[':pk'] as string
    const prefix = values[':prefix'] ?? ''
    const found: Item[] = []
    for (let place = lowerBound(items, pk, prefix); place < items.length; place += 1) {
      const item = items[place] as Item
      if (item.PK !== pk || !item.SK.startsWith(prefix)) break
      found.push(item)
    }
    return this.page(input, { found, order: ['SK'], keys: ['PK', 'SK'] })
  }

  /** Several writes, all or none. Throws as the SDK does: one refused write has another name than a transaction's. */
  write(writes: SdkWrite[], transaction: boolean): void {
    const keys = writes.map((write) => keyOf(write))
    const names = new Set(keys.map(({ PK, SK }) => `${PK}\n${SK}`))
    if (names.size < keys.length || writes.length > 100)
      throw new ValidationException('one item twice, or more than 100, in a transaction')
    const before = keys.map((key) => this.get(key))
    const after = writes.map((write, place) => result(write, before[place]))
    const refused = writes.map(
      (write, place) => !conditionHolds(write.ConditionExpression, before[place], write),
    )
    if (refused.includes(true)) {
      if (!transaction) throw awsError('ConditionalCheckFailedException')
      throw cancelled(refused.map((one) => (one ? 'ConditionalCheckFailed' : 'None')))
    }
    for (const [place, key] of keys.entries())
      if (writes[place]?.kind !== 'ConditionCheck') this.place(key, before[place], after[place])
  }

  private place(key: Key, before: Item | undefined, after: Item | undefined): void {
    if (!before && !after) return
    const items = this.items.slice()
    const place = lowerBound(items, key.PK, key.SK)
    if (!after) items.splice(place, 1)
    else if (before) items[place] = after
    else items.splice(place, 0, after)
    this.items = items
    this.changes.push({ at: this.now(), place: { PK: key.PK, SK: key.SK }, before })
  }

  /** The items as they were at a time. */
  private itemsAt(time: number): readonly Item[] {
    const old = new Map<string, Changed>()
    for (let place = this.changes.length - 1; place >= 0; place -= 1) {
      const change = this.changes[place] as Changed
      if (change.at <= time) break
      old.set(`${change.place.PK}\n${change.place.SK}`, change)
    }
    if (old.size === 0) return this.items
    const kept = this.items.filter(({ PK, SK }) => !old.has(`${PK}\n${SK}`))
    return [...kept, ...[...old.values()].flatMap(({ before }) => before ?? [])].sort(byKey)
  }

  private page(input: SdkQuery, { found, order, keys }: { found: Item[]; order: string[]; keys: string[] }) {
    const { Limit = 1_000, ExclusiveStartKey: start } = input
    if (!Number.isInteger(Limit) || Limit < 1) throw new ValidationException('a limit below 1')
    if (start && !keys.every((name) => typeof start[name] === 'string'))
      throw new ValidationException('The provided starting key is invalid')
    const direction = input.ScanIndexForward === false ? -1 : 1
    const compare = (a: object, b: object) => direction * byNames(a, b, order)
    const sorted = order.length > 1 || direction < 0 ? found.sort(compare) : found
    const rest = start ? sorted.filter((item) => compare(item, start) > 0) : sorted
    const limit = Math.min(Limit, this.pageItems)
    const Items = rest.slice(0, limit)
    const last = Items.length === limit ? Items.at(-1) : undefined
    return { Items, ...(last && { LastEvaluatedKey: project(last, keys) }) }
  }
}

function indexed(items: readonly Item[], input: SdkQuery, values: Record<string, string>) {
  const keys = indexKeys[input.IndexName as IndexName] ?? {
    hash: `${input.IndexName}Pk`,
    range: `${input.IndexName}At`,
  }
  const { hash, range } = keys
  const partition = values[':all'] ?? values[':hash'] ?? values[':pk'] ?? INDEXED
  const until = values[':until']
  const all = items.filter((item) => item[hash] === partition && typeof item[range] === 'string')
  const found = until === undefined ? all : all.filter((item) => (item[range] as string) <= until)
  const names = PROJECTED[input.IndexName as IndexName]
  const shown = names ? found.map((item) => project(item, names)) : [...found]
  return { found: shown, order: [range, 'PK', 'SK'], keys: ['PK', 'SK', hash, range] }
}

const project = (item: Item, names: string[]): Item =>
  Object.fromEntries(names.flatMap((name) => (item[name] === undefined ? [] : [[name, item[name]]]))) as Item

export function keyOf(write: SdkWrite): Key {
  const key = write.Item ?? write.Key
  if (!key?.PK || !key.SK) throw new ValidationException('a key attribute is empty')
  return key
}

function result(write: SdkWrite, before: Item | undefined): Item | undefined {
  if (write.kind === 'Put') return stored(write.Item)
  if (write.kind === 'Delete') return undefined
  if (write.kind === 'ConditionCheck') return before
  if (!write.UpdateExpression) throw new ValidationException('an update that changes nothing')
  const after = { ...(before ?? (write.Key as Item)) }
  applyUpdate(write.UpdateExpression, before, after, write)
  return stored(after)
}

export function cancelled(codes: string[]): Error {
  const CancellationReasons = codes.map((Code) => ({ Code }))
  return new TransactionCanceledException({ message: codes.join(', '), $metadata: {}, CancellationReasons })
}

/** The first place whose key is not below this one. */
function lowerBound(items: readonly Item[], PK: string, SK: string): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >> 1
    const item = items[middle] as Item
    if (item.PK < PK || (item.PK === PK && item.SK < SK)) low = middle + 1
    else high = middle
  }
  return low
}

const byKey = (a: Item, b: Item) => byNames(a, b, ['PK', 'SK'])

function byNames(a: object, b: object, names: string[]): number {
  for (const name of names) {
    const [x, y] = [(a as Item)[name] as string, (b as Item)[name] as string]
    if (x !== y) return x < y ? -1 : 1
  }
  return 0
}

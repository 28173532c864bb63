import {
  INDEXED,
  type IndexName,
  type IndexQuery,
  type Item,
  indexKeys,
  type Key,
  type Ledger,
  type Page,
  type Query,
  TRANSACTION_WRITES_MAX,
  type Write,
  type Written,
} from '../../shared/ledger.js'
import { holds, PROJECTED, ValidationException, written } from './ledger-item.js'

/**
 * The ledger in memory: conditions, transactions, order and paging as DynamoDB has them. The conformance test holds it
 * against the real thing. `pageItems` makes pages shorter than asked, as DynamoDB's 1 MB bound does.
 */
export class FakeLedger implements Ledger {
  private readonly items = new Map<string, Item>()

  constructor(private readonly options: { pageItems?: number } = {}) {}

  async get(key: Key): Promise<Item | undefined> {
    return this.items.get(address(key))
  }

  async query(pk: string, query: Query): Promise<Page> {
    const prefix = query.prefix ?? ''
    const found = [...this.items.values()].filter((item) => item.PK === pk && item.SK.startsWith(prefix))
    return this.page(found, ['SK'], ['PK', 'SK'], query)
  }

  async index(name: IndexName, query: IndexQuery): Promise<Page> {
    const { hash, range } = indexKeys[name]
    const { until, of = INDEXED } = query
    const found = [...this.items.values()].filter(
      (item) => item[hash] === of && typeof item[range] === 'string' && (!until || item[range] <= until),
    )
    // One index is in the order of PK, which then names a place once.
    const keys = [...new Set(['PK', 'SK', hash, range])]
    const page = this.page(found, [range, 'PK', 'SK'], keys, query)
    return { ...page, items: page.items.map((item) => projected(item, PROJECTED[name])) }
  }

  async write(...writes: Write[]): Promise<Written> {
    const [only] = writes
    if (!only || writes.length > TRANSACTION_WRITES_MAX)
      throw new ValidationException(`a transaction of ${writes.length} writes`)
    if (writes.length === 1 && 'check' in only)
      throw new TypeError('a check stands in a transaction, never alone')
    const keys = writes.map((write) => address(keyOf(write)))
    if (new Set(keys).size < keys.length)
      throw new ValidationException('Transaction request cannot include multiple operations on one item')
    const before = keys.map((key) => this.items.get(key))
    const refused = writes.flatMap((write, place) =>
      (write.when ?? []).every((condition) => holds(condition, before[place])) ? [] : [place],
    )
    if (refused.length > 0) return { done: false, refused }
    const after = writes.map((write, place) => written(write, before[place]))
    for (const [place, key] of keys.entries()) this.place(key, after[place])
    return { done: true }
  }

  /** BatchWriteItem's puts: each by itself, without conditions. */
  readonly putAll = async (items: Item[]): Promise<void> => {
    for (const put of items) await this.write({ put })
  }

  /** Every item, for what a test asserts; in the order of PK and SK. */
  all(prefix = ''): Item[] {
    const items = [...this.items.values()].filter(({ PK }) => PK.startsWith(prefix))
    return items.sort((a, b) => byBytes(a, b, ['PK', 'SK']))
  }

  private place(key: string, item: Item | undefined): void {
    if (item) this.items.set(key, item)
    else this.items.delete(key)
  }

  private page(found: Item[], order: string[], keys: string[], query: Omit<Query, 'prefix'>): Page {
    if (!Number.isInteger(query.limit) || query.limit < 1) throw new ValidationException('a limit below 1')
    const direction = query.newestFirst ? -1 : 1
    const start = query.after === undefined ? undefined : mark(query.after, keys)
    const rest = found
      .sort((a, b) => direction * byBytes(a, b, order))
      .filter((item) => !start || direction * byBytes(item, start, order) > 0)
    const limit = Math.min(query.limit, this.options.pageItems ?? query.limit)
    const items = rest.slice(0, limit)
    const last = items.length === limit ? items.at(-1) : undefined
    return { items, ...(last && { next: JSON.stringify(projected(last, keys)) }) }
  }
}

const address = ({ PK, SK }: Key) => JSON.stringify([PK, SK])

function keyOf(write: Write): Key {
  if ('put' in write) return write.put
  if ('update' in write) return write.update
  return 'check' in write ? write.check : write.remove
}

const projected = (item: Item, names: string[] | undefined): Item =>
  names
    ? (Object.fromEntries(
        names.flatMap((name) => (item[name] === undefined ? [] : [[name, item[name]]])),
      ) as Item)
    : item

/** The place at which a page stopped. DynamoDB takes back its own key attributes and nothing else. */
function mark(text: string, keys: string[]): Item {
  const start = JSON.parse(text) as Item | null
  const names = Object.keys(start ?? {})
  if (!start || names.length !== keys.length || !keys.every((name) => typeof start[name] === 'string'))
    throw new ValidationException('The provided starting key is invalid')
  return start
}

/** DynamoDB orders strings by their UTF-8 bytes. */
function byBytes(a: Item, b: Item, order: string[]): number {
  for (const name of order) {
    const compared = compareBytes(String(a[name]), String(b[name]))
    if (compared !== 0) return compared
  }
  return 0
}

/** JavaScript's own order differs from that of the bytes only beyond U+FFFF. */
function compareBytes(a: string, b: string): number {
  if (/[\ud800-\udfff]/.test(a + b)) return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return a < b ? -1 : Number(a > b)
}

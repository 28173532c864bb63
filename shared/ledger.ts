/**
 * The ledger's language: items of one DynamoDB table, and writes that carry their condition. A stage says what must
 * hold and what to change as plain data; `ledger-dynamo.ts` turns that into expressions, and the fake in the tests
 * evaluates it in memory, so both run the same protocol.
 */
export type Value = string | number | boolean | null | Value[] | { [name: string]: Value }
export interface Key {
  PK: string
  SK: string
}
export type Item = Key & { [name: string]: Value }

/** What must hold for the item that a write names. Several conditions of one write must all hold. */
export type Condition =
  | { absent: string }
  | { present: string }
  | { attribute: string; is: Value }
  | { attribute: string; below: number; orAbsent?: true }

export type Write =
  | { put: Item; when?: Condition[] }
  | {
      update: Key
      set?: Record<string, Value>
      append?: Record<string, Value[]>
      remove?: string[]
      when?: Condition[]
    }
  | { remove: Key; when?: Condition[] }
  | { check: Key; when: Condition[] }

export interface Page {
  items: Item[]
  /** Where the next page starts; absent on the last one. */
  next?: string
}

export interface Query {
  prefix?: string
  after?: string
  limit: number
  newestFirst?: boolean
}

export interface IndexQuery {
  /** The partition of an index that has several; without it the one partition of a sparse index. */
  of?: string
  until?: string
  after?: string
  limit: number
  newestFirst?: boolean
}

/** The answer to a write: done, or refused because a condition did not hold (the positions say which). */
export type Written = { done: true } | { done: false; refused: number[] }

export interface LedgerReader {
  /** One item, strongly consistent, or nothing. */
  get(key: Key): Promise<Item | undefined>
  /** One page of the items below one partition key, strongly consistent, in the order of SK. */
  query(pk: string, query: Query): Promise<Page>
  /** One page of an index. It may be stale: it finds candidates, every decision reads the item itself again. */
  index(name: IndexName, query: IndexQuery): Promise<Page>
}

export interface Ledger extends LedgerReader {
  /**
   * One write, or up to 100 in one transaction. A condition that does not hold is an answer; contention and throttling
   * are thrown as `Contention`, never read as "somebody else has it".
   */
  write(...writes: Write[]): Promise<Written>
}

/** What a stage needs that touches single items only. */
export type ItemLedger = Pick<Ledger, 'get' | 'write'>

/**
 * `due`: runs that still need somebody, by dueAt. `recent`: runs by creation. `quarantined`: files that no entity takes
 * and runs with rejected rows, by time. `incidents`: by opening. `events`: what became of the events of one run, whose
 * PK is the partition, by the time of the event. `correlations`: what goes back to one delivery, whose id is the partition.
 */
export type IndexName = 'due' | 'recent' | 'quarantined' | 'incidents' | 'events' | 'correlations'
export const indexKeys = {
  due: { hash: 'duePk', range: 'dueAt' },
  recent: { hash: 'recentPk', range: 'recentAt' },
  quarantined: { hash: 'quarantinedPk', range: 'quarantinedAt' },
  incidents: { hash: 'incidentsPk', range: 'incidentsAt' },
  events: { hash: 'eventPk', range: 'eventAt' },
  correlations: { hash: 'correlationId', range: 'PK' },
} as const satisfies Record<IndexName, { hash: string; range: string }>
/** The one partition of each sparse index: an item is in it while it carries this value. */
export const INDEXED = 'all'

export const TRANSACTION_WRITES_MAX = 100

export const absent = (attribute: string): Condition => ({ absent: attribute })
export const present = (attribute: string): Condition => ({ present: attribute })
export const is = (attribute: string, value: Value): Condition => ({ attribute, is: value })

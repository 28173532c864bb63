import fc from 'fast-check'
import type { Condition, Item, Key, Page, Value, Write } from '../../shared/ledger.js'

/** Few keys and few values, so that generated writes meet one another. */
const key: fc.Arbitrary<Key> = fc.record({
  PK: fc.constantFrom('RUN#1', 'LANE#a'),
  SK: fc.constantFrom('META', 'WAIT#1', 'WAIT#10', 'WAIT#é', 'WAIT#z', 'IN#FILE#1'),
})
const time = fc.integer({ min: 1, max: 999_999 }).map((number) => String(number).padStart(6, '0'))
const value = (name: string): fc.Arbitrary<Value> => {
  if (name === 'attempt') return fc.constantFrom<Value>(0, 1, 2, '1')
  if (name === 'detail') return fc.constantFrom<Value>({ a: 1, b: [null, true] }, [1, 'x'], null, false, '')
  if (name === 'history') return fc.constantFrom<Value>([], [{ at: 'x' }])
  if (name === 'eventPk' || name === 'correlationId') return fc.constantFrom('RUN#1', 'none')
  if (name.endsWith('Pk')) return fc.constantFrom('all', 'all', 'none')
  return name.endsWith('At') ? time : fc.constantFrom('READY', 'RUNNING')
}
const NAMES = [
  'state',
  'attempt',
  'detail',
  'history',
  'duePk',
  'dueAt',
  'recentPk',
  'recentAt',
  'quarantinedPk',
  'quarantinedAt',
  'incidentsPk',
  'incidentsAt',
  'eventPk',
  'eventAt',
  'correlationId',
  // What the index of deliveries shows, and what it does not.
  'did',
]
/** An index holds what has both of its attributes, so these mostly come together. */
const PAIRS = ['due', 'recent', 'quarantined', 'incidents', 'event'].map((one) => [`${one}Pk`, `${one}At`])
const attributes = fc
  .tuple(fc.subarray(NAMES), fc.subarray(PAIRS))
  .map(([names, pairs]) => [...new Set([...names, ...pairs.flat()])])
  .chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, value(name)]))))
const some = attributes.filter((set) => Object.keys(set).length > 0)

const name = fc.constantFrom('PK', ...NAMES)
const condition: fc.Arbitrary<Condition> = fc.oneof(
  name.map((absent) => ({ absent })),
  name.map((present) => ({ present })),
  fc
    .constantFrom('state', 'attempt', 'detail', 'history')
    .chain((attribute) => value(attribute).map((is) => ({ attribute, is }))),
  fc.record({ attribute: fc.constantFrom('attempt', 'state'), below: fc.integer({ min: 0, max: 3 }) }),
  fc.record({
    attribute: fc.constant('attempt'),
    below: fc.integer({ min: 0, max: 3 }),
    orAbsent: fc.constant(true as const),
  }),
)
const when = fc.array(condition, { maxLength: 2 })

const put = fc
  .tuple(key, attributes, when)
  .map(([at, set, conditions]): Write => ({ put: { ...at, ...set } as Item, when: conditions }))
const update = fc
  .tuple(
    key,
    some,
    fc.boolean(),
    fc.subarray(['state', 'duePk', 'dueAt', 'quarantinedPk', 'incidentsPk', 'correlationId', 'job']),
    when,
  )
  .map(([at, set, appends, remove, conditions]): Write => {
    const { history, ...rest } = set
    const kept = Object.keys(rest).length > 0 ? rest : { detail: 'kept' }
    return {
      update: at,
      set: kept,
      ...(appends && { append: { history: [{ at: String(history) }] } }),
      remove: remove.filter((removed) => !(removed in kept)),
      when: conditions,
    }
  })
const remove = fc.tuple(key, when).map(([at, conditions]): Write => ({ remove: at, when: conditions }))
const check = fc
  .tuple(key, fc.array(condition, { minLength: 1, maxLength: 2 }))
  .map(([at, conditions]): Write => ({ check: at, when: conditions }))

/** One write, or a transaction; now and then one that names an item twice, which DynamoDB must refuse. */
export const writes: fc.Arbitrary<Write[]> = fc.oneof(
  { weight: 2, arbitrary: fc.tuple(fc.oneof(put, update, remove)) },
  {
    weight: 3,
    arbitrary: fc.array(fc.oneof({ weight: 3, arbitrary: put }, update, remove, check), {
      minLength: 2,
      maxLength: 4,
    }),
  },
)

const until = fc.option(time, { nil: undefined })
const sparse = fc.record({
  name: fc.constantFrom('due' as const, 'recent' as const, 'quarantined' as const, 'incidents' as const),
  of: fc.constantFrom(undefined, 'all', 'none'),
  until,
})
/** Indexes with a partition for each run, file or delivery; the last one is in the order of PK. */
const partitioned = fc.oneof(
  fc.record({ name: fc.constant('events' as const), of: fc.constantFrom('RUN#1', 'none'), until }),
  fc.record({
    name: fc.constant('correlations' as const),
    of: fc.constantFrom('RUN#1', 'none'),
    until: fc.constantFrom(undefined, 'M'),
  }),
)

export const reading = fc.record({
  pk: fc.constantFrom('RUN#1', 'LANE#a'),
  prefix: fc.constantFrom(undefined, 'WAIT#', 'WAIT#1', 'X'),
  limit: fc.integer({ min: 1, max: 3 }),
  newestFirst: fc.boolean(),
  index: fc.oneof({ weight: 4, arbitrary: sparse }, { weight: 2, arbitrary: partitioned }),
})
export type Reading = typeof reading extends fc.Arbitrary<infer R> ? R : never

/** Puts and deletions for one call that takes many; now and then it names an item twice. */
export const batches: fc.Arbitrary<Write[]> = fc.oneof(
  { weight: 9, arbitrary: fc.uniqueArray(batched(), { minLength: 1, maxLength: 6, selector: named }) },
  { weight: 1, arbitrary: fc.array(batched(), { minLength: 1, maxLength: 6 }) },
)
function batched(): fc.Arbitrary<Write> {
  const kept = fc.tuple(key, attributes).map(([at, set]): Write => ({ put: { ...at, ...set } as Item }))
  return fc.oneof(
    kept,
    key.map((at): Write => ({ remove: at })),
  )
}
function named(write: Write): string {
  return JSON.stringify(keyOf(write))
}

/** Requests of few sources in few minutes; `was`: what stands there in the place of a count. */
export const counts = fc.array(
  fc.record({
    source: fc.constantFrom('ads', 'crm'),
    minute: fc.integer({ min: 28_000_000, max: 28_000_002 }),
    was: fc.oneof(
      { weight: 6, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.constantFrom<Value>(0, 41, -1, 'x', null) },
    ),
  }),
  { minLength: 1, maxLength: 12 },
)

/** The key of the one item that a write names. */
export const keyOf = (write: Write) => {
  if ('put' in write) return { PK: write.put.PK, SK: write.put.SK }
  if ('update' in write) return write.update
  return 'check' in write ? write.check : write.remove
}

const PAGES_MAX = 30

/** The items of each page of a query, until it ends. */
export async function pages(read: (after?: string) => Promise<Page>): Promise<Page['items'][]> {
  const found: Page['items'][] = []
  let after: string | undefined
  for (let count = 0; count < PAGES_MAX; count += 1) {
    const page = await read(after)
    found.push(page.items)
    after = page.next
    if (!after) return found
  }
  throw new Error('a query did not end')
}

import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import type { Condition, Ledger, Page, Value, Write } from '../../shared/ledger.js'
import { documentClient, ledger, putAll } from '../../shared/ledger-dynamo.js'
import { FakeLedger } from '../fakes/ledger.js'
import { keyOf, pages, reading, writes } from './ledger-operations.js'
import { createLedgerTable } from './table.js'

let real: Ledger

beforeAll(async () => {
  real = ledger(await createLedgerTable('conformance'), documentClient())
})

/** What became of a write: done, refused at which places, or not even taken. */
async function outcome(on: Ledger, write: Write[]): Promise<unknown> {
  return on.write(...write).catch((error: Error) => ({ thrown: error.name }))
}

test('the fake ledger answers every write, read, page and index as DynamoDB does', async () => {
  const run = fc.asyncProperty(
    fc.array(writes, { minLength: 1, maxLength: 14 }),
    fc.array(reading, { minLength: 1, maxLength: 3 }),
    async (sequence, readings) => {
      const fake = new FakeLedger()
      try {
        for (const write of sequence) {
          expect(await outcome(fake, write)).toEqual(await outcome(real, write))
          for (const key of write.map(keyOf)) expect(await fake.get(key)).toEqual(await real.get(key))
        }
        for (const one of readings) await compareReading(fake, one)
      } finally {
        for (const { PK, SK } of fake.all()) await real.write({ remove: { PK, SK } })
      }
    },
  )
  await fc.assert(run, { numRuns: 40, seed: 20_260_302 })
})

type Reading = typeof reading extends fc.Arbitrary<infer R> ? R : never

async function compareReading(fake: FakeLedger, one: Reading): Promise<void> {
  const { pk, prefix, limit, newestFirst, index, of, until } = one
  const query = (on: Ledger) => (after?: string) =>
    on.query(pk, { limit, newestFirst, ...(prefix && { prefix }), ...(after && { after }) })
  expect(await pages(query(fake))).toEqual(await pages(query(real)))
  const candidates = (on: Ledger) => (after?: string) =>
    on.index(index, {
      limit,
      newestFirst,
      ...(of && { of }),
      ...(until && { until }),
      ...(after && { after }),
    })
  const ordered = (found: Page['items'][]) =>
    found.map((page) => page.map((item) => JSON.stringify(sorted(item))))
  expect(ordered(await pages(candidates(fake)))).toEqual(ordered(await pages(candidates(real))))
}

const sorted = (item: object) => Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))

test('a query starts behind a key though no item has it', async () => {
  const fake = new FakeLedger()
  const items = [1, 2, 3].map((n) => ({ PK: 'SILVER#x', SK: `RUN#000000000${n}`, ordinal: n }))
  const after = JSON.stringify({ PK: 'SILVER#x', SK: 'RUN#0000000000' })
  for (const on of [real, fake]) {
    for (const put of items) await on.write({ put })
    expect((await on.query('SILVER#x', { prefix: 'RUN#', limit: 5, after })).items).toEqual(items)
    const behind = JSON.stringify({ PK: 'SILVER#x', SK: 'RUN#0000000002' })
    expect((await on.query('SILVER#x', { prefix: 'RUN#', limit: 5, after: behind })).items).toEqual([
      items[2],
    ])
  }
})

test('many puts at once leave the same items, whichever of two of one key comes last', async () => {
  const fake = new FakeLedger()
  const items = Array.from({ length: 60 }, (_, n) => ({ PK: `EVENT#${n % 55}`, SK: 'x', at: n }))
  await putAll('conformance', documentClient())(items)
  await fake.putAll(items)
  for (const { PK, SK } of items) expect(await real.get({ PK, SK })).toEqual(await fake.get({ PK, SK }))
})

test('a transaction that names one item twice is refused by both, and changes nothing', async () => {
  const twice: Write[] = [
    { put: { PK: 'TWICE', SK: 'META', state: 'READY' } },
    { check: { PK: 'TWICE', SK: 'META' }, when: [{ absent: 'PK' }] },
  ]
  const fake = new FakeLedger()
  expect(await outcome(real, twice)).toEqual({ thrown: 'ValidationException' })
  expect(await outcome(fake, twice)).toEqual({ thrown: 'ValidationException' })
  expect(await real.get({ PK: 'TWICE', SK: 'META' })).toBeUndefined()
  expect(fake.all()).toEqual([])
})

test('a whole item serves as the key of a read, an update, a check and a removal', async () => {
  const item = { PK: 'WHOLE', SK: 'META', state: 'failed', count: 1 }
  for (const on of [real, new FakeLedger()]) {
    await on.write({ put: item })
    expect(await on.get(item)).toEqual(item)
    await on.write({ update: item, set: { state: 'sent' } })
    const other = { put: { PK: 'WHOLE', SK: 'OTHER' } }
    expect((await on.write({ check: item, when: [{ present: 'PK' }] }, other)).done).toBe(true)
    expect(await on.get(item)).toEqual({ ...item, state: 'sent' })
    await on.write({ remove: item })
    expect(await on.get(item)).toBeUndefined()
  }
})

test('a transaction of 101 writes is refused by both', async () => {
  const many = Array.from({ length: 101 }, (_, n): Write => ({ put: { PK: 'MANY', SK: `IN#${n}` } }))
  expect(await outcome(real, many)).toEqual({ thrown: 'ValidationException' })
  expect(await outcome(new FakeLedger(), many)).toEqual({ thrown: 'ValidationException' })
})

const VALUES: Value[] = [0, 1, 2, '1', '', null, true, [], ['x'], {}, { a: 1 }]
const CONDITIONS: Condition[] = [
  { absent: 'x' },
  { present: 'x' },
  ...VALUES.map((is) => ({ attribute: 'x', is })),
  { attribute: 'x', below: 1 },
  { attribute: 'x', below: 1, orAbsent: true },
]

test('every condition on every kind of value, and on none, holds for both alike', async () => {
  const key = { PK: 'TABLE', SK: 'META' }
  const fake = new FakeLedger()
  for (const value of [undefined, ...VALUES]) {
    const item = { ...key, ...(value !== undefined && { x: value }) }
    for (const on of [real, fake]) await on.write({ put: item })
    for (const condition of CONDITIONS) {
      const write: Write = { put: item, when: [condition] }
      expect(await fake.write(write), JSON.stringify({ item, condition })).toEqual(await real.write(write))
    }
  }
})

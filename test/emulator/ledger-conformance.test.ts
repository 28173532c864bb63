import { beforeAll, expect, test } from 'vitest'
import type { Condition, Ledger, Value, Write } from '../../shared/ledger.js'
import { documentClient, ledger, putAll } from '../../shared/ledger-dynamo.js'
import { FakeLedger } from '../fakes/ledger.js'
import { createLedgerTable } from './table.js'
import { outcome } from './table-agreement.js'

let real: Ledger

beforeAll(async () => {
  real = ledger(await createLedgerTable('conformance'), documentClient())
})

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
  expect(await outcome(real.write(...twice))).toEqual({ thrown: 'ValidationException' })
  expect(await outcome(fake.write(...twice))).toEqual({ thrown: 'ValidationException' })
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
  expect(await outcome(real.write(...many))).toEqual({ thrown: 'ValidationException' })
  expect(await outcome(new FakeLedger().write(...many))).toEqual({ thrown: 'ValidationException' })
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

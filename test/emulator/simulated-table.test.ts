import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import type { Ledger, Page, Write } from '../../shared/ledger.js'
import { documentClient, ledger } from '../../shared/ledger-dynamo.js'
import { dynamo } from '../simulation/aws/dynamo.js'
import { SimTable } from '../simulation/aws/table.js'
import { client } from '../simulation/effect.js'
import { Random } from '../simulation/random.js'
import { keyOf, pages, reading, writes } from './ledger-operations.js'
import { createLedgerTable } from './table.js'

let real: Ledger

beforeAll(async () => {
  real = ledger(await createLedgerTable('simulated'), documentClient())
})

/** The product's own ledger on the table of the simulator, which reads the same expressions. */
function simulated() {
  const table = new SimTable(() => 0)
  const effectOf = dynamo(table, new Random(0), () => 0)
  const sent = client<DynamoDBDocumentClient>(async (effect) => effect.apply(undefined), effectOf)
  return { table, on: ledger('ledger', sent) }
}

const outcome = (on: Ledger, write: Write[]): Promise<unknown> =>
  on.write(...write).catch((error: Error) => ({ thrown: error.name }))

/** The pages with each item as text, whatever the order of its attributes. */
const asText = async (read: (after?: string) => Promise<Page>) =>
  (await pages(read)).map((items) => items.map((item) => JSON.stringify(Object.entries(item).sort())))

test('the simulated table answers every write, read, page and index as DynamoDB does', async () => {
  const run = fc.asyncProperty(
    fc.array(writes, { minLength: 1, maxLength: 14 }),
    fc.array(reading, { minLength: 1, maxLength: 3 }),
    async (sequence, readings) => {
      const { table, on } = simulated()
      try {
        for (const write of sequence) {
          expect(await outcome(on, write)).toEqual(await outcome(real, write))
          for (const key of write.map(keyOf)) expect(await on.get(key)).toEqual(await real.get(key))
        }
        for (const one of readings) await compare(on, one)
      } finally {
        for (const { PK, SK } of table.items) await real.write({ remove: { PK, SK } })
      }
    },
  )
  await fc.assert(run, { numRuns: 60, seed: 20_260_302 })
})

async function compare(on: Ledger, one: typeof reading extends fc.Arbitrary<infer R> ? R : never) {
  const { pk, prefix, limit, newestFirst, index, until } = one
  const query = (ledgerOf: Ledger) => (after?: string) =>
    ledgerOf.query(pk, { limit, newestFirst, ...(prefix && { prefix }), ...(after && { after }) })
  expect(await asText(query(on))).toEqual(await asText(query(real)))
  const candidates = (ledgerOf: Ledger) => (after?: string) =>
    ledgerOf.index(index, { limit, newestFirst, ...(until && { until }), ...(after && { after }) })
  expect(await asText(candidates(on))).toEqual(await asText(candidates(real)))
}

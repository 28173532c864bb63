import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { BatchWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import fc from 'fast-check'
import { expect } from 'vitest'
import { type Call, Refused } from '../../shared/doors/aws-call.js'
import { attributeOf, plainOf, requestCounter } from '../../shared/doors/door-calls.js'
import type { Item, Ledger, Page, Value, Write } from '../../shared/ledger.js'
import { ledger } from '../../shared/ledger-dynamo.js'
import { FakeLedger } from '../fakes/ledger.js'
import { dynamo } from '../simulation/aws/dynamo.js'
import { SimTable } from '../simulation/aws/table.js'
import { client } from '../simulation/effect.js'
import { Random } from '../simulation/random.js'
import { batches, counts, keyOf, pages, type Reading, reading, writes } from './ledger-operations.js'

/** Generated sequences on DynamoDB and on the tables in memory, whose answers must be the same. */

/** How many sequences, and the seed that they come from. */
export interface Extent {
  numRuns: number
  seed: number
}

/** The product's own ledger on the table of the simulator, which reads the same expressions. */
function simulated() {
  const effectOf = dynamo(new SimTable(() => 0), new Random(0), () => 0)
  const sent = client<DynamoDBDocumentClient>(async (effect) => effect.apply(undefined), effectOf)
  return { sent, on: ledger('ledger', sent) }
}

/** What became of something: done, refused at which places, or not even taken. */
export const outcome = (done: Promise<unknown>): Promise<unknown> =>
  done.catch((error: Error) => ({ thrown: error.name }))

/** Every write, read, page and index, of the fake in the unit tests and of the simulator's table. */
export async function agreeOnSequences(real: Ledger, extent: Extent): Promise<void> {
  const run = fc.asyncProperty(
    fc.array(writes, { minLength: 1, maxLength: 14 }),
    fc.array(reading, { minLength: 1, maxLength: 3 }),
    async (sequence, readings) => {
      const inMemory: [string, Ledger][] = [
        ['the fake', new FakeLedger()],
        ['the simulated table', simulated().on],
      ]
      const same = async (ask: (on: Ledger) => Promise<unknown>) => {
        const said = await ask(real)
        for (const [name, on] of inMemory) expect([name, await ask(on)]).toEqual([name, said])
      }
      try {
        for (const write of sequence) {
          await same((on) => outcome(on.write(...write)))
          for (const key of write.map(keyOf)) await same((on) => on.get(key))
        }
        for (const one of readings) {
          await same((on) => asText(queryOf(on, one)))
          await same((on) => asText(indexOf(on, one)))
        }
      } finally {
        await empty(real, sequence.flat())
      }
    },
  )
  await fc.assert(run, extent)
}

async function empty(real: Ledger, touched: Write[]): Promise<void> {
  const keys = new Map(touched.map(keyOf).map((key) => [JSON.stringify(key), key]))
  await real.write(...[...keys.values()].map((remove) => ({ remove })))
}

const queryOf =
  (on: Ledger, { pk, prefix, limit, newestFirst }: Reading) =>
  (after?: string) =>
    on.query(pk, { limit, newestFirst, ...(prefix && { prefix }), ...(after && { after }) })

const indexOf =
  (on: Ledger, { index: { name, of, until }, limit, newestFirst }: Reading) =>
  (after?: string) =>
    on.index(name, {
      ...{ limit, newestFirst, ...(of && { of }), ...(until && { until }), ...(after && { after }) },
    })

/** The pages with each item as text, whatever the order of its attributes. */
const asText = async (read: (after?: string) => Promise<Page>) =>
  (await pages(read)).map((items) => items.map((item) => JSON.stringify(Object.entries(item).sort())))

/** Puts and deletions of many items at once, on the simulator's table. */
export async function agreeOnBatches(table: string, real: DynamoDBDocumentClient, extent: Extent) {
  const run = fc.asyncProperty(fc.array(batches, { minLength: 1, maxLength: 4 }), async (sequence) => {
    const { sent, on } = simulated()
    const there = ledger(table, real)
    const writesOf = sequence.flat()
    try {
      for (const batch of sequence) {
        const requests = batch.map((write) =>
          'put' in write ? { PutRequest: { Item: write.put } } : { DeleteRequest: { Key: keyOf(write) } },
        )
        const command = () => new BatchWriteCommand({ RequestItems: { [table]: requests } })
        const left = (to: DynamoDBDocumentClient) =>
          outcome(to.send(command()).then(({ UnprocessedItems }) => UnprocessedItems?.[table] ?? []))
        expect(await left(sent)).toEqual(await left(real))
      }
      for (const key of writesOf.map(keyOf)) expect(await on.get(key)).toEqual(await there.get(key))
    } finally {
      await empty(there, writesOf)
    }
  })
  await fc.assert(run, extent)
}

/** The door's count of requests, which is the one update that adds, on the simulator's table. */
export async function agreeOnCounts(table: string, real: { call: Call; on: Ledger }, extent: Extent) {
  const run = fc.asyncProperty(counts, async (sequence) => {
    const { sent, on } = simulated()
    const made: Write[] = []
    try {
      for (const { source, minute, was } of sequence) {
        const key = { PK: `RATE#${source}`, SK: String(minute).padStart(12, '0') }
        const put = { ...key, count: was ?? null } as Item
        made.push({ put })
        if (was !== undefined) for (const to of [on, real.on]) await to.write({ put })
        const counted = (call: Call) => outcome(requestCounter(table, call)(source, minute))
        const [here, there] = [await counted(callOn(sent, on)), await counted(real.call)]
        expect(here).toEqual(there)
        expect(await on.get(key)).toEqual(await real.on.get(key))
      }
    } finally {
      await empty(real.on, made)
    }
  })
  await fc.assert(run, extent)
}

type Attributes = { [name: string]: { [type: string]: unknown } }
const plain = (attributes: Attributes): { [name: string]: Value } =>
  Object.fromEntries(Object.entries(attributes).map(([name, attribute]) => [name, plainOf(attribute)]))

/** The door's call, which speaks DynamoDB's protocol, on the simulator's table; it answers with the whole new item. */
const callOn =
  (sent: DynamoDBDocumentClient, on: Ledger): Call =>
  async (action, input) => {
    const { Key, ExpressionAttributeValues, ...rest } = input as {
      Key: Attributes
      ExpressionAttributeValues: Attributes
    }
    const key = plain(Key)
    const values = plain(ExpressionAttributeValues)
    const update = { ...rest, TableName: 'ledger', Key: key, ExpressionAttributeValues: values }
    await sent.send(new UpdateCommand(update)).catch((error: Error) => {
      throw error.name === 'ValidationException' ? new Refused(action, error.name, 400) : error
    })
    const item = await on.get(key as Item)
    const names = Object.entries(item ?? {}).map(([name, value]) => [name, attributeOf(value)])
    return { Attributes: Object.fromEntries(names) }
  }

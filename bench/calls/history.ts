import { createHash } from 'node:crypto'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { BatchWriteCommand, DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb'
import { ulid } from 'ulid'
import { type Item, runsOf } from '../../tools/chaos/rest.js'

const ITEMS_PER_CALL = 25
const CALLS_AT_ONCE = 4
const TRIES_MAX = 10
const PAST_MILLISECONDS = 60_000
/** The fate of an event expires after a while: only this many of the newest past runs still have theirs. */
const RUNS_WITH_EVENTS_MAX = 10_000
const MOMENT = /\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g

const client = () =>
  DynamoDBDocumentClient.from(new DynamoDBClient({}), { marshallOptions: { removeUndefinedValues: true } })

/**
 * Makes a past of `count` runs more out of runs that really were: the template's cleanse and build, with every item
 * that names them, are copied under new ids and earlier times. So the past has the shape of the present code. `items`
 * is the ledger as it is, `from` is how many runs were made before. Gives the number of new items.
 */
export async function seedHistory(
  template: Template,
  items: Item[],
  from: number,
  count: number,
): Promise<number> {
  const pairs = Math.ceil(count / 2)
  let made = 0
  const queue = batches(template, from / 2, pairs, silverNumber(items, template.entity))
  const worker = async () => {
    for (const batch of queue) {
      await writeAll(batch)
      made += batch.length
    }
  }
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, worker))
  await catchUp(items, template.entity, pairs)
  return made
}

export interface Template {
  items: Item[]
  /** Every id that a copy gets anew. */
  ids: string[]
  entity: string
}

/** The newest committed cleanse and build, and what belongs to them. */
export function templateOf(items: Item[]): Template {
  const newest = (kind: string) =>
    runsOf(items)
      .filter((run) => run.kind === kind && run.state === 'COMMITTED')
      .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1))[0]
  const [cleanse, build] = [newest('cleanse'), newest('build')]
  if (!cleanse || !build) throw new Error('there is no committed cleanse and build to copy')
  const runs = [cleanse.runId, build.runId] as string[]
  const files = items.filter(({ PK, run }) => PK.startsWith('FILE#') && run === cleanse.runId)
  const owners = [...runs, ...files.map(({ PK }) => String(PK).slice('FILE#'.length))]
  const named = items.filter((item) => owners.some((owner) => JSON.stringify(item).includes(owner)))
  const events = named
    .filter(({ PK }) => PK.startsWith('EVENT#'))
    .map(({ PK }) => String(PK).slice('EVENT#'.length))
  const ids = [...owners, ...new Set(events)]
  const entity = cleanse.subject as string
  // What keeps its key under new ids stands for the present, of which there is one however long the past is.
  const isPast = ({ PK, SK }: Item) =>
    isNumbered(entity, { PK, SK }) || ids.some((id) => `${PK} ${SK}`.includes(id))
  return { items: named.filter(isPast).map(heard), ids, entity }
}

/** Every consumer has heard of a past run: no index lists it as due. */
const heard = ({ duePk, dueAt, ...item }: Item): Item => item

function* batches(template: Template, from: number, pairs: number, number: number): Generator<Item[]> {
  const lasting = { ...template, items: template.items.filter((item) => !('expiresAt' in item)) }
  let batch: Item[] = []
  for (let copy = 1; copy <= pairs; copy += 1) {
    const source = (from + copy) * 2 > RUNS_WITH_EVENTS_MAX ? lasting : template
    for (const item of copyOf(source, from + copy, number + copy)) {
      batch.push(item)
      if (batch.length < ITEMS_PER_CALL) continue
      yield batch
      batch = []
    }
  }
  if (batch.length > 0) yield batch
}

/** One copy, `copy` minutes older than the original, as run number `number` of its entity's silver. */
export function copyOf({ items, ids, entity }: Template, copy: number, number: number): Item[] {
  const earlier = copy * PAST_MILLISECONDS
  let text = JSON.stringify(items)
  for (const id of ids) text = text.replaceAll(id, another(id, copy))
  const shifted = text.replace(MOMENT, (moment) => new Date(Date.parse(moment) - earlier).toISOString())
  return (JSON.parse(shifted) as Item[]).map((item) =>
    isNumbered(entity, item)
      ? { ...item, SK: `RUN#${String(number).padStart(10, '0')}`, ordinal: number }
      : item,
  )
}

const isNumbered = (entity: string, { PK, SK }: Item) => PK === `SILVER#${entity}` && /^RUN#\d{10}$/.test(SK)

/** An id of the same form: a hash for a file, a ULID for a run, else the same with other digits. */
function another(id: string, copy: number): string {
  const hash = createHash('sha256').update(`${id} ${copy}`).digest('hex')
  if (/^[0-9a-f]{64}$/.test(id)) return hash
  if (/^[0-9a-z]{26}$/.test(id)) return `${ulid().slice(0, 10).toLowerCase()}${hash.slice(0, 16)}`
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-4${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`
}

/** How many numbered runs the entity's silver has. */
const silverNumber = (items: Item[], entity: string): number =>
  Number(items.find(({ PK, SK }) => PK === `SILVER#${entity}` && SK === 'HEAD')?.count ?? 0)

/** The present knows the past: silver counts its runs, and every build state has built them. */
async function catchUp(items: Item[], entity: string, pairs: number): Promise<void> {
  for (const item of items.filter(({ PK }) => !PK.startsWith('RUN#'))) {
    const isHead = item.PK === `SILVER#${entity}` && item.SK === 'HEAD'
    const known = item.silverRuns?.[entity]
    if (isHead) await put({ ...item, count: item.count + pairs })
    else if (typeof known === 'number')
      await put({ ...item, silverRuns: { ...item.silverRuns, [entity]: known + pairs } })
  }
}

const put = (Item: Item) =>
  client().send(new PutCommand({ TableName: process.env.SLUICE_LEDGER_TABLE, Item }))

async function writeAll(batch: Item[]): Promise<void> {
  const table = String(process.env.SLUICE_LEDGER_TABLE)
  let requests: Item = { [table]: batch.map((Item) => ({ PutRequest: { Item } })) }
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const answer = await client().send(new BatchWriteCommand({ RequestItems: requests }))
    requests = answer.UnprocessedItems ?? {}
    if (Object.keys(requests).length === 0) return
  }
  throw new Error('the table does not take the past in')
}

import * as z from 'zod'
import * as engine from './extract-parts.js'
import * as part from './parts.js'
import { isPrefix } from './prefix.js'

const source = part.name.describe('Name of the source, and of the file.')
const description = z.string().min(1).max(500).describe('What comes from where, in a sentence.')
const entity = part.name.describe('Entity that the rows become: there is `contracts/<entity>.yaml`.')
const entities = <T extends z.ZodRawShape>(fields: T) =>
  z
    .array(z.strictObject({ entity, ...fields }))
    .min(1)
    .max(50)
    .describe('Entities that the source feeds.')

const settleSeconds = z
  .int()
  .min(0)
  .max(900)
  .optional()
  .describe('How long a batch waits for more files after the first, in seconds.')
const closeOnSyncFinished = z
  .boolean()
  .optional()
  .describe('The batch waits until a Sync Finished of this source closes it.')
const priority = z
  .enum(['high', 'normal', 'low'])
  .optional()
  .describe('Which of several waiting runs goes first. Normal when it is left out.')
const limit = (most: number, text: string) => z.int().min(1).max(most).optional().describe(text)
const requestsPerMinute = limit(10_000, 'Requests a minute, at most.')
/** Lambda takes 6 MB in a request, and base64 makes a body a third larger. */
const bodyBytes = limit(4_194_304, 'Bytes of one body, at most.')
const parallel = limit(50, 'Requests or chunks under way at the same time, at most.')
const inbound = z.strictObject({ requestsPerMinute, bodyBytes }).optional().describe('What the door lets in.')
const outbound = z
  .strictObject({ requestsPerMinute, parallel })
  .optional()
  .describe('What is asked of the source.')

const prefix = z
  .string()
  .refine(isPrefix, 'a folder that ends with /, such as raw-events/{yyyy}/{mm}/{dd}/')
  .optional()
  .describe(
    'Where its files land: a folder with `{yyyy}`, `{mm}`, `{dd}`, `{hh}` as digits. `source=<name>/` when left out.',
  )

const base = { source, description }
const waiting = { settleSeconds, priority }
const schedule = part.schedule.optional()
const feeds = { entities: entities({ prefix }).optional(), warehouse: part.warehouse.optional() }

/** A sync of which nothing follows is a mistake; one that feeds files and models at once would build too early. */
function oneFeed(file: { entities?: unknown; warehouse?: unknown }, context: z.core.$RefinementCtx): void {
  if ((file.entities === undefined) !== (file.warehouse === undefined)) return
  context.addIssue({ code: 'custom', message: 'needs either entities or warehouse, and not both' })
}

const drop = z.strictObject({
  ...base,
  kind: z.literal('drop').describe('Files that somebody puts into bronze.'),
  entities: entities({ prefix }),
  ...waiting,
})

const airbyte = z
  .strictObject({
    ...base,
    kind: z.literal('airbyte').describe('Notices of Airbyte at the end of a sync.'),
    auth: z.discriminatedUnion('method', [part.pathKey, part.apiKey]),
    connectionIds: z.array(z.uuid()).min(1).max(50).optional().describe('Only these connections count.'),
    confirm: part.confirm.optional().describe('Ask Airbyte’s API whether the sync succeeded.'),
    ...feeds,
    closeOnSyncFinished,
    ...waiting,
    limits: inbound,
  })
  .superRefine(oneFeed)

const dbtPlatform = z.strictObject({
  ...base,
  kind: z.literal('dbt-platform').describe('Notices of the dbt platform at the end of a job.'),
  auth: part.dbtPlatform,
  jobIds: z
    .array(z.string().regex(/^\d+$/, 'the id of a job, in quotes'))
    .min(1)
    .max(50)
    .optional()
    .describe('Only these jobs count.'),
  start: part.start.optional(),
  warehouse: part.warehouse,
  schedule,
  priority,
  limits: inbound,
})

const webhook = z
  .strictObject({
    ...base,
    kind: z.literal('webhook').describe('Any other sender over HTTP.'),
    auth: z.discriminatedUnion('method', [part.pathKey, part.apiKey, part.hmac]),
    mapping: part.mapping.describe('Which fields of the body say what.'),
    ...feeds,
    closeOnSyncFinished,
    ...waiting,
    limits: inbound,
  })
  .superRefine(oneFeed)

const extract = {
  ...base,
  kind: z.literal('extract').describe('Sluice asks the source.'),
  schedule,
  ...waiting,
  limits: outbound,
}
const rest = z.strictObject({
  ...extract,
  engine: z.literal('rest').describe('A REST API.'),
  url: part.url.describe('Address below which the paths lie.'),
  secret: part.secret.optional(),
  key: part.keyPlace.optional(),
  entities: entities(engine.restEntity),
})
const mongodb = z.strictObject({
  ...extract,
  engine: z.literal('mongodb').describe('A MongoDB database.'),
  secret: part.secret,
  database: z.string().min(1).max(63).describe('Name of the database.'),
  entities: entities(engine.mongodbEntity),
})
const postgres = z.strictObject({
  ...extract,
  engine: z.literal('postgres').describe('A PostgreSQL database.'),
  secret: part.secret,
  entities: entities(engine.postgresEntity),
})

const stream = z.strictObject({
  ...base,
  kind: z.literal('stream').describe('Records that a producer publishes one by one.'),
  transport: z
    .enum(['kinesis', 'firehose'])
    .describe('Kinesis with Firehose behind it, or Firehose alone, which costs nothing while idle.'),
  entities: z.array(z.strictObject({ entity })).length(1).describe('The one entity that the records become.'),
  ...waiting,
})

/** One file of `sources/`. Unknown keys are errors: a misspelled setting must not be silently without effect. */
export const sourceFile = z.discriminatedUnion('kind', [
  drop,
  airbyte,
  dbtPlatform,
  webhook,
  z.discriminatedUnion('engine', [rest, mongodb, postgres]),
  stream,
])

export type SourceFile = z.infer<typeof sourceFile>
/** A source as it is written, before defaults stand in for what is left out. */
export type WrittenSource = z.input<typeof sourceFile>

import * as z from 'zod'
import { editionStates } from '../../functions/5-serve/api/editions.js'
import { syncStates } from '../../functions/5-serve/api/syncs.js'

/** What the API answers, as far as a caller can rely on it. Tests hold the real answers against these. */

const id = z.string().regex(/^[0-9a-f]{32}$/)
const follow = z.string().describe('Where to ask what became of it, with the API’s token.')
const time = z.iso.datetime()

export const taken = z.strictObject({ id, follow })
export const seen = z.strictObject({
  id,
  status: z.literal('seen'),
  why: z.string().describe('Why nothing follows from it.'),
  follow,
})
export const refused = z.strictObject({}).describe('The same to everybody who is not verified.')
export const unreadable = z.strictObject({
  error: z.literal('UnprocessableEntity'),
  problems: z.array(z.string()).min(1).describe('Each begins with the path of a field.'),
})
/** Any other refusal. */
export const problem = z.object({
  error: z.string(),
  message: z.string(),
  problems: z.array(z.string()).optional(),
})
/** A view whose fields docs/api.md tells. */
export const view = z.looseObject({})
export const accepted = z.looseObject({ follow: z.string() })

export const sync = z.strictObject({
  id,
  source: z.string(),
  state: z.enum(syncStates),
  outcome: z.enum(['finished', 'failed', 'waiting', 'ignored']),
  why: z.string().nullable(),
  receivedAt: time,
  finishedAt: z.string().nullable(),
  correlationId: z.string(),
  connection: z.string().nullable(),
  job: z.string().nullable(),
  confirmed: z.boolean().nullable(),
  via: z.string(),
  builds: z.array(
    z.strictObject({
      lane: z.string(),
      runId: z.string().nullable(),
      state: z.string().nullable(),
      reason: z.string().nullable(),
      published: z.array(z.string()).describe('Domains whose current edition this build made.'),
    }),
  ),
})

const rolledBack = z.object({ by: z.string(), why: z.string(), at: time, to: z.string() })
export const editions = z.strictObject({
  domain: z.string(),
  shown: z.string().nullable(),
  since: time.nullable(),
  tablesFollowed: z.boolean().describe('Whether the tables that Athena reads show the same edition.'),
  rollback: z
    .object({
      ...{ requestId: z.string(), from: z.string(), by: z.string(), why: z.string(), at: time },
      holds: z.boolean().describe('Whether it holds until a newer edition is published.'),
    })
    .nullable(),
  editions: z.array(
    z.strictObject({
      edition: z.string(),
      state: z.enum(editionStates),
      tests: z.enum(['pending', 'passed', 'failed']),
      runId: z.string(),
      ordinal: z.int(),
      begunAt: time.optional(),
      publishedAt: time.optional(),
      leftAt: time.optional(),
      rolledBack: rolledBack.optional(),
      heldBy: z.string().optional().describe('The request to roll back that keeps it from readers.'),
      retiredAt: time.optional(),
      deletedAt: time.optional(),
      datasets: z.array(z.object({ dataset: z.string(), version: z.int(), rows: z.int() })),
    }),
  ),
  next: z.string().optional(),
})

const count = z.int().min(0)
const sides = z.object({ from: count.nullable(), to: count.nullable() })
export const diff = z.strictObject({
  domain: z.string(),
  from: z.string(),
  to: z.string(),
  datasets: z.array(
    z.strictObject({
      dataset: z.string(),
      in: z.enum(['both', 'from', 'to']),
      key: z.array(z.string()),
      versions: sides,
      rows: sides,
      columns: z.strictObject({
        added: z.array(z.string()),
        removed: z.array(z.string()),
        retyped: z.array(z.object({ column: z.string(), from: z.string(), to: z.string() })),
      }),
    }),
  ),
  compared: z
    .strictObject({
      by: z.enum(['key', 'row']),
      rows: z.strictObject({ added: count, removed: count, changed: count, same: count, repeated: count }),
      columns: z.record(z.string(), count).describe('Rows of both whose value of the column differs.'),
    })
    .optional(),
})

/** Has no body. */
export const nothing = z.never()
const level = z.enum(['ok', 'warn', 'error', 'unknown'])
export const health = z.strictObject({
  at: time,
  healthy: z.boolean(),
  degraded: count,
  findings: z.array(
    z.strictObject({
      kind: z.enum(['source', 'lag', 'objective', 'tests', 'rows']),
      subject: z.string(),
      level: level.describe('Unknown: there is nothing yet to judge by.'),
      measured: z.number().nullable(),
      limit: z.number().nullable(),
      unit: z.enum(['seconds', 'rows', 'tests']),
      reason: z.string(),
      priority: z.string().optional(),
      cause: z.string().optional().describe('The incident’s cause, once the stage has looked.'),
      detail: z.record(z.string(), z.number().nullable()).optional(),
      since: time.optional(),
    }),
  ),
})

const share = z.number().min(0).max(1).nullable()
const tally = z.strictObject({ passed: count, failed: count })
export const quality = z.strictObject({
  domain: z.string(),
  builds: z.array(
    z.strictObject({
      ...{ runId: z.string(), edition: z.string(), begunAt: time, verdict: z.string() },
      score: z.strictObject({ all: share, error: share, warn: share }),
      tests: z.strictObject({ error: tally, warn: tally }),
      failed: z.array(z.object({ test: z.string(), model: z.string(), severity: z.enum(['error', 'warn']) })),
      datasets: z.array(
        z.strictObject({
          ...{ dataset: z.string(), version: z.int(), rows: count },
          anomalous: z.boolean().nullable().describe('Null while the past is too short.'),
          usual: z.strictObject({ from: count, to: count }).nullable(),
        }),
      ),
      artifacts: z.string().describe('Where the build’s artifacts lie in the artifacts bucket.'),
    }),
  ),
  completeness: z.strictObject({
    complete: z.boolean(),
    entities: z.array(
      z.strictObject({
        entity: z.string(),
        runs: z.strictObject({ expected: count, processed: count, held: count }),
        rows: z.strictObject({ in: count, out: count, duplicates: count, rejected: count, share }),
      }),
    ),
  }),
  next: z.string().optional(),
})

export const dashboard = z.strictObject({
  ...{ dashboard: z.string(), label: z.string(), domain: z.string(), edition: z.string() },
  reads: z.array(
    z.strictObject({
      ...{ dataset: z.string(), order: z.string(), limit: count },
      rows: z.array(z.looseObject({})).nullable().describe('Null where the edition holds no such dataset.'),
    }),
  ),
})

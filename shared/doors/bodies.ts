import * as z from 'zod'

/**
 * The bodies that the doors read, as far as they read them. Unknown keys are tolerated: the senders add some at will.
 * The OpenAPI document is made from these.
 */

/** A sender's name for something. Half of a surrogate pair is no text: the ledger would refuse it. */
const id = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => text.isWellFormed(), 'this is no text')
/** A time as its sender writes it: it is shown, never compared. */
const shownTime = z.string().regex(/^[0-9T:.Z+ -]{1,40}$/, 'a time such as 2026-03-02T07:00:00Z')
/** Airbyte numbers its jobs; a number beyond 2^53 would be another one once it is parsed. */
const jobId = z.union([z.int().nonnegative(), z.string().regex(/^[A-Za-z0-9-]{1,64}$/)])
const time = z.iso.datetime({ offset: true })

/** Airbyte's notice of a sync (its notification client). `finishedAt` is null while the sync is only queued. */
export const airbyteSync = z.object({
  text: z.string().optional(),
  data: z.object({
    connection: z.object({ id, name: z.string().optional() }),
    jobId,
    success: z.boolean(),
    startedAt: shownTime.nullish(),
    finishedAt: shownTime.nullish(),
    recordsCommitted: z.number().nullish(),
    errorMessage: z.string().nullish(),
  }),
})

/** Airbyte's test message and its notices of a schema change: words for people, without data. */
export const airbyteMessage = z.object({ text: z.string(), data: z.null().optional() })

/** A simple shape for senders that can template their body. */
export const flatSync = z.object({
  connectionId: id,
  status: z.enum([
    'succeeded',
    'success',
    'completed',
    'failed',
    'error',
    'cancelled',
    'incomplete',
    'queued',
    'pending',
    'running',
  ]),
  jobId: jobId.optional(),
  finishedAt: time.optional(),
  sourceName: z.string().optional(),
  recordsSynced: z.number().optional(),
  bytesEmitted: z.number().optional(),
  errorMessage: z.string().nullish(),
})

/** A dbt platform webhook (its version 1). A failed run comes as `job.run.completed` and as `job.run.errored`. */
export const dbtRun = z.object({
  eventType: z.string().min(1).max(100),
  eventId: z.string().optional(),
  timestamp: z.string().optional(),
  data: z.object({
    jobId: z.union([id, z.int()]),
    runId: z.union([id, z.int()]),
    jobName: z.string().optional(),
    runStatus: z.string().optional(),
    runStatusCode: z.int().optional(),
    runStatusMessage: z.string().nullish(),
    runFinishedAt: shownTime.nullish(),
    runErroredAt: shownTime.nullish(),
  }),
})

/** What a source file maps: any JSON object. */
export const anyObject = z.record(z.string(), z.unknown())

import * as z from 'zod'
import { by, correlationId, event, runId } from './event.js'

/** The events of what comes in before there is a file: finished syncs, extractions, requests, delays, backfills. */

const syncId = z.string().regex(/^[0-9a-f]{32}$/)
const name = z.string().min(1).max(63)
const count = z.int().min(0)
/** Identifies one request for ever: a repeated one has no effect. */
const requestId = z.string().min(1).max(200)
const backfillId = z.string().min(1).max(64)
const day = z.iso.date()

/** A source delivered and said so. `at` is when the door took the notice, ISO. */
export const SyncFinished = event(
  'Sync Finished',
  z.object({ syncId, source: name, correlationId, at: z.iso.datetime() }),
)
/** A notice waits to be confirmed by the source’s API; `asked` is how often that was tried. */
export const SyncNoticed = event(
  'Sync Noticed',
  z.object({ syncId, source: name, correlationId, asked: count }),
)

/** From a day, inclusive, to a day, exclusive; both YYYY-MM-DD. */
const extractWindow = z.object({ from: day, to: day })
export const ExtractRequested = event(
  'Extract Requested',
  z.object({
    source: name,
    requestId,
    window: extractWindow.optional(),
    /** Which of the lanes beside the source’s own a window takes; the first when it is absent. */
    slot: z.int().min(0).max(49).optional(),
    backfillId: backfillId.optional(),
    /** The schedules put no id of their own: the request’s stands in. */
    correlationId: correlationId.optional(),
    by: by.optional(),
  }),
)
export const ExtractReady = event('Extract Ready', z.object({ runId }))
export const ExtractFinished = event(
  'Extract Finished',
  z.object({
    runId,
    source: name,
    requestIds: z.array(requestId),
    backfillIds: z.array(backfillId),
    files: count,
    rows: count,
    correlationId: correlationId.optional(),
  }),
)

/** What each does, and how they go together: `shared/modes.ts` and docs/builds.md. */
export const buildModes = ['standard', 'source', 'fast', 'full-refresh', 'ci'] as const
/** Somebody, or a schedule, wants a domain built; all of its lane without selectors. */
export const BuildRequested = event(
  'Build Requested',
  z.object({
    domain: name,
    requestId,
    mode: z.enum(buildModes),
    selectors: z.array(z.string().min(1).max(200)).min(1).max(50).optional(),
    /** Only when the lane has data that its last good build has not read. */
    onlyIfNew: z.boolean().optional(),
    /** Also models of which nothing has changed. */
    force: z.boolean().optional(),
    by,
  }),
)

/** The settle time, or the bound, of something that waits in a lane has passed. */
export const LaneSettled = event('Lane Settled', z.object({ lane: z.string().min(1).max(200) }))

export const BackfillRequested = event('Backfill Requested', z.object({ backfillId }))
/** A backfill’s own progress: look at it again. */
export const BackfillMoved = event('Backfill Moved', z.object({ backfillId }))

/** The columns of what a source sends are not those of its contract; `version` is the registered one, if there is any. */
export const SchemaChanged = event(
  'Schema Changed',
  z.object({
    entity: name,
    runId,
    change: z.enum(['added', 'removed', 'retyped']),
    columns: z
      .array(z.object({ name: z.string(), was: z.string().optional(), is: z.string().optional() }))
      .min(1),
    version: z.string().optional(),
    correlationId: correlationId.optional(),
  }),
)

/** A job of a dbt platform ended, as its webhook says. */
export const PlatformJobEnded = event(
  'Platform Job Ended',
  z.object({ source: name, platformRunId: z.string().min(1).max(64), ok: z.boolean(), reason: z.string() }),
)

/** What may be put off by some minutes (shared/later.ts): put-later emits exactly these. */
export const delayed = [SyncNoticed, LaneSettled, BackfillMoved] as const

export const intake = [
  SyncFinished,
  SyncNoticed,
  ExtractRequested,
  ExtractReady,
  ExtractFinished,
  BuildRequested,
  LaneSettled,
  BackfillRequested,
  BackfillMoved,
  SchemaChanged,
  PlatformJobEnded,
] as const

import * as z from 'zod'
import { by, correlationId, event, runId } from './event.js'

/** What a person asks for: to try again, to let pass, to go back, to delete. */

const why = z.string().min(1).max(1_000)
const edition = z.string().min(1).max(100)

/** A person wants a parked run to be tried again. */
export const RetryRequested = event('Retry Requested', z.object({ runId, by, why: why.optional() }))
/** A person lets a run pass that its gate held back. */
export const RunApproved = event('Run Approved', z.object({ runId, by, why }))
/** A person wants rejected rows of a run, or a file that no source had declared, to be tried again. */
export const ReplayRequested = event(
  'Replay Requested',
  z.union([z.object({ runId, by }), z.object({ fileId: z.string().regex(/^[0-9a-f]{64}$/), by })]),
)
/**
 * A person wants readers to see an earlier edition of a domain, `to`, in place of the one that they see, `from`. Where its
 * tests ask, both are the edition that failed: which one takes its place is found when it is taken away.
 */
export const RollbackRequested = event(
  'Rollback Requested',
  z.object({
    domain: z.string().min(1).max(63),
    requestId: z.string().min(1).max(200),
    from: edition,
    to: edition,
    by,
    why,
    /** The tests of `from` have failed after it was published, so it must not be published again. */
    failed: z.literal(true).optional(),
  }),
)
/** A person wants everything of one subject gone from an entity; `column` knows it, its value is not told here. */
export const ForgetRequested = event(
  'Forget Requested',
  z.object({
    entity: z.string().min(1).max(63),
    requestId: z.string().regex(/^[0-9a-z]{26}$/),
    column: z.string().min(1).max(63),
    dryRun: z.boolean(),
    correlationId: correlationId.optional(),
    by,
    why,
  }),
)

export const requests = [
  RetryRequested,
  RunApproved,
  ReplayRequested,
  RollbackRequested,
  ForgetRequested,
] as const

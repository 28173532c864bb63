import * as z from 'zod'
import { BadInput } from '../../../shared/errors.js'
import { RUN_STATES } from '../../../shared/run.js'
import { inWords } from './in-words.js'
import {
  chunkMark,
  decodeNext,
  editionMark,
  fileMark,
  incidentMark,
  rejectedMark,
  runMark,
} from './paging.js'

/** The query parameters of each route. */

const limit = z.coerce.number().int().min(1).max(200).default(50)
const next = z.string().max(2_048)

/** A page of a ledger index: how many, and where the page before stopped. */
const pageQuery = (mark: z.ZodType) =>
  z.strictObject({
    limit,
    next: next.transform((text) => JSON.stringify(decodeNext(text, mark))).optional(),
  })

const reason = z.string().max(200).optional()

export const quarantineQuery = pageQuery(fileMark).extend({ entity: z.string().max(200).optional(), reason })
export const rejectedQuery = z.strictObject({
  limit,
  reason,
  next: next.transform((text) => decodeNext(text, rejectedMark)).optional(),
})
export const incidentsQuery = pageQuery(incidentMark).extend({ state: z.enum(['open', 'closed']).optional() })
export const runsQuery = pageQuery(runMark).extend({
  kind: z.enum(['cleanse', 'build', 'extract', 'compact']).optional(),
  state: z.enum(RUN_STATES).optional(),
  subject: z.string().max(200).optional(),
})
export const backfillsQuery = pageQuery(runMark).extend({ source: z.string().max(63).optional() })
/** A page of a backfill's chunks. */
export const backfillQuery = z.strictObject({
  limit,
  next: next.transform((text) => decodeNext(text, chunkMark)).optional(),
})
export const qualityQuery = pageQuery(editionMark)
export const editionsQuery = pageQuery(editionMark)
const edition = z.string().min(1).max(100)
/** Two editions, and the dataset whose rows are compared. */
export const diffQuery = z.strictObject({
  from: edition,
  to: edition,
  dataset: z.string().max(200).optional(),
})
/** A key has at most 1,024 bytes (S3 user guide, "Naming objects"); a URI is a little longer. */
export const whyQuery = z.strictObject({ subject: z.string().trim().min(1).max(1_100) })

/** The query parameters of a request, checked; unknown ones are an error. */
export function parameters<S extends z.ZodType>(req: Request, schema: S): z.infer<S> {
  const answer = schema.safeParse(Object.fromEntries(new URL(req.url).searchParams), { error: inWords })
  if (answer.success) return answer.data
  const problems = answer.error.issues.map((issue) => `${issue.path.join('.') || 'query'}: ${issue.message}`)
  throw new BadInput('this query cannot be answered', problems)
}

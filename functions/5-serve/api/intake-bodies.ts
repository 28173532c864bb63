import * as z from 'zod'
import { buildModes } from '../../../events/catalog.js'
import { PARALLEL_MAX } from '../../../shared/backfill/backfill.js'
import { CHUNK_DAYS_MAX } from '../../../shared/backfill/range.js'

/** The bodies of requests that bring data in: backfills, extractions, builds. Unknown keys are errors. */

const by = z.string().trim().min(1).max(200).describe('Who asks.')
const why = z.string().trim().min(1).max(1_000).optional().describe('Recorded with the request.')
const name = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,62}$/, 'the name of a source is lower case letters, digits, - and _')
/** Four-digit years, so that days sort as text. */
const day = z.iso.date().regex(/^(19|20|21)\d\d-/, 'a day from 1900 on, as YYYY-MM-DD')

export const backfillBody = z.strictObject({
  source: name.describe('A source that Sluice extracts from.'),
  from: day.describe('First day, YYYY-MM-DD, UTC.'),
  to: day.describe('The day after the last one, YYYY-MM-DD.'),
  chunkDays: z.int().min(1).max(CHUNK_DAYS_MAX).default(30).describe('Days of one chunk.'),
  parallel: z
    .int()
    .min(1)
    .max(PARALLEL_MAX)
    .optional()
    .describe('Chunks under way at once, at most; never more than the source allows.'),
  dryRun: z.boolean().optional().describe('Only say what it would do.'),
  by,
  why,
})
export const askBody = z.strictObject({ by, why })
export const extractBody = z
  .strictObject({ by, window: z.strictObject({ from: day, to: day }).optional() })
  .refine(({ window }) => !window || window.from < window.to, {
    path: ['window', 'to'],
    message: 'must be after from; it is exclusive',
  })
export const buildBody = z
  .strictObject({
    mode: z.enum(buildModes).default('standard').describe('What each does: docs/builds.md.'),
    selectors: z
      .array(
        z
          .string()
          .regex(/^[A-Za-z0-9_@+*][A-Za-z0-9_.:+@*,/-]{0,199}$/, 'a selector of dbt, such as stg_orders+'),
      )
      .min(1)
      .max(50)
      .optional()
      .describe('Selectors of dbt; everything in the domain’s lane when left out.'),
    onlyIfNew: z
      .boolean()
      .optional()
      .describe('Only when there is data that the last good build has not read.'),
    force: z.boolean().optional().describe('Build also models of which nothing has changed.'),
    by,
  })
  .refine(({ mode, selectors }) => mode !== 'source' || selectors, {
    path: ['selectors'],
    message: 'of the mode source must name what to build, in its order',
  })
  .refine(({ mode, selectors }) => !selectors || (mode !== 'fast' && mode !== 'ci'), {
    path: ['selectors'],
    message: 'have no place here: fast builds what is tagged dashboard, and ci what differs',
  })

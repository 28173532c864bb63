import * as z from 'zod'
import {
  BackfillMoved,
  BackfillRequested,
  ExtractFinished,
  envelope,
  StageFailed,
} from '../../../events/catalog.js'

/** Every event after which a backfill may go on. */
export const waking = z.discriminatedUnion('detail-type', [
  envelope(BackfillRequested),
  envelope(BackfillMoved),
  envelope(ExtractFinished),
  envelope(StageFailed),
])

import * as z from 'zod'
import {
  ExtractFinished,
  envelope,
  GateFailed,
  GoldBuilt,
  RunStarted,
  SilverCompacted,
  SilverUpdated,
  StageFailed,
} from '../../../events/catalog.js'

/** Every event that tells of a run's start or end. */
export const waking = z.discriminatedUnion('detail-type', [
  envelope(RunStarted),
  envelope(SilverUpdated),
  envelope(GoldBuilt),
  envelope(ExtractFinished),
  envelope(SilverCompacted),
  envelope(GateFailed),
  envelope(StageFailed),
])

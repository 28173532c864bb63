import * as z from 'zod'
import { alarmStateChange, tick } from '../../../events/aws.js'
import {
  ExtractFinished,
  envelope,
  GateFailed,
  GoldBuilt,
  HealthDegraded,
  HealthRecovered,
  SchemaChanged,
  SilverCompacted,
  SilverUpdated,
  StageFailed,
} from '../../../events/catalog.js'

/** Every event that may open, join or close an incident. */
export const waking = z.discriminatedUnion('detail-type', [
  envelope(StageFailed),
  envelope(GateFailed),
  envelope(SchemaChanged),
  envelope(SilverUpdated),
  envelope(GoldBuilt),
  envelope(ExtractFinished),
  envelope(HealthDegraded),
  envelope(HealthRecovered),
  envelope(SilverCompacted),
  alarmStateChange,
  tick,
])

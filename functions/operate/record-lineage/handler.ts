import * as z from 'zod'
import {
  ExtractFinished,
  envelope,
  GateFailed,
  GoldBuilt,
  RunStarted,
  SilverUpdated,
  StageFailed,
} from '../../../events/catalog.js'
import { stage } from '../../../shared/stage.js'
import { lineageEffects, putLedger } from '../../lineage-wiring.js'
import { recordLineage } from './record-lineage.js'

const effects = lineageEffects()
const told = z.union([
  envelope(RunStarted),
  envelope(SilverUpdated),
  envelope(GoldBuilt),
  envelope(ExtractFinished),
  envelope(GateFailed),
  envelope(StageFailed),
])

/** Writes the lineage of runs in OpenLineage's words. */
export const handler = stage('record-lineage', told, putLedger(), (event) => recordLineage(effects, event))

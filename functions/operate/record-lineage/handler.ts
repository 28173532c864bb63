import { stage } from '../../../shared/stage.js'
import { lineageEffects, putLedger } from '../../lineage-wiring.js'
import { recordLineage } from './record-lineage.js'
import { waking } from './waking.js'

const effects = lineageEffects()

/** Writes the lineage of runs in OpenLineage's words. */
export const handler = stage('record-lineage', waking, putLedger(), (event) => recordLineage(effects, event))

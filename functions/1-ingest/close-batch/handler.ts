import * as z from 'zod'
import { envelope, LaneSettled, SyncFinished } from '../../../events/catalog.js'
import { project } from '../../../shared/declared.js'
import { stage } from '../../../shared/stage.js'
import { world } from '../../wiring.js'
import { batchClosed } from './close-batch.js'

const effects = { ...world(), project }
const events = z.discriminatedUnion('detail-type', [envelope(SyncFinished), envelope(LaneSettled)])

/** Lets a batch go that waited: its source has finished, or its time has passed. */
export const handler = stage('close-batch', events, effects.ledger, (event) => batchClosed(effects, event))

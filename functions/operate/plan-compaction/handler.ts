import * as z from 'zod'
import { CompactionReady, CompactionRequested, envelope } from '../../../events/catalog.js'
import { project } from '../../../shared/declared.js'
import { stage } from '../../../shared/stage.js'
import { compactStarter } from '../../compact-wiring.js'
import { compactionAsked } from './plan-compaction.js'

const effects = { ...compactStarter(), project }
const waking = z.discriminatedUnion('detail-type', [envelope(CompactionRequested), envelope(CompactionReady)])

/** Lets entities with new silver join their lanes of compaction, or starts the compaction that is ready. */
export const handler = stage('plan-compaction', waking, effects.ledger, (event) =>
  compactionAsked(effects, event),
)

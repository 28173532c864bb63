import * as z from 'zod'
import { ExtractReady, ExtractRequested, envelope } from '../../../events/catalog.js'
import { project } from '../../../shared/declared.js'
import { stage } from '../../../shared/stage.js'
import { extractStarter } from '../../extract-wiring.js'
import { extractAsked } from './start-extract.js'

const effects = { ...extractStarter(), project }
const waking = z.discriminatedUnion('detail-type', [envelope(ExtractRequested), envelope(ExtractReady)])

/** Lets a request join its source’s lane, or starts the extraction that is ready. */
export const handler = stage('start-extract', waking, effects.ledger, (event) => extractAsked(effects, event))

import * as z from 'zod'
import { taskStateChange } from '../../../events/aws.js'
import { envelope, PlatformJobEnded } from '../../../events/catalog.js'
import { stage } from '../../../shared/stage.js'
import { extractEnder } from '../../extract-wiring.js'
import { finishExtract } from './finish-extract.js'

const effects = extractEnder()
const ended = z.discriminatedUnion('detail-type', [taskStateChange, envelope(PlatformJobEnded)])

/** Takes in the end of an extraction, moves its source’s cursor and frees its lane. */
export const handler = stage('finish-extract', ended, effects.ledger, (event) =>
  finishExtract(effects, event),
)

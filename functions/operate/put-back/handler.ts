import * as z from 'zod'
import { envelope, ReplayRequested, RetryRequested, RunApproved } from '../../../events/catalog.js'
import { project } from '../../../shared/declared.js'
import { stage } from '../../../shared/stage.js'
import { world } from '../../wiring.js'
import { putBack } from './put-back.js'

const effects = { ...world(), project }
const requests = z.union([envelope(RetryRequested), envelope(RunApproved), envelope(ReplayRequested)])

/** Puts back what a person asked for. */
export const handler = stage('put-back', requests, effects.ledger, (event) => putBack(effects, event))

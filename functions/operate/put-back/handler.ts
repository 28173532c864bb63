import * as z from 'zod'
import {
  envelope,
  ForgetRequested,
  ReplayRequested,
  RetryRequested,
  RunApproved,
} from '../../../events/catalog.js'
import { project } from '../../../shared/declared.js'
import { stage } from '../../../shared/stage.js'
import { world } from '../../wiring.js'
import { putBack } from './put-back.js'

const effects = { ...world(), project }
const requests = z.discriminatedUnion('detail-type', [
  envelope(RetryRequested),
  envelope(RunApproved),
  envelope(ReplayRequested),
  envelope(ForgetRequested),
])

/** Puts back what a person asked for. */
export const handler = stage('put-back', requests, effects.ledger, (event) => putBack(effects, event))

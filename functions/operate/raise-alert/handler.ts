import * as z from 'zod'
import { alarmStateChange, tick } from '../../../events/aws.js'
import {
  ExtractFinished,
  envelope,
  GateFailed,
  GoldBuilt,
  SchemaChanged,
  SilverUpdated,
  StageFailed,
} from '../../../events/catalog.js'
import { project } from '../../../shared/declared.js'
import { stage } from '../../../shared/stage.js'
import { thePublisher, world } from '../../wiring.js'
import { alerted } from './raise-alert.js'

const effects = { ...world(), project, publish: thePublisher() }
const waking = z.union([
  envelope(StageFailed),
  envelope(GateFailed),
  envelope(SchemaChanged),
  envelope(SilverUpdated),
  envelope(GoldBuilt),
  envelope(ExtractFinished),
  alarmStateChange,
  tick,
])

/** Opens, joins and closes incidents. */
export const handler = stage('raise-alert', waking, effects.ledger, (event) => alerted(effects, event))

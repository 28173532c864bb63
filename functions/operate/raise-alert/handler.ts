import { project } from '../../../shared/declared.js'
import { stage } from '../../../shared/stage.js'
import { thePublisher, world } from '../../wiring.js'
import { alerted } from './raise-alert.js'
import { waking } from './waking.js'

const effects = { ...world(), project, publish: thePublisher() }

/** Opens, joins and closes incidents. */
export const handler = stage('raise-alert', waking, effects.ledger, (event) => alerted(effects, event))

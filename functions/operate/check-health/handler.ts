import { tick } from '../../../events/aws.js'
import { systemClock } from '../../../shared/clock.js'
import { project } from '../../../shared/declared.js'
import { stage } from '../../../shared/stage.js'
import { theLedger, thePublisher } from '../../wiring.js'
import { checkHealth } from './check-health.js'

const effects = { ledger: theLedger(), clock: systemClock, project, publish: thePublisher() }

/** Every 15 minutes: looks whether data is as fresh, as early, as tested and as large as it should be. */
export const handler = stage('check-health', tick, effects.ledger, async () => ({
  did: await checkHealth(effects),
}))

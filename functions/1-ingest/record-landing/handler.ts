import { objectCreated } from '../../../events/aws.js'
import { queueStage } from '../../../shared/stage.js'
import { landingEffects } from '../../wiring.js'
import { recordLandings } from './record-landing.js'

const effects = landingEffects()

/** Takes S3's events from the landing queue in batches; only the messages that failed come back. */
export const handler = queueStage('record-landing', objectCreated, async (events) => {
  const { failed, lanes } = await recordLandings(effects, events)
  return { failed, outcome: { did: `recorded ${events.length} files`, lanes } }
})

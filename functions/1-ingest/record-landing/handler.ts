import { objectCreated } from '../../../events/aws.js'
import { queueStage } from '../../../shared/stage.js'
import { landingEffects, putAllItems } from '../../wiring.js'
import { recordLandings } from './record-landing.js'

const effects = landingEffects()
const writer = { ledger: effects.ledger, putAll: putAllItems() }

/** Takes S3's events from the landing queue in batches; only the messages that failed come back. */
export const handler = queueStage('record-landing', objectCreated, writer, async (events) => {
  const { failed, fates, lanes } = await recordLandings(effects, events)
  return { failed, fates, outcome: { did: `recorded ${events.length} files`, lanes } }
})

import { envelope, GoldPublished } from '../../../events/catalog.js'
import { systemClock } from '../../../shared/clock.js'
import { stage } from '../../../shared/stage.js'
import { slackChannels } from '../../alert-wiring.js'
import { putLedger } from '../../wiring.js'
import { announce } from './announce.js'

const effects = { ledger: putLedger(), clock: systemClock, channels: slackChannels() }

/** Says in Slack what was published. */
export const handler = stage('announce', envelope(GoldPublished), effects.ledger, async ({ detail }) => ({
  runId: detail.runId,
  did: await announce(effects, detail),
}))

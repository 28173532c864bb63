import * as z from 'zod'
import { envelope, IncidentClosed, IncidentOpened } from '../../../events/catalog.js'
import { systemClock } from '../../../shared/clock.js'
import { stage } from '../../../shared/stage.js'
import { incidentChannels } from '../../alert-wiring.js'
import { putLedger } from '../../wiring.js'
import { sendAlert } from './send-alert.js'

const effects = { ledger: putLedger(), clock: systemClock, channels: incidentChannels() }
const incidents = z.discriminatedUnion('detail-type', [envelope(IncidentOpened), envelope(IncidentClosed)])

/** Tells people that an incident opened, or that it is over. */
export const handler = stage('send-alert', incidents, effects.ledger, async ({ detail }) => ({
  ...(detail.runId && { runId: detail.runId }),
  did: await sendAlert(effects, detail.incidentId),
}))

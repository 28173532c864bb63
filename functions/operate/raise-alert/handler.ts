import { PublishCommand, SNSClient } from '@aws-sdk/client-sns'
import * as z from 'zod'
import { envelope, GateFailed, StageFailed } from '../../../events/catalog.js'
import { systemClock } from '../../../shared/clock.js'
import { env } from '../../../shared/env.js'
import { stage } from '../../../shared/stage.js'
import { putLedger, thePublisher } from '../../wiring.js'
import { raiseAlert } from './raise-alert.js'

const sns = new SNSClient({})
const effects = {
  ledger: putLedger(),
  clock: systemClock,
  publish: thePublisher(),
  notify: async (Subject: string, Message: string) => {
    await sns.send(new PublishCommand({ TopicArn: env.ALERTS_TOPIC, Subject, Message }))
  },
}
const failures = z.union([envelope(StageFailed), envelope(GateFailed)])

/** Opens an incident for a failed run and tells people. */
export const handler = stage('raise-alert', failures, effects.ledger, async (event) => ({
  runId: event.detail.runId,
  did: await raiseAlert(effects, event['detail-type'], event.detail),
}))

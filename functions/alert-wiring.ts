import { setTimeout } from 'node:timers/promises'
import { email } from '../shared/alerts/email.js'
import type { Channel } from '../shared/alerts/notice.js'
import { pagerduty } from '../shared/alerts/pagerduty.js'
import { POST_LIMITS, type Poster } from '../shared/alerts/post.js'
import { PRIORITIES } from '../shared/alerts/priorities.js'
import { alertSecretReader } from '../shared/alerts/secret.js'
import { type SlackChannel, slack } from '../shared/alerts/slack.js'
import { systemClock } from '../shared/clock.js'
import { env } from '../shared/env.js'

/** The channels of the alerts, built from the environment and the secret. */

const poster: Poster = {
  limits: POST_LIMITS,
  wait: (milliseconds) => setTimeout(milliseconds),
  now: systemClock.now,
}
/** How people know one stage from another: the name of the stack, which is also that of its bus. */
const stack = () => env.BUS_NAME

/**
 * Who hears of incidents. E-mail needs no secret, so it is told also when the secret cannot be read; that then fails as
 * a channel of its own, and is tried again.
 */
export function incidentChannels(): () => Promise<Channel[]> {
  const read = alertSecretReader(env.ALERT_SECRETS)
  const mail = email(env.ALERTS_TOPIC, stack())
  return async () => {
    try {
      const { pagerdutyRoutingKey: routingKey, pagerdutyUrl: url, slackWebhookUrls = [] } = await read()
      const pages = routingKey ? [pagerduty({ routingKey, url, stack: stack() }, poster)] : []
      return [mail, ...pages, ...slackWebhookUrls.map((one) => slack({ url: one, stack: stack() }, poster))]
    } catch (error) {
      return [mail, unreadable(error)]
    }
  }
}

const unreadable = (error: unknown): Channel => ({
  name: 'secret',
  priorities: PRIORITIES,
  send: () => Promise.reject(error),
})

/** Who hears of publications. */
export function slackChannels(): () => Promise<SlackChannel[]> {
  const read = alertSecretReader(env.ALERT_SECRETS)
  return async () => {
    const { slackWebhookUrls = [] } = await read()
    return slackWebhookUrls.map((url) => slack({ url, stack: stack() }, poster))
  }
}

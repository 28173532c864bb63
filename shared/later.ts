import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { type delayed, type Outgoing, SOURCE } from '../events/catalog.js'
import { type Clock, iso, systemClock } from './clock.js'

/** SQS delays a message for 15 minutes at most (SQS API reference, SendMessage). */
export const LATER_SECONDS_MAX = 900

/** The events that may be put off. */
export type Delayed = Extract<Outgoing, { name: (typeof delayed)[number]['name'] }>

/**
 * Puts an event of ours on the bus after so many seconds, 900 at most; a longer wait is cut, and whoever hears the event
 * asks again. At least once, and some seconds late: what must not be missed needs the reconciler too.
 */
export type Later = (event: Delayed, seconds: number) => Promise<void>

/** Sends to the queue whose messages `put-later` puts on the bus. Its body is the envelope that the event will have. */
export function later(queueUrl: string, client = new SQSClient({}), clock: Clock = systemClock): Later {
  return async ({ name, detail }, seconds) => {
    const body = { id: clock.newId(), time: iso(clock.now()), source: SOURCE, 'detail-type': name, detail }
    await client.send(
      new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: JSON.stringify(body),
        DelaySeconds: Math.max(0, Math.min(LATER_SECONDS_MAX, Math.ceil(seconds))),
      }),
    )
  }
}

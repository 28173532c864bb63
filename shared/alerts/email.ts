import { PublishCommand, SNSClient, type SNSClientConfig } from '@aws-sdk/client-sns'
import type { Incident } from './incident.js'
import { type Channel, headline, lasted, lookAt, reasonOf, runsOf, type What } from './notice.js'
import { POST_LIMITS, type PostLimits } from './post.js'
import { HEARD_BY } from './priorities.js'

/** SNS takes subjects of at most 100 ASCII characters on one line (SNS API reference, Publish). */
const SUBJECT_MAX = 100

/**
 * SNS within the same bounds as the other channels: the SDK's own time-out is none, and a function that waits for it
 * tells nobody else.
 */
export function mailClient({ tries, timeoutMilliseconds }: Limits = POST_LIMITS, config?: SNSClientConfig) {
  const requestHandler = {
    connectionTimeout: timeoutMilliseconds,
    requestTimeout: timeoutMilliseconds,
    throwOnRequestTimeout: true,
    // Also while an answer that has begun does not end.
    socketTimeout: timeoutMilliseconds,
  }
  return new SNSClient({ ...config, maxAttempts: tries, requestHandler })
}
type Limits = Pick<PostLimits, 'tries' | 'timeoutMilliseconds'>

/** E-mail, through the topic of the stack: it is there in every stage, whoever listens. */
export function email(topicArn: string, stack: string, client = mailClient()): Channel {
  return {
    name: 'email',
    priorities: HEARD_BY.email,
    send: async (what, incident) => {
      const Subject = subjectOf(what, incident, stack)
      await client.send(
        new PublishCommand({ TopicArn: topicArn, Subject, Message: messageOf(what, incident) }),
      )
    },
  }
}

const subjectOf = (what: What, incident: Incident, stack: string) =>
  `${headline(what, incident)} (${stack})`.replace(/[^\x20-\x7e]/g, ' ').slice(0, SUBJECT_MAX)

function messageOf(what: What, incident: Incident): string {
  const { title, lane, cause, openedAt, closedAt } = incident
  const end = what === 'closed' ? `\nclosed    ${closedAt}, after ${lasted(incident)}` : ''
  const facts = `lane      ${lane}\ncause     ${cause}\nopened    ${openedAt}${end}`
  return [title, reasonOf(incident), facts, runsOf(incident), lookAt(incident)].filter(Boolean).join('\n\n')
}

import { createHash } from 'node:crypto'
import type { Incident } from './incident.js'
import { type Channel, headline, lasted, lookAt, reasonOf, runsOf, type What } from './notice.js'
import { type Poster, post } from './post.js'
import { HEARD_BY } from './priorities.js'

export interface SlackChannel extends Channel {
  /** Posts one text in Slack's mark-up. */
  say(text: string): Promise<void>
}

/** A Slack incoming webhook. Its name holds eight digits of the URL's digest: the URL itself is the secret. */
export function slack({ url, stack }: { url: string; stack: string }, poster: Poster): SlackChannel {
  const name = `slack-${createHash('sha256').update(url).digest('hex').slice(0, 8)}`
  const say = (text: string) => post({ channel: name, url, secrets: [] }, { text }, poster)
  return {
    name,
    priorities: HEARD_BY.slack,
    say,
    send: (what, incident) => say(textOf(what, incident, stack)),
  }
}

function textOf(what: What, incident: Incident, stack: string): string {
  const first = `*${escaped(headline(what, incident))}* (${escaped(stack)})`
  const runs = runsOf(incident)
  if (what === 'closed') return `${first}\nafter ${lasted(incident)}${runs ? `, ${escaped(runs)}` : ''}`
  const show = lookAt(incident)
  const quoted = escaped(reasonOf(incident)).replaceAll('\n', '\n>')
  return [first, `>${quoted}`, runs && escaped(runs), show && `\`${show}\``].filter(Boolean).join('\n')
}

/** Slack's mark-up gives these three a meaning of their own (Slack, "Formatting text"). */
export const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

import type { Incident } from './incident.js'
import { type Channel, headline, lookAt, reasonOf, type What } from './notice.js'
import { type Poster, post } from './post.js'
import { HEARD_BY, type Priority } from './priorities.js'

const PAGERDUTY_URL = 'https://events.pagerduty.com/v2/enqueue'

const SEVERITY = { P1: 'critical', P2: 'error', P3: 'warning', P4: 'info' } as const satisfies Record<
  Priority,
  string
>
/** PagerDuty takes a summary of at most 1,024 characters (Events API v2). */
const SUMMARY_MAX = 1_024
const RUNS_MAX = 20

/**
 * PagerDuty's Events API v2: a trigger opens its alert under our incident's id, a resolve with the same id ends it, and
 * either may come twice.
 */
export function pagerduty(
  { routingKey, url = PAGERDUTY_URL, stack }: { routingKey: string; url?: string | undefined; stack: string },
  poster: Poster,
): Channel {
  return {
    name: 'pagerduty',
    priorities: HEARD_BY.pagerduty,
    send: (what, incident) => {
      const body = { routing_key: routingKey, ...bodyOf(what, incident, stack) }
      return post({ channel: 'pagerduty', url, secrets: [routingKey] }, body, poster)
    },
  }
}

function bodyOf(what: What, incident: Incident, stack: string) {
  const { incidentId: dedup_key, priority, openedAt, lane, cause, runs, count } = incident
  if (what === 'closed') return { event_action: 'resolve', dedup_key }
  const show = lookAt(incident)
  return {
    event_action: 'trigger',
    dedup_key,
    client: 'Sluice',
    payload: {
      summary: `${stack}: ${headline(what, incident)}`.slice(0, SUMMARY_MAX),
      source: stack,
      severity: SEVERITY[priority],
      timestamp: openedAt,
      component: lane,
      class: cause,
      custom_details: {
        reason: reasonOf(incident),
        count,
        runs: runs.slice(0, RUNS_MAX),
        ...(show && { show }),
      },
    },
  }
}

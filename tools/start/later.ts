import type { Client } from '../../cli/client.js'
import { plain, shortened } from '../../cli/render.js'
import type { RunView } from '../../cli/run-text.js'
import { at, since, stepLine } from './watch.js'

/** What is looked at between two looks, after the first publication. */
export interface Look {
  domains: {
    domain: string
    edition: string | null
    rollback?: { from: string; by: string; why: string } | null
  }[]
  runs: RunView[]
  incidents: { incidentId: string; state: string; priority: string; title: string }[]
}

const LOOK_MILLISECONDS = 3_000
/** As many of the newest runs and incidents as a look sees. */
const SEEN_MAX = 50
const WHY_MAX = 60

/** Each publication, failure and incident since the look before, as a line; `time` in seconds. */
export function news(before: Look, now: Look, time: number): string[] {
  const line = (what: string, subject: string, state: string, detail: string) =>
    `${at(time)}  ${what.padEnd(8)}  ${subject.padEnd(14)}  ${state.padEnd(10)}  ${plain(detail)}`
  const editions = new Map(before.domains.map(({ domain, edition }) => [domain, edition]))
  const published = now.domains.flatMap(({ domain, edition, rollback }) => {
    if (!edition || edition === editions.get(domain)) return []
    if (rollback) {
      const why = `${edition}, by ${rollback.by}: ${shortened(rollback.why, WHY_MAX)}`
      return [line('gold', domain, 'back to', why)]
    }
    return [line('gold', domain, 'published', `edition ${edition}`)]
  })
  const states = new Map(before.runs.map(({ runId, state }) => [runId, state]))
  const failed = now.runs.filter(({ runId, state }) => state === 'PARKED' && states.get(runId) !== state)
  const known = new Map(before.incidents.map(({ incidentId, state }) => [incidentId, state]))
  const told = now.incidents.filter(({ incidentId, state }) => known.get(incidentId) !== state)
  return [
    ...failed.reverse().map((run) => `${stepLine(run, time)}  npx sluice show ${run.runId}`),
    ...told
      .reverse()
      .map(({ incidentId, state, priority, title }) =>
        line(
          'incident',
          priority,
          state === 'open' ? 'opened' : state,
          `${title}  npx sluice why ${incidentId}`,
        ),
      ),
    ...published,
  ]
}

async function look(api: Client): Promise<Look> {
  const limit = String(SEEN_MAX)
  const [{ domains }, { runs }, { incidents }] = await Promise.all([
    api.get<Pick<Look, 'domains'>>('/status'),
    api.get<Pick<Look, 'runs'>>('/runs', { limit }),
    api.get<Pick<Look, 'incidents'>>('/incidents', { limit }),
  ])
  return { domains, runs, incidents }
}

/**
 * Goes on telling, a line each, what is published, what fails and what people are told of. It has no end: the timer keeps
 * no process alive, and a look that nobody answers is one that comes later.
 */
export async function tellOn(api: Client, begun: number, say: (line: string) => void): Promise<never> {
  let before: Look | undefined
  for (;;) {
    const now = await look(api).catch(() => undefined)
    if (before && now) for (const line of news(before, now, since(begun))) say(line)
    before = now ?? before
    await new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS).unref())
  }
}

import { incidentKey } from '../../../../shared/alerts/incident.js'
import type { Item, LedgerReader } from '../../../../shared/ledger.js'
import { brief, runOf } from './follow.js'
import { type Said, say } from './said.js'

const RUNS_MAX = 5
const TELLINGS_MAX = 50

/** An incident in one sentence. */
export const incidentSaid = ({ incidentId, priority, title, reason, openedAt }: Item): Said =>
  say(`a ${priority} incident was opened: ${title}: ${reason}`, openedAt, incidentId)

/** An incident: what it is about, who was told, and its end. */
export async function incidentAnswer(ledger: LedgerReader, incident: Item): Promise<Said[]> {
  const { incidentId, under, closedAt } = incident
  const runs = ((incident.runs ?? []) as string[]).slice(0, RUNS_MAX)
  const about = await Promise.all(runs.map((runId) => aboutSaid(ledger, runId)))
  const silenced = under
    ? [say(`people are told of incident ${under} alone, which is before it`, undefined, under)]
    : []
  const told = await ledger.query(incidentKey(String(incidentId)).PK, {
    prefix: 'SENT#',
    limit: TELLINGS_MAX,
  })
  const closed = closedAt ? [say('it was closed', closedAt)] : []
  return [incidentSaid(incident), ...about, ...silenced, ...told.items.map(toldSaid), ...closed]
}

async function aboutSaid(ledger: LedgerReader, runId: string): Promise<Said> {
  const run = await runOf(ledger, runId)
  return say(`it is about run ${runId}${run ? `; ${brief(run, runId)}` : ''}`, undefined, runId)
}

/** One telling, from `SENT#<channel>#opened` or `#closed`. */
function toldSaid({ SK, state, why, at }: Item): Said {
  const [, channel, what] = SK.split('#')
  const because = why ? `: ${why}` : ''
  if (state === 'sent') return say(`${channel} was told that it ${what}`, at)
  return say(
    `telling ${channel} that it ${what} ${state === 'failed' ? 'failed' : 'is being tried'}${because}`,
    at,
  )
}

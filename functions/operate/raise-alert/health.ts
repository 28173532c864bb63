import type { Detail, HealthDegraded, HealthRecovered } from '../../../events/catalog.js'
import { drive } from '../../../shared/alerts/drive.js'
import { type IncidentEffects, incidentOf } from '../../../shared/alerts/incident.js'
import { openOrJoin } from '../../../shared/alerts/open.js'
import { type HealthKind, type HealthState, healthKey } from '../../../shared/health/finding.js'

const TITLES: Record<HealthKind, (subject: string) => string> = {
  source: (subject) => `${subject} is stale`,
  lag: (subject) => `builds of ${subject} are behind`,
  objective: (subject) => `${subject} gets its data late`,
  tests: (subject) => `checks of ${subject} failed`,
  rows: (subject) => `${subject} has an unusual number of rows`,
}

/** Tells of data that is not well, unless it has recovered meanwhile: what the ledger says counts, not the event. */
export async function degraded(
  effects: IncidentEffects,
  { finding, kind, subject, lane, cause, reason, priority }: Detail<typeof HealthDegraded>,
): Promise<string> {
  const now = (await effects.ledger.get(healthKey(finding))) as HealthState | undefined
  if (now?.state !== 'degraded' || now.cause !== cause) return `${finding} has changed since`
  const title = TITLES[kind](subject)
  const { incident, did } = await openOrJoin(effects, { cause, lane, priority, title, reason, health: true })
  await drive(effects, incident)
  return did === 'known' ? `known in ${incident.incidentId}` : `opened ${incident.incidentId}`
}

/** Closes the incident of what has recovered, if nothing else of its cause is left. */
export async function recovered(
  effects: IncidentEffects,
  { cause }: Detail<typeof HealthRecovered>,
): Promise<string> {
  const incident = await incidentOf(effects, cause)
  return incident ? drive(effects, incident) : 'no incident is open here'
}

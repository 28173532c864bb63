import { iso } from '../clock.js'
import { Contention } from '../errors.js'
import { absent, INDEXED, is, type Write } from '../ledger.js'
import { drive } from './drive.js'
import {
  alertEntryKey,
  type Incident,
  type IncidentEffects,
  incidentKey,
  incidentOf,
  type Note,
  openKey,
  RUNS_NAMED_MAX,
  readIncident,
} from './incident.js'
import type { Priority } from './priorities.js'
import { upstreamOf } from './upstream.js'

/** A failure, or an alarm, with what an incident says of it. */
export interface Finding {
  cause: string
  lane: string
  priority: Priority
  title: string
  reason: string
  runId?: string
  alarm?: string
  note?: Note
  health?: true
}

/** Rounds against other findings of the same cause, before the event is given back. */
const ROUNDS_MAX = 5

/**
 * Lets a finding join the open incident of its cause, or opens one: of any number at once, one opens it and the others
 * join. A run stands in one incident for ever, and a repeat finds that. Throws `Contention` after 5 lost rounds.
 */
export async function openOrJoin(
  effects: IncidentEffects,
  finding: Finding,
): Promise<{ incident: Incident; did: 'opened' | 'joined' | 'known' }> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const own = finding.runId && (await effects.ledger.get(alertEntryKey(finding.runId)))
    const known = own
      ? await readIncident(effects, String(own.incidentId))
      : await incidentOf(effects, finding.cause)
    if (known && (own || (known.state === 'open' && !finding.runId))) return { incident: known, did: 'known' }
    if (!known) {
      const incident = await open(effects, finding)
      if (incident) return { incident, did: 'opened' }
    } else if (known.state === 'closed') {
      // It is over, and whoever closed it may have died before everybody knew: first that, then a new one.
      await drive(effects, known)
    } else if (await join(effects, known, finding)) {
      const incident = (await readIncident(effects, known.incidentId)) as Incident
      return { incident, did: 'joined' }
    }
  }
  throw new Contention(`the incident of ${finding.cause} was contended in ${ROUNDS_MAX} rounds`)
}

async function open(effects: IncidentEffects, finding: Finding): Promise<Incident | undefined> {
  const { ledger, clock } = effects
  const upstream = await upstreamOf(effects, finding)
  const incidentId = clock.newId()
  const openedAt = iso(clock.now())
  const { cause, lane, priority, title, reason, runId, alarm, note, health } = finding
  const incident: Incident = {
    ...incidentKey(incidentId),
    ...{ incidentId, cause, lane, lanes: [lane], priority, title, reason },
    ...{ runs: runId ? [runId] : [], count: 1, state: 'open', openedAt },
    ...{ incidentsPk: INDEXED, incidentsAt: `${openedAt}#${incidentId}` },
    ...(alarm && { alarm }),
    ...(note && { note }),
    ...(health && { health }),
    ...(upstream && { under: upstream.incidentId }),
  }
  const written = await ledger.write(
    { put: incident, when: [absent('PK')] },
    { put: { ...openKey(cause), incidentId }, when: [absent('PK')] },
    ...entry(finding, incidentId, openedAt),
  )
  return written.done ? incident : undefined
}

async function join({ ledger, clock }: IncidentEffects, known: Incident, finding: Finding): Promise<boolean> {
  const { incidentId, lanes, runs, count } = known
  const { lane, runId } = finding
  const isNamed = runId && runs.length < RUNS_NAMED_MAX
  const written = await ledger.write(
    {
      update: incidentKey(incidentId),
      set: { count: count + 1, ...(!lanes.includes(lane) && { lanes: [...lanes, lane] }) },
      ...(isNamed && { append: { runs: [runId] } }),
      when: [is('state', 'open'), is('count', count)],
    },
    ...entry(finding, incidentId, iso(clock.now())),
  )
  return written.done
}

/** The proof that a run stands in an incident: once, in the transaction that puts it there. */
const entry = ({ runId }: Finding, incidentId: string, at: string): Write[] =>
  runId ? [{ put: { ...alertEntryKey(runId), incidentId, at }, when: [absent('PK')] }] : []

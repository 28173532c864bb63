import { type Detail, IncidentClosed, IncidentOpened } from '../../events/catalog.js'
import { UNHEARD_SECONDS } from '../bounds.js'
import { iso } from '../clock.js'
import { absent, is, present } from '../ledger.js'
import {
  closingKey,
  heardKey,
  type Incident,
  type IncidentEffects,
  incidentKey,
  isOutOfDate,
  openIncidents,
  openKey,
  readIncident,
} from './incident.js'
import { isOver } from './recovery.js'
import { upstreamOf } from './upstream.js'

/**
 * Drives an incident to where it should be, any number of callers at once: told unless it is silenced, closed when
 * nothing of it is unresolved, and forgotten as an open one once the bus knows. Each step is one conditional write, and
 * a repeat goes on where the last one died.
 */
export async function drive(effects: IncidentEffects, seen: Incident): Promise<string> {
  const { ledger, clock } = effects
  if (seen.state === 'closed') return endTelling(effects, seen)
  if (!(await isOver(effects, seen))) return seen.under ? unsilence(effects, seen) : tell(effects, seen)
  const closed = await ledger.write({
    update: incidentKey(seen.incidentId),
    set: { state: 'closed', closedAt: iso(clock.now()) },
    // A run that joined meanwhile changed the count: then it is for the next look to decide.
    when: [is('state', 'open'), is('count', seen.count)],
  })
  const now = await readIncident(effects, seen.incidentId)
  if (!closed.done && now?.state !== 'closed') return 'another run joined it'
  return endTelling(effects, now as Incident)
}

/**
 * Tells the bus that an incident opened: once, again when nobody has heard of it, and once a day while it goes on. Twice
 * after a crash in between, never not at all.
 */
async function tell(effects: IncidentEffects, incident: Incident): Promise<string> {
  const { ledger, clock, publish } = effects
  const { incidentId, toldAt, count } = incident
  if (toldAt && (await isTold(effects, incident, toldAt))) return 'people know'
  await publish([{ name: IncidentOpened.name, detail: detailOf(incident) }])
  await ledger.write({
    update: incidentKey(incidentId),
    set: { toldAt: iso(clock.now()), toldCount: count },
    remove: ['under'],
    when: [present('incidentId'), toldAt ? is('toldAt', toldAt) : absent('toldAt')],
  })
  return 'told'
}

async function isTold(
  { ledger, clock }: IncidentEffects,
  incident: Incident,
  toldAt: string,
): Promise<boolean> {
  const now = clock.now()
  if (now - Date.parse(toldAt) < UNHEARD_SECONDS * 1_000) return true
  if (isOutOfDate({ at: toldAt, count: incident.toldCount ?? 0 }, incident, now)) return false
  return (await ledger.get(heardKey(incident.incidentId, 'opened'))) !== undefined
}

/** Tells of a silenced incident when what silenced it is over, unless another one silences it by now. */
async function unsilence(effects: IncidentEffects, incident: Incident): Promise<string> {
  const under = String(incident.under)
  if ((await readIncident(effects, under))?.state === 'open') return `silenced under ${under}`
  const other = await upstreamOf(effects, incident)
  if (!other) return tell(effects, incident)
  const written = await effects.ledger.write(
    {
      update: incidentKey(incident.incidentId),
      set: { under: other.incidentId },
      when: [is('under', under), is('state', 'open')],
    },
    // The end of the other one must not miss what it silences.
    { check: incidentKey(other.incidentId), when: [is('state', 'open')] },
  )
  return written.done ? `silenced under ${other.incidentId}` : 'somebody else looks after it'
}

/** Lets what this incident silenced speak, tells the bus that it is over, and makes way for the next of its cause. */
async function endTelling(effects: IncidentEffects, incident: Incident): Promise<string> {
  const { ledger, publish } = effects
  const { incidentId, cause } = incident
  if ((await ledger.get(openKey(cause)))?.incidentId !== incidentId) return waitForEar(effects, incident)
  const others = await openIncidents(effects)
  for (const other of others) if (other.under === incidentId) await drive(effects, other)
  // Also of one that was silenced to its end: who was not told of its opening hears nothing of this either.
  await publish([{ name: IncidentClosed.name, detail: detailOf(incident) }])
  await ledger.write(
    { remove: openKey(cause), when: [is('incidentId', incidentId)] },
    { put: { ...closingKey(incidentId), incidentId } },
  )
  return 'closed'
}

/** Forgets a closed incident when whoever tells people has heard of its end, and tells of it again until then. */
async function waitForEar({ ledger, clock, publish }: IncidentEffects, incident: Incident): Promise<string> {
  const { incidentId, closedAt } = incident
  if (await ledger.get(heardKey(incidentId, 'closed'))) {
    await ledger.write({ remove: closingKey(incidentId) })
    return 'everybody knows of its end'
  }
  if (clock.now() - Date.parse(String(closedAt)) < UNHEARD_SECONDS * 1_000) return 'its end is being told'
  await publish([{ name: IncidentClosed.name, detail: detailOf(incident) }])
  return 'told of its end again'
}

function detailOf(incident: Incident): Detail<typeof IncidentOpened> {
  const { incidentId, priority, title, cause, lane, runs, reason } = incident
  const [runId] = runs
  return { incidentId, priority, title, cause, lane, ...(runId && { runId }), reason }
}

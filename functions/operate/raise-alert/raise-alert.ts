import type { AlarmStateChange, Tick } from '../../../events/aws.js'
import {
  type Detail,
  ExtractFinished,
  GateFailed,
  GoldBuilt,
  HealthDegraded,
  HealthRecovered,
  type Heard,
  SchemaChanged,
  SilverCompacted,
  SilverUpdated,
  StageFailed,
} from '../../../events/catalog.js'
import { causeOf, mayConcern } from '../../../shared/alerts/cause.js'
import { drive } from '../../../shared/alerts/drive.js'
import {
  alarmKey,
  closingIncidents,
  type IncidentEffects,
  incidentOf,
  openIncidents,
} from '../../../shared/alerts/incident.js'
import { type Finding, openOrJoin } from '../../../shared/alerts/open.js'
import { COLUMN_ADDED, DEAD_LETTERS, FAULTS, priorityOf } from '../../../shared/alerts/priorities.js'
import { laneKind, laneName } from '../../../shared/lane.js'
import type { Outcome } from '../../../shared/observe.js'
import { type Run, runKey } from '../../../shared/run.js'
import { degraded, recovered } from './health.js'

export type RaiseAlertEffects = IncidentEffects
export type Failure = Detail<typeof StageFailed> | Detail<typeof GateFailed>
type Ours = Heard<
  | typeof StageFailed
  | typeof GateFailed
  | typeof SchemaChanged
  | typeof SilverUpdated
  | typeof GoldBuilt
  | typeof ExtractFinished
  | typeof HealthDegraded
  | typeof HealthRecovered
  | typeof SilverCompacted
>
/** What wakes the stage, as far as it reads it. */
export type Waking =
  | Ours
  | Pick<AlarmStateChange, 'time' | 'detail-type' | 'detail'>
  | Pick<Tick, 'detail-type'>

/** Opens, joins, tells and closes incidents: a failure, a recovery, an alarm, or a look at all that are open. */
export async function alerted(effects: RaiseAlertEffects, event: Waking): Promise<Outcome> {
  switch (event['detail-type']) {
    case StageFailed.name:
    case GateFailed.name:
      return { runId: event.detail.runId, did: await raiseAlert(effects, event.detail) }
    case SchemaChanged.name:
      return { runId: event.detail.runId, did: await noteColumns(effects, event.detail) }
    case SilverUpdated.name: {
      const { runId, entity } = event.detail
      return { runId, did: await lookAfter(effects, laneName('cleanse', entity)) }
    }
    case ExtractFinished.name:
    case SilverCompacted.name:
    case GoldBuilt.name: {
      const { runId } = event.detail
      const run = (await effects.ledger.get(runKey(runId))) as Run | undefined
      return { runId, did: await lookAfter(effects, run?.lane) }
    }
    case HealthDegraded.name:
      return { did: await degraded(effects, event.detail) }
    case HealthRecovered.name:
      return { did: await recovered(effects, event.detail) }
    case 'CloudWatch Alarm State Change':
      return { did: await alarmChanged(effects, event) }
    case 'Scheduled Event':
      return { did: await lookAfter(effects) }
  }
}

/** Puts a failed run into the incident of its cause, and opens that when there is none. */
export async function raiseAlert(effects: RaiseAlertEffects, failure: Failure): Promise<string> {
  const run = (await effects.ledger.get(runKey(failure.runId))) as Run | undefined
  const { incident, did } = await openOrJoin(effects, findingOf(failure, run))
  await drive(effects, incident)
  const { incidentId, priority } = incident
  if (did === 'known') return `this run is in the incident ${incidentId} already`
  return did === 'opened'
    ? `opened the ${priority} incident ${incidentId}`
    : `joined the open incident ${incidentId}`
}

function findingOf({ runId, lane, subject, failureClass: fault, reason }: Failure, run?: Run): Finding {
  const kind = laneKind(lane)
  const { reaches, title } = FAULTS[fault]
  const whose = reaches === 'lane' ? `${kind} of ${subject}` : `every ${kind}`
  const cause = causeOf({ lane, kind, fault, reason, engine: run?.engine })
  return { cause, lane, priority: priorityOf(fault, kind), title: `${whose}: ${title}`, reason, runId }
}

/** Notes columns that came without being declared; what holds a batch is told with the gate that held it. */
async function noteColumns(
  effects: RaiseAlertEffects,
  { entity, runId, change, columns }: Detail<typeof SchemaChanged>,
): Promise<string> {
  if (change !== 'added') return 'its gate tells of it'
  const lane = laneName('cleanse', entity)
  const names = columns.map(({ name }) => name)
  const reason = `${names.join(', ')}: in the data, and in no contract of ${entity}. Its rows pass without it`
  const { priority, title } = COLUMN_ADDED
  const cause = `${lane}:column_added:${runId}`
  const finding = { cause, lane, priority, reason, runId, note: { entity, columns: names } }
  const { incident, did } = await openOrJoin(effects, { ...finding, title: `cleanse of ${entity}: ${title}` })
  await drive(effects, incident)
  return did === 'known' ? 'noted already' : `noted ${names.join(', ')} in ${incident.incidentId}`
}

/** Looks after the open incidents that may concern a lane, or after all; one that fails does not keep the others. */
async function lookAfter(effects: RaiseAlertEffects, lane?: string): Promise<string> {
  const incidents = await openIncidents(effects, (cause) => !lane || mayConcern(cause, lane))
  if (!lane) incidents.push(...(await closingIncidents(effects)))
  const errors: unknown[] = []
  let closed = 0
  for (const incident of incidents) {
    const did = await drive(effects, incident).catch((error: unknown) => void errors.push(error))
    if (did === 'closed') closed += 1
  }
  if (errors.length > 0) throw new AggregateError(errors, `could not look after ${errors.length} incidents`)
  return incidents.length === 0
    ? 'no incident is open here'
    : `closed ${closed} of ${incidents.length} incidents`
}

/** An alarm's own time decides, for its changes may come twice and in any order: ALARM opens, OK closes. */
async function alarmChanged(
  effects: RaiseAlertEffects,
  { time, detail }: Pick<AlarmStateChange, 'time' | 'detail'>,
): Promise<string> {
  const { ledger } = effects
  const { alarmName: alarm, state } = detail
  const at = Date.parse(state.timestamp ?? time)
  await ledger.write({
    update: alarmKey(alarm),
    set: { value: state.value, reason: state.reason, at },
    when: [{ attribute: 'at', below: at, orAbsent: true }],
  })
  const now = await ledger.get(alarmKey(alarm))
  const queue = /[A-Za-z]+DeadLetters/.exec(alarm)?.[0] ?? alarm
  const cause = `dead_letters:${queue}`
  if (now?.value === 'ALARM') {
    const { priority, title } = DEAD_LETTERS
    const finding = { cause, lane: `queue:${queue}`, priority, alarm, reason: String(now.reason) }
    await openOrJoin(effects, { ...finding, title: `${title} ${queue}` })
  }
  const incident = await incidentOf(effects, cause)
  return incident ? drive(effects, incident) : `${queue} is ${now?.value}`
}

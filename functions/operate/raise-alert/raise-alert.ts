import {
  type Detail,
  type Event,
  GateFailed,
  IncidentOpened,
  type Outgoing,
  StageFailed,
} from '../../../events/catalog.js'
import { type Clock, iso } from '../../../shared/clock.js'
import { absent, type ItemLedger } from '../../../shared/ledger.js'

export interface RaiseAlertEffects {
  ledger: ItemLedger
  clock: Clock
  publish(events: Outgoing[]): Promise<void>
  /** Tells people: a subject of at most 100 characters and a text. */
  notify(subject: string, text: string): Promise<void>
}

export type Failure = Detail<typeof StageFailed> | Detail<typeof GateFailed>

/** SNS takes subjects of at most 100 characters (SNS API reference, Publish). */
const SUBJECT_MAX = 100

/** The ledger's proof that people were told of a failed run. */
export const incidentKey = (runId: string) => ({ PK: `INCIDENT#run:${runId}`, SK: 'META' })

/** Opens one incident per failed run and tells people while it is new: twice after a crash in between, never not at all. */
export async function raiseAlert(
  effects: RaiseAlertEffects,
  name: Event['name'],
  failure: Failure,
): Promise<string> {
  const { ledger, clock } = effects
  const { runId, kind, subject, lane, reason, failureClass: cause } = failure
  const priority = name === StageFailed.name ? ('P1' as const) : ('P2' as const)
  const title = `${kind} of ${subject}: ${name === GateFailed.name ? 'held at the gate' : 'failed'}`
  const opened = !(await ledger.get(incidentKey(runId)))
  if (opened) {
    const text = `${title}\n\n${reason}\n\nnpx sluice show ${runId}`
    await effects.notify(`[${priority}] ${title}`.slice(0, SUBJECT_MAX), text)
    const incident = { ...incidentKey(runId), runId, priority, title, reason, openedAt: iso(clock.now()) }
    await ledger.write({ put: incident, when: [absent('PK')] })
  }
  // Also on a repeat: the stage may have died before this, and the incident's id makes a second telling harmless.
  await effects.publish([
    {
      name: IncidentOpened.name,
      detail: { incidentId: `run:${runId}`, runId, priority, title, cause, lane, reason },
    },
  ])
  return opened ? `opened a ${priority} incident` : 'this incident is open already'
}

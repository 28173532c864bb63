import { deliver, type Sending, sentKey } from '../../../shared/alerts/deliver.js'
import { heardKey, type Incident, incidentKey, isOutOfDate } from '../../../shared/alerts/incident.js'
import type { Channel, What } from '../../../shared/alerts/notice.js'
import { iso } from '../../../shared/clock.js'
import { TransientError } from '../../../shared/errors.js'
import type { Item } from '../../../shared/ledger.js'

export interface SendAlertEffects extends Sending {
  /** The channels that are configured now. */
  channels(): Promise<Channel[]>
}

/**
 * Brings every channel to what the ledger says of an incident. The event is only a hint, for an opening and a closing
 * may overtake each other. Channels are told side by side and apart: one that fails is tried again alone.
 */
export async function sendAlert(effects: SendAlertEffects, incidentId: string): Promise<string> {
  const incident = await read(effects, incidentId)
  const channels = (await effects.channels()).filter((channel) => hears(channel, incident))
  const told = await Promise.allSettled(channels.map((channel) => bring(effects, channel, incident)))
  const what = incident.state === 'open' ? 'opened' : 'closed'
  const heard = { ...heardKey(incidentId, what), at: iso(effects.clock.now()) }
  // While every channel is dead nobody has heard, and the incident is announced again until one has. Once one has,
  // what the others lack is Lambda's to try again.
  const reached = channels.length === 0 || told.some(({ status }) => status === 'fulfilled')
  if (reached) await effects.ledger.write({ put: heard })
  const failed = told.flatMap((one) => (one.status === 'rejected' ? [(one.reason as Error).message] : []))
  if (failed.length > 0) throw new TransientError(`not told: ${failed.join('; ')}`)
  const did = told.flatMap((one) => (one.status === 'fulfilled' && one.value ? [one.value] : []))
  return did.length > 0 ? did.join(', ') : 'nobody has to be told'
}

/** An alarm mails through its own action, so that it reaches people also when this function is what is broken. */
const hears = ({ name, priorities }: Channel, { priority, alarm }: Incident) =>
  priorities.includes(priority) && !(alarm && name === 'email')

async function read({ ledger }: SendAlertEffects, incidentId: string): Promise<Incident> {
  const incident = (await ledger.get(incidentKey(incidentId))) as Incident | undefined
  if (!incident) throw new TransientError(`the ledger does not know the incident ${incidentId} yet`)
  return incident
}

async function bring(
  effects: SendAlertEffects,
  channel: Channel,
  incident: Incident,
): Promise<string | undefined> {
  if (incident.state === 'open') {
    if (!(await send(effects, channel, 'opened', incident))) return undefined
    const now = await read(effects, incident.incidentId)
    if (now.state === 'open') return `${channel.name}: opened`
    // It closed meanwhile. Whoever told so may have been faster than the opening: then it is said once more.
    if (!(await send(effects, channel, 'closed', now))) await channel.send('closed', now)
    return `${channel.name}: opened and closed`
  }
  const heard = await effects.ledger.get(sentKey(incident.incidentId, channel, 'opened'))
  if (!heard) return undefined
  return (await send(effects, channel, 'closed', incident)) ? `${channel.name}: closed` : undefined
}

function send(effects: SendAlertEffects, channel: Channel, what: What, incident: Incident): Promise<boolean> {
  const { incidentId, count } = incident
  const record = { ...sentKey(incidentId, channel, what), incidentId, channel: channel.name, what, count }
  const stale = ({ at, count: told }: Item) =>
    what === 'opened' && isOutOfDate({ at: String(at), count: Number(told) }, incident, effects.clock.now())
  return deliver(effects, record, () => channel.send(what, incident), stale)
}

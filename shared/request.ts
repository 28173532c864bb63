import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { type Outgoing, SOURCE } from '../events/catalog.js'
import { EventsRefused } from './errors.js'

/**
 * Puts the one event of a person's request on Sluice's bus and gives the id under which EventBridge delivers it, so
 * that the person can ask what became of it. Throws `EventsRefused` when EventBridge does not take it.
 */
export const putRequest =
  (busName: string, client = new EventBridgeClient({})) =>
  async (event: Outgoing): Promise<string> => {
    const Detail = JSON.stringify(event.detail)
    const entry = { EventBusName: busName, Source: SOURCE, DetailType: event.name, Detail }
    const answer = await client.send(new PutEventsCommand({ Entries: [entry] }))
    const [put] = answer.Entries ?? []
    if (!put?.EventId) throw new EventsRefused([put?.ErrorCode ?? 'no answer'])
    return put.EventId
  }

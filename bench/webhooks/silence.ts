import { DisableRuleCommand, EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge'
import { PlatformJobEnded, SyncFinished, SyncNoticed } from '../../events/catalog.js'

/** Nothing that a sync triggers runs while the door is measured; gives how many rules were silenced. */
export async function silenceConsumers(EventBusName: string): Promise<number> {
  const client = new EventBridgeClient({})
  const names: string[] = [SyncFinished.name, SyncNoticed.name, PlatformJobEnded.name]
  const { Rules = [] } = await client.send(new ListRulesCommand({ EventBusName, Limit: 100 }))
  const listening = Rules.filter(({ EventPattern = '' }) =>
    names.some((name) => EventPattern.includes(`"${name}"`)),
  )
  for (const { Name } of listening) await client.send(new DisableRuleCommand({ Name, EventBusName }))
  return listening.length
}

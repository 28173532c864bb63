import { type Outgoing, RollbackRequested } from '../../../events/catalog.js'
import { rollbackKey } from '../../../shared/editions.js'
import type { World } from '../../../shared/lane.js'
import { postpone } from './drive-run.js'

/** Puts a rollback on the bus again whose tables have not followed; its record ends that, not our PutEvents. */
export async function driveRollback(
  effects: Pick<World, 'ledger' | 'clock'> & { publish(events: Outgoing[]): Promise<void> },
  id: string,
): Promise<string> {
  const record = await effects.ledger.get(rollbackKey(id))
  if (!record?.dueAt) return 'its tables have followed'
  const detail = RollbackRequested.detail.parse(record)
  await effects.publish([{ name: RollbackRequested.name, detail }])
  await postpone(effects, record)
  return 'asked again'
}

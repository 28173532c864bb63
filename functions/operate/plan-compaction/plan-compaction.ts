import {
  type CompactionReady,
  CompactionRequested,
  type Detail,
  type Heard,
} from '../../../events/catalog.js'
import { claim } from '../../../shared/claim.js'
import { silverCount } from '../../../shared/cleanse.js'
import { compactLane, compactState } from '../../../shared/compact.js'
import type { Declared } from '../../../shared/declared.js'
import { requestKey } from '../../../shared/extract.js'
import { join, registerLane, type World } from '../../../shared/lane.js'
import type { Outcome } from '../../../shared/observe.js'
import { eachAtOnce } from '../../../shared/parallel.js'
import { type StartEffects, startRun } from '../../../shared/start-run.js'

type Waking = Heard<typeof CompactionRequested | typeof CompactionReady>

const ENTITIES_AT_ONCE = 8

/** Lets entities with new silver join their lanes of compaction, or starts the compaction that is ready. */
export async function compactionAsked(
  effects: StartEffects & { project: Pick<Declared, 'entities'> },
  event: Waking,
): Promise<Outcome> {
  if (event['detail-type'] === CompactionRequested.name)
    return { did: await requestCompaction(effects, event.detail) }
  const { runId } = event.detail
  return { runId, did: await startRun(effects, runId) }
}

/** One entity, or all that are declared; each asks once however often the request comes. */
async function requestCompaction(
  effects: World & { project: Pick<Declared, 'entities'> },
  { entity, ...asked }: Detail<typeof CompactionRequested>,
): Promise<string> {
  const { entities } = effects.project
  if (entity !== undefined && !Object.hasOwn(entities, entity))
    return `refused: there is no entity "${entity}"`
  const joined: string[] = []
  const all = entity === undefined ? Object.keys(entities) : [entity]
  await eachAtOnce(all, ENTITIES_AT_ONCE, async (one) => {
    if (await hasNew(effects, one)) {
      await joinLane(effects, one, asked)
      joined.push(one)
    }
  })
  return joined.length > 0 ? `asked for ${joined.sort().join(', ')}` : 'no entity has new silver'
}

/** Two reads say whether anything was committed since the last look. */
async function hasNew({ ledger }: Pick<World, 'ledger'>, entity: string): Promise<boolean> {
  return (await silverCount(ledger, entity)) > (await compactState(ledger, entity)).upTo
}

async function joinLane(
  world: World,
  entity: string,
  { requestId, today, by }: Omit<Detail<typeof CompactionRequested>, 'entity'>,
): Promise<void> {
  const lane = compactLane(entity)
  await registerLane(world, lane)
  const input = { requestId, ...(today && { today }), ...(by && { by }) }
  // Whatever waits for Glue goes before it: nobody waits for a compaction.
  const owner = { ...requestKey(lane, requestId), entity, ...input }
  await join(world, lane, { owner, input, bytes: 0, priority: 'low' })
  await claim(world, lane)
}

import type { Detail, Heard, LaneSettled, SyncFinished } from '../../../events/catalog.js'
import { claim } from '../../../shared/claim.js'
import { type Declared, type DeclaredSource, entitiesOf } from '../../../shared/declared.js'
import { laneName, type World } from '../../../shared/lane.js'
import { closeKey } from '../../../shared/waiting.js'

export interface CloseBatchEffects extends World {
  project: Declared
}

/**
 * Closes the batches of a source that has finished a sync: what landed until then goes. Any number of times, in any
 * order: a closing only goes forward. A source that feeds no files, or whose batches nobody closes, changes nothing.
 */
export async function closeBatch(
  effects: CloseBatchEffects,
  { source, at }: Detail<typeof SyncFinished>,
): Promise<string> {
  const { sources } = effects.project
  const declared = Object.hasOwn(sources, source) ? (sources[source] as DeclaredSource) : undefined
  if (!declared) return `no source "${source}" is declared any more`
  const lanes = entitiesOf(declared).map((entity) => laneName('cleanse', entity))
  if (lanes.length === 0) return `${source} feeds no entity`
  const runs: string[] = []
  for (const lane of lanes) {
    if (declared.closeOnSyncFinished) await close(effects, lane, source, Date.parse(at))
    const run = await claim(effects, lane)
    if (run) runs.push(run)
  }
  return runs.length > 0 ? `closed ${lanes.join(', ')}: ${runs.join(', ')}` : `closed ${lanes.join(', ')}`
}

const close = ({ ledger }: CloseBatchEffects, lane: string, source: string, at: number) =>
  ledger.write({
    update: closeKey(lane, source),
    set: { at },
    when: [{ attribute: 'at', below: at, orAbsent: true }],
  })

/** Takes in either event that lets a batch go. */
export async function batchClosed(
  effects: CloseBatchEffects,
  event: Heard<typeof SyncFinished | typeof LaneSettled>,
): Promise<{ did: string; runId?: string }> {
  if ('lane' in event.detail) return settleLane(effects, event.detail)
  return { did: await closeBatch(effects, event.detail) }
}

/** Claims a lane in which something has waited for its time. */
export async function settleLane(
  effects: World,
  { lane }: Detail<typeof LaneSettled>,
): Promise<{ did: string; runId?: string }> {
  const runId = await claim(effects, lane)
  return runId
    ? { runId, did: `run ${runId} takes what waited in ${lane}` }
    : { did: `nothing to take in ${lane}` }
}

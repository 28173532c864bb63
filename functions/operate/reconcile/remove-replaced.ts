import { compactStateKey, replacedKey, snapshotsOf } from '../../../shared/compact.js'
import { planOf } from '../../../shared/compact-end.js'
import { type Declared, laneReading } from '../../../shared/declared.js'
import { deletionUnderWay } from '../../../shared/forget.js'
import { holdKey, laneName, type World } from '../../../shared/lane.js'
import { type Item, is } from '../../../shared/ledger.js'
import type { RemoveObjects } from '../../../shared/objects.js'
import { type Run, runKey } from '../../../shared/run.js'
import type { Reports } from '../../../shared/work.js'
import { postpone } from './drive-run.js'

/** Two functions wrote the two times: a build may seem this much younger than a compaction that it does not know of. */
const CLOCKS_DIFFER_MS = 60_000

export interface RemoveReplacedEffects {
  ledger: World['ledger']
  clock: World['clock']
  project: Declared
  reports: Reports
  /** Deletes objects of silver. */
  removeObjects: RemoveObjects
}

/**
 * Deletes the files that a compaction has replaced, its grace being over. The ledger is asked again: whoever may still
 * read an old file keeps all of them, and a file that a snapshot names never goes. A repeat deletes what is left.
 */
export async function removeReplaced(effects: RemoveReplacedEffects, runId: string): Promise<string> {
  const { ledger } = effects
  const item = await ledger.get(replacedKey(runId))
  if (!item?.dueAt) return 'its old files are gone'
  if (Date.parse(String(item.dueAt)) > effects.clock.now()) return 'its grace is not over'
  const reader = (await olderBuild(effects, item)) ?? (await deleting(effects, item))
  if (reader) {
    await postpone(effects, item)
    return `${reader} may read the old files`
  }
  const entity = String(item.entity)
  const { groups } = await planOf(effects.reports, { runId, attempt: Number(item.attempt) })
  const snapshots = await snapshotsOf(
    ledger,
    entity,
    groups.map(({ day }) => day),
  )
  const read = new Set([...snapshots.values()].flatMap(({ files }) => files.map(({ key }) => key)))
  const old = groups.flatMap(({ files }) => files.map(({ key }) => key)).filter((key) => !read.has(key))
  await effects.removeObjects(old)
  await ledger.write({
    update: replacedKey(runId),
    set: { removed: old.length, removedAt: effects.clock.now() },
    remove: ['duePk', 'dueAt'],
    when: [is('dueAt', item.dueAt)],
  })
  return `deleted ${old.length} files that ${compactStateKey(entity).PK} has replaced`
}

/** A deletion reads every file that is there, and writes it again. */
async function deleting({ ledger }: RemoveReplacedEffects, { entity }: Item): Promise<string | undefined> {
  const runId = await deletionUnderWay(ledger, String(entity))
  return runId && `deletion ${runId}`
}

/** The build that is under way since before the compaction: its plan may name old files for as long as it runs. */
async function olderBuild(
  { ledger, project }: RemoveReplacedEffects,
  { entity, at }: Item,
): Promise<string | undefined> {
  const lane = laneReading(project, String(entity))
  const hold = lane && (await ledger.get(holdKey(laneName('build', lane.lane))))
  if (!hold?.holder) return undefined
  const run = (await ledger.get(runKey(String(hold.holder)))) as Run | undefined
  return run && Date.parse(run.createdAt) <= Number(at) + CLOCKS_DIFFER_MS ? `build ${run.runId}` : undefined
}

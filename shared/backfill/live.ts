import { type Declared, type DeclaredSource, laneReading } from '../declared.js'
import { holdKey, laneName, lanePk } from '../lane.js'
import type { LedgerReader } from '../ledger.js'
import { type Backfill, PARALLEL_DEFAULT } from './backfill.js'
import type { Room } from './step.js'

/**
 * Live traffic goes first. A chunk is let go only when
 * - no live extraction of its source waits, and one that runs counts against the source's limit;
 * - fewer than `WAITING_MAX.cleanse` files wait for each entity that the source feeds, and fewer than
 *   `WAITING_MAX.build` batches of silver for the builds that read them.
 * So a live file that lands during a backfill waits behind one cleanse at most and is taken by the next: a cleanse takes
 * 5,000 files, in the order in which they landed.
 */
export const WAITING_MAX = { cleanse: 500, build: 100 } as const

/** How many chunks a source lets be under way at the same time. */
export const limitOf = (project: Declared, source: string): number =>
  project.sources[source]?.extract?.limits?.parallel ?? PARALLEL_DEFAULT

/** Why a source cannot be asked for a window of days, or nothing when it can: each entity must know windows. */
export function whyNoWindow({ kind, extract }: DeclaredSource): string | undefined {
  if (!extract) return `it is of kind ${kind}, and Sluice extracts nothing from it`
  const isRest = extract.engine === 'rest'
  const blind = extract.entities.filter((entity) => !(isRest ? 'window' in entity : 'cursor' in entity))
  if (blind.length === 0) return undefined
  const names = blind.map(({ entity }) => entity).join(', ')
  return `its file names no ${isRest ? 'window' : 'cursor'} for ${names}`
}

/** How many chunks of a backfill may be under way now, and why not more. */
export async function liveRoom(
  { ledger, project }: { ledger: LedgerReader; project: Declared },
  { source, parallel }: Pick<Backfill, 'source' | 'parallel'>,
): Promise<Room> {
  const declared = Object.hasOwn(project.sources, source) ? project.sources[source] : undefined
  if (declared?.kind !== 'extract')
    return { chunks: 0, because: `no source "${source}" to extract is declared` }
  const live = laneName('extract', source)
  if (await waitingAtLeast(ledger, live, 1)) return { chunks: 0, because: 'a live extraction waits' }
  const crowded = await crowdedLane(ledger, project, declared.feeds)
  if (crowded) return { chunks: 0, because: crowded }
  const isLive = (await ledger.get(holdKey(live)))?.holder !== undefined
  const most = limitOf(project, source) - (isLive ? 1 : 0)
  return most < parallel
    ? { chunks: most, because: `${source} allows ${most} at once now` }
    : { chunks: parallel }
}

async function crowdedLane(
  ledger: LedgerReader,
  project: Declared,
  feeds: { entity: string }[],
): Promise<string | undefined> {
  for (const entity of new Set(feeds.map((feed) => feed.entity))) {
    if (await waitingAtLeast(ledger, laneName('cleanse', entity), WAITING_MAX.cleanse))
      return `${WAITING_MAX.cleanse} files of ${entity} wait for their cleanse`
    const reading = laneReading(project, entity)
    if (reading && (await waitingAtLeast(ledger, laneName('build', reading.lane), WAITING_MAX.build)))
      return `${WAITING_MAX.build} batches of silver wait for the build of ${reading.lane}`
  }
  return undefined
}

/** Whether so many entries wait in a lane, or more; reads no more than these. */
async function waitingAtLeast(ledger: LedgerReader, lane: string, most: number): Promise<boolean> {
  let found = 0
  let after: string | undefined
  do {
    const page = await ledger.query(lanePk(lane), {
      prefix: 'WAIT#',
      limit: most - found,
      ...(after && { after }),
    })
    found += page.items.length
    after = page.next
  } while (after && found < most)
  return found >= most
}

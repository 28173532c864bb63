import type { Clock } from './clock.js'
import type { DeclaredSource, Priority } from './declared.js'
import { BYTES_MAX, ENTRIES_MAX, type Entry, laneKind, lanePk } from './lane.js'
import type { Item, Key, LedgerReader } from './ledger.js'
import { goTogether } from './modes.js'

/** What waits in a lane, and what of it one run takes now. */
const PAGE = 1_000
const PAGES_MAX = 50
/** A file may look as if it landed after the sync that brought it: two clocks wrote the two times. */
const CLOCKS_DIFFER_MS = 2_000

/** Says that a source's batches of a lane are closed: what landed until `at`, in ms, waits no longer. */
export const closeKey = (lane: string, source: string): Key => ({ PK: lanePk(lane), SK: `CLOSE#${source}` })

/** `ready`: may be taken. `settling`: is taken along with what is ready. `open`: waits for its batch to be closed. */
export type Readiness = 'ready' | 'settling' | 'open'

type Waits = Pick<Entry, 'notBefore' | 'closes' | 'landedAt'>

/** Whether a waiting entry may be taken; what waits for nothing is ready from the start. */
export async function readiness(
  { ledger, clock }: { ledger: Pick<LedgerReader, 'get'>; clock: Pick<Clock, 'now'> },
  lane: string,
  { notBefore, closes, landedAt }: Waits,
): Promise<Readiness> {
  if (notBefore === undefined || Number(notBefore) <= clock.now()) return 'ready'
  if (!closes) return 'settling'
  const close = await ledger.get(closeKey(lane, String(closes)))
  return close && Number(landedAt) <= Number(close.at) + CLOCKS_DIFFER_MS ? 'ready' : 'open'
}

/** A batch that waits for its source’s sync goes without it after an hour. */
export const CLOSE_SECONDS_MAX = 3_600

/** How a file of a source waits that landed at a time, both in ms since 1970. */
export function waitingOf(
  name: string,
  source: Pick<DeclaredSource, 'settleSeconds' | 'closeOnSyncFinished' | 'priority'>,
  landedAt: number,
  now: number,
): Pick<Entry, 'notBefore' | 'closes' | 'landedAt' | 'priority'> {
  const { settleSeconds = 0, closeOnSyncFinished, priority } = source
  const seconds = closeOnSyncFinished ? CLOSE_SECONDS_MAX : settleSeconds
  // A clock ahead of ours must not make the wait longer than it is declared.
  const notBefore = Math.min(landedAt, now) + seconds * 1_000
  const isOver = notBefore <= now
  return {
    ...(priority && { priority }),
    ...(!isOver && { notBefore }),
    ...(!isOver && closeOnSyncFinished && { closes: name, landedAt }),
  }
}

interface Batch {
  taken: Item[]
  bytes: number
  /** Something in it may be taken now, so all of it goes. */
  ready: boolean
}

/**
 * What the next run of a lane takes: nothing while nothing is ready; else the longest prefix that fits a run, at least
 * one entry, without what waits for its batch to be closed. What must go alone does.
 */
export async function takeable(
  world: { ledger: LedgerReader; clock: Pick<Clock, 'now'> },
  lane: string,
): Promise<Item[]> {
  const batch: Batch = { taken: [], bytes: 0, ready: false }
  const closings = new Map<Key['SK'], Promise<Item | undefined>>()
  // Each closing is read once, so that all of its entries are judged alike.
  const get = (key: Key) => {
    const known = closings.get(key.SK) ?? world.ledger.get(key)
    closings.set(key.SK, known)
    return known
  }
  const looking = { ledger: { get }, clock: world.clock }
  let after: string | undefined
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const query = { prefix: 'WAIT#', limit: PAGE, ...(after && { after }) }
    const page = await world.ledger.query(lanePk(lane), query)
    for (const item of page.items)
      if (added(batch, item, await readiness(looking, lane, item as Waits), lane) === 'full')
        return taken(batch, lane)
    if (!page.next) break
    after = page.next
  }
  return taken(batch, lane)
}

const taken = (batch: Batch, lane: string): Item[] => {
  if (!batch.ready) return []
  return laneKind(lane) === 'build' ? goTogether(batch.taken) : batch.taken
}

/** Adds an entry to the batch, unless it is still open; a full batch takes no more and waits no longer. */
function added(batch: Batch, item: Item, state: Readiness, lane: string): 'full' | 'more' {
  if (state === 'open') return 'more'
  const bytes = batch.bytes + Number(item.bytes ?? 0)
  const isFull = bytes > BYTES_MAX || batch.taken.length >= ENTRIES_MAX[laneKind(lane)]
  const goesAlone = Boolean(item.waiver || item.alone)
  if (goesAlone && !batch.ready) {
    Object.assign(batch, { taken: [item], ready: true })
    return 'full'
  }
  if (batch.taken.length > 0 && (isFull || goesAlone)) {
    batch.ready = true
    return 'full'
  }
  batch.taken.push(item)
  batch.bytes = bytes
  if (state === 'ready') batch.ready = true
  return 'more'
}

const RANK: readonly Priority[] = ['low', 'normal', 'high']

/** The highest priority among entries, of which one that names none has the normal one; nothing when none names one. */
export function highest(entries: readonly Item[]): Priority | undefined {
  if (!entries.some(({ priority }) => priority)) return undefined
  return RANK[Math.max(...entries.map(({ priority = 'normal' }) => RANK.indexOf(priority as Priority)))]
}

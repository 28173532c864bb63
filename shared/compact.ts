import { silverKey, silverPk } from './cleanse.js'
import { BadInput } from './errors.js'
import { laneName, lanePk } from './lane.js'
import type { Item, Key, LedgerReader } from './ledger.js'
import { eachAtOnce } from './parallel.js'

/**
 * Where the rows of silver lie once compaction has put files together. A day of an entity has one item in the ledger, its
 * snapshot: these files hold all rows of the day that runs up to that number have committed. A later run of the day has
 * files of its own until the next snapshot. One write moves a day from old files to new ones, for every reader at once.
 */
export type SilverFile = {
  key: string
  bytes: number
  /** The numbers of the first and the last run whose rows it may hold. */
  from: number
  upTo: number
}
export type Snapshot = Key & { day: string; upTo: number; files: SilverFile[]; by: string }

/** How far an entity's silver was looked through, and how many compactions have replaced files. */
export interface CompactState {
  ordinal: number
  upTo: number
  builtBy: string
}

export const compactLane = (entity: string) => laneName('compact', entity)
export const compactStateKey = (entity: string): Key => ({ PK: lanePk(compactLane(entity)), SK: 'STATE' })
export const snapshotKey = (entity: string, day: string): Key => ({
  PK: silverPk(entity),
  SK: `DAY#${day}`,
})
/** The item that says which days a compaction has moved; they are numbered through, as committed runs are. */
export const compactedKey = (entity: string, number: number): Key => ({
  PK: silverPk(entity),
  SK: `COMPACTED#${String(number).padStart(10, '0')}`,
})
/** The item under which old files wait for their grace to pass. */
export const replacedKey = (runId: string): Key => ({ PK: `COMPACTED#${runId}`, SK: 'META' })

/** How far compaction of an entity got; zeros before the first. */
export async function compactState(
  ledger: Pick<LedgerReader, 'get'>,
  entity: string,
): Promise<Pick<CompactState, 'ordinal' | 'upTo'>> {
  const item = await ledger.get(compactStateKey(entity))
  return { ordinal: Number(item?.ordinal ?? 0), upTo: Number(item?.upTo ?? 0) }
}

/** Days whose snapshots are asked for at once. */
const READS_AT_ONCE = 16

/** The snapshots of these days, by day; a day that compaction has never looked at has none. */
export async function snapshotsOf(
  ledger: Pick<LedgerReader, 'get'>,
  entity: string,
  days: string[],
): Promise<Map<string, Snapshot>> {
  const found = new Map<string, Snapshot>()
  await eachAtOnce([...new Set(days)], READS_AT_ONCE, async (day) => {
    const item = await ledger.get(snapshotKey(entity, day))
    if (item) found.set(day, item as unknown as Snapshot)
  })
  return found
}

/** A committed run as the ledger lists it: its number, and the day and bytes of each file. */
export interface SilverRunItem {
  runId: string
  ordinal: number
  days: string[]
  /** Absent where an older deployment did not note it. */
  bytes?: number[]
}
export const silverRunOf = (item: Item) => item as unknown as SilverRunItem

/** The keys of the files that hold a run's rows now: its own, or those of the snapshots that replaced them. */
export function keysOf(
  entity: string,
  { runId, ordinal: number, days }: SilverRunItem,
  snapshots: Map<string, Snapshot>,
): string[] {
  const keys = days.flatMap((day, place) => {
    const snapshot = snapshots.get(day)
    if (!snapshot || snapshot.upTo < number) return [silverKey(entity, day, runId, place)]
    return snapshot.files.filter(({ from, upTo }) => from <= number && number <= upTo).map(({ key }) => key)
  })
  return [...new Set(keys)]
}

/** Athena ends a query after 30 minutes, and a build after an hour: nobody reads old files for longer. */
const GRACE_SECONDS_MIN = 3_600

/** The grace of a stage from its setting, in seconds. Throws `BadInput` for one that would hurt readers. */
export function graceOf(given: string): number {
  const seconds = Number(given)
  if (seconds >= GRACE_SECONDS_MIN) return seconds
  const least = `compactGraceSeconds: ${GRACE_SECONDS_MIN} at least, longer than the longest query`
  throw new BadInput('the grace of compacted files is wrong', [`${least}, not "${given}"`])
}

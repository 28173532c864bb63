import { silverKey } from '../../../shared/cleanse.js'
import type { SilverFile, SilverRunItem, Snapshot } from '../../../shared/compact.js'

/** What becomes of the files of one day: groups of which each becomes one file, and files that stay. */
export interface Chosen {
  groups: SilverFile[][]
  kept: SilverFile[]
}

/** A file from a quarter of the target on is not written again for the sake of a few that add less than a third to it. */
const COSTLY_SHARE = 4
const WORTH_FILES = 10

/**
 * Puts small files together, in the order of their runs, up to the target in bytes; a group never exceeds it, so a file
 * over the target is left alone, and so is one that finds no other.
 */
export function choose(files: readonly SilverFile[], targetBytes: number): Chosen {
  const groups: SilverFile[][] = []
  let open: SilverFile[] = []
  let openBytes = 0
  for (const file of [...files].sort((a, b) => a.from - b.from || (a.key < b.key ? -1 : 1))) {
    if (file.bytes >= targetBytes) continue
    if (openBytes + file.bytes > targetBytes) {
      groups.push(open)
      open = []
      openBytes = 0
    }
    open.push(file)
    openBytes += file.bytes
  }
  const worth = [...groups, open].filter((group) => isWorth(group, targetBytes))
  const moved = new Set(worth.flat())
  return { groups: worth, kept: files.filter((file) => !moved.has(file)) }
}

function isWorth(group: SilverFile[], targetBytes: number): boolean {
  if (group.length < 2) return false
  const largest = Math.max(...group.map(({ bytes }) => bytes))
  const total = group.reduce((sum, { bytes }) => sum + bytes, 0)
  return largest * COSTLY_SHARE < targetBytes || largest * 4 <= total * 3 || group.length >= WORTH_FILES
}

/**
 * The files that hold a day's rows: those of its snapshot, and of the runs after it. A run that does not say how many
 * bytes its files have is left alone.
 */
export function filesOf(
  entity: string,
  day: string,
  snapshot: Snapshot | undefined,
  runs: readonly SilverRunItem[],
): SilverFile[] {
  const own = runs
    .filter(({ ordinal }) => ordinal > (snapshot?.upTo ?? 0))
    .flatMap(({ runId, ordinal, days, bytes }) =>
      days.flatMap((one, place): SilverFile[] => {
        if (one !== day) return []
        const key = silverKey(entity, day, runId, place)
        return [{ key, bytes: bytes?.[place] ?? Number.MAX_SAFE_INTEGER, from: ordinal, upTo: ordinal }]
      }),
    )
  return [...(snapshot?.files ?? []), ...own]
}

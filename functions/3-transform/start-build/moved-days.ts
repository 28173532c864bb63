import type { BuildState } from '../../../shared/build.js'
import { silverPk } from '../../../shared/cleanse.js'
import { compactedKey, compactState, snapshotsOf } from '../../../shared/compact.js'
import type { LedgerReader } from '../../../shared/ledger.js'

/** A day whose runs up to a number are read from these files now. */
interface MovedDay {
  day: string
  up_to: number
  files: { uri: string; from: number; up_to: number }[]
}

export interface Moved {
  /** By entity, what compaction has moved since the lane's database was built; none where nothing was. */
  days: Record<string, MovedDay[]>
  /** How many compactions of each entity the next database has followed. */
  compactions: Record<string, number>
}

const PAGE = 1_000

/**
 * What the database of the last good build does not know of where silver lies. Ask before the new runs are listed: a
 * compaction that comes between is then in their files, and is told again to the next build.
 */
export async function movedDays(
  ledger: LedgerReader,
  bucket: string,
  entities: string[],
  state: Pick<BuildState, 'compactions'> | undefined,
): Promise<Moved> {
  const moved: Moved = { days: {}, compactions: {} }
  for (const entity of entities) {
    const { ordinal } = await compactState(ledger, entity)
    if (ordinal === 0) continue
    moved.compactions[entity] = ordinal
    const known = state ? (state.compactions?.[entity] ?? 0) : ordinal
    if (known < ordinal) moved.days[entity] = await since(ledger, bucket, entity, known)
  }
  return moved
}

async function since(ledger: LedgerReader, bucket: string, entity: string, known: number) {
  const days = new Set<string>()
  let after: string | undefined = JSON.stringify(compactedKey(entity, known))
  while (after) {
    const page = await ledger.query(silverPk(entity), { prefix: 'COMPACTED#', limit: PAGE, after })
    for (const item of page.items) for (const day of item.days as string[]) days.add(day)
    after = page.next
  }
  const snapshots = await snapshotsOf(ledger, entity, [...days])
  return [...snapshots.values()].map(
    ({ day, upTo, files }): MovedDay => ({
      day,
      up_to: upTo,
      files: files.map((file) => ({ uri: `s3://${bucket}/${file.key}`, from: file.from, up_to: file.upTo })),
    }),
  )
}

import { PASS } from '../../../shared/bounds.js'
import { iso } from '../../../shared/clock.js'
import type { LandedVersion } from '../../../shared/objects.js'
import { eachAtOnce } from '../../../shared/parallel.js'
import {
  fileKey,
  type Landed,
  type RecordLandingEffects,
  recordLandings,
} from '../../1-ingest/record-landing/record-landing.js'

export interface FindLandingsEffects extends RecordLandingEffects {
  bronzeBucket: string
  /** One page of the object versions below a prefix; `next` continues, `limit` shortens the page. */
  listVersions(
    prefix: string,
    next?: string,
    limit?: number,
  ): Promise<{ versions: LandedVersion[]; next?: string }>
}

const CURSOR = { PK: 'RECONCILE', SK: 'BRONZE' }
const SWEEP = { PK: 'RECONCILE', SK: 'SWEEP' }
const HOUR = 3_600_000

/**
 * Records the file versions that no event brought. Lists the hours since the last complete listing, and asks the ledger
 * only for what landed since; then moves the cursor, which only goes forward. Gives how many were found.
 */
export async function findLandings(effects: FindLandingsEffects): Promise<number> {
  const { ledger, clock } = effects
  const begun = clock.now()
  const cursor = await ledger.get(CURSOR)
  const oldest = begun - PASS.hoursMax * HOUR
  const since = Math.max(Number(cursor?.upTo ?? 0) - PASS.overlapSeconds * 1_000, oldest)
  let found = 0
  for (const prefix of recentPrefixes(effects, begun, since)) {
    let next: string | undefined
    for (let pages = 0; pages === 0 || next; pages += 1) {
      if (pages === PASS.pagesPerPrefix) throw new Error(`${prefix} has more versions than a pass can list`)
      const page = await effects.listVersions(prefix, next)
      const recent = page.versions.filter(({ landedAt }) => Date.parse(landedAt) >= since)
      found += await recordUnknown(effects, recent)
      next = page.next
    }
  }
  await ledger.write({
    update: CURSOR,
    set: { upTo: begun },
    when: [{ attribute: 'upTo', below: begun, orAbsent: true }],
  })
  return found
}

/**
 * Looks at the next versions of all of bronze, whatever their hour and source, and starts over at the end: what lies
 * where no recent hour is listed is found as well, in a time that grows with the bucket.
 */
export async function sweepLandings(effects: FindLandingsEffects): Promise<number> {
  const { ledger } = effects
  const at = (await ledger.get(SWEEP))?.next as string | undefined
  const page = await effects.listVersions('', at, PASS.swept)
  const found = await recordUnknown(effects, page.versions)
  await ledger.write(page.next ? { put: { ...SWEEP, next: page.next } } : { put: SWEEP })
  return found
}

async function recordUnknown(effects: FindLandingsEffects, versions: LandedVersion[]): Promise<number> {
  const unknown: LandedVersion[] = []
  await eachAtOnce(versions, PASS.readsAtOnce, async (version) => {
    const landed: Landed = { bucket: effects.bronzeBucket, ...version }
    if (!(await effects.ledger.get(fileKey(landed)))) unknown.push(version)
  })
  const { failed } = await recordLandings(
    effects,
    unknown.map((version) => asEvent(effects.bronzeBucket, version)),
  )
  for (const error of failed.values()) throw error
  return unknown.length
}

const asEvent = (bucket: string, { key, versionId, bytes, landedAt }: LandedVersion) => ({
  id: `listing:${versionId}`,
  time: landedAt,
  'detail-type': 'Object Created' as const,
  detail: { bucket: { name: bucket }, object: { key, size: bytes, 'version-id': versionId } },
})

/** The bronze prefixes of each source for each hour since a time, at least the last three. */
function recentPrefixes({ project }: FindLandingsEffects, now: number, since: number): string[] {
  const count = Math.max(PASS.hoursMin, Math.ceil((now - since) / HOUR) + 1)
  const hours = Array.from({ length: Math.min(count, PASS.hoursMax) }, (_, back) => iso(now - back * HOUR))
  return Object.keys(project.sources).flatMap((source) =>
    hours.map((hour) => {
      const [year, month, day] = [hour.slice(0, 4), hour.slice(5, 7), hour.slice(8, 10)]
      return `source=${source}/year=${year}/month=${month}/day=${day}/hour=${hour.slice(11, 13)}/`
    }),
  )
}

import { PASS } from '../../../shared/bounds.js'
import { iso } from '../../../shared/clock.js'
import type { LandedVersion } from '../../../shared/objects.js'
import { eachAtOnce } from '../../../shared/parallel.js'
import { foldersAt, isByTime, listingSince } from '../../../shared/sources/recent.js'
import {
  fileKey,
  type Landed,
  type RecordLandingEffects,
  recordLandings,
} from '../../1-ingest/record-landing/record-landing.js'

export interface FindLandingsEffects extends RecordLandingEffects {
  bronzeBucket: string
  /** One page of the object versions below a prefix; `next` continues, `limit` shortens it, it begins behind `after`. */
  listVersions(
    prefix: string,
    next?: string,
    limit?: number,
    after?: string,
  ): Promise<{ versions: LandedVersion[]; next?: string }>
}

const CURSOR = { PK: 'RECONCILE', SK: 'BRONZE' }
const SWEEP = { PK: 'RECONCILE', SK: 'SWEEP' }
const HOUR = 3_600_000

/**
 * Records the file versions that no event brought. Lists what lies in the hours since the last complete listing, and asks the ledger
 * only for what landed since; then moves the cursor, which only goes forward. Gives how many were found. Of a folder
 * that names no date only the first pages are seen: the rest is left to the sweep.
 */
export async function findLandings(effects: FindLandingsEffects): Promise<number> {
  const { ledger, clock } = effects
  const begun = clock.now()
  const cursor = await ledger.get(CURSOR)
  const oldest = begun - PASS.hoursMax * HOUR
  const since = Math.max(Number(cursor?.upTo ?? 0) - PASS.overlapSeconds * 1_000, oldest)
  let found = 0
  for (const { prefix, after, pages: most, whole } of recentFolders(effects, begun, since)) {
    let next: string | undefined
    for (let pages = 0; pages === 0 || next; pages += 1) {
      if (pages === most && !whole) break
      if (pages === most) throw new Error(`${prefix} has more versions than a pass can list`)
      const page = await effects.listVersions(prefix, next, undefined, after)
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

/** Senders name a day or an hour in their own time zone: up to this far from UTC. */
const ZONES_HOURS = 14

interface Listed {
  prefix: string
  /** The key behind which the listing begins; at the first one of the prefix when it is absent. */
  after?: string
  /** Pages that a pass looks at; a folder with dates must be seen whole, one without never ends. */
  pages: number
  whole: boolean
}

/** Where in bronze a file of the time since then can lie, of each source: one listing, where keys follow time. */
function recentFolders({ project }: FindLandingsEffects, now: number, since: number): Listed[] {
  const feeds = Object.values(project.sources).flatMap(({ kind, feeds: own }) =>
    own.map(({ prefix }) => ({ pattern: prefix, isExtract: kind === 'extract' })),
  )
  return feeds.flatMap(({ pattern, isExtract }): Listed[] => {
    if (!isByTime(pattern)) return [{ prefix: pattern, pages: PASS.pagesUndated, whole: false }]
    const least = isExtract ? PASS.hoursOfExtract : PASS.hoursMin
    const count = Math.min(PASS.hoursMax, Math.max(least, Math.ceil((now - since) / HOUR) + 1))
    const beside = pattern.startsWith('source=') ? 0 : ZONES_HOURS
    const pages = PASS.pagesPerFeed
    const listing = listingSince(pattern, iso(now - (count - 1 + beside) * HOUR))
    if (listing) return [{ ...listing, pages, whole: true }]
    const folders = foldersAt(pattern, hoursBack(now, beside, count))
    return folders.map((prefix) => ({ prefix, pages, whole: true }))
  })
}

/** The hours before now, and some on either side, ISO. */
const hoursBack = (now: number, beside: number, count: number): string[] =>
  Array.from({ length: count + 2 * beside }, (_, back) => iso(now + (beside - back) * HOUR))

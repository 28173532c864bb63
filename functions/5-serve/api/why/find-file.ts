import { iso } from '../../../../shared/clock.js'
import type { LandedVersion } from '../../../../shared/objects.js'
import { dayFoldersAt } from '../../../../shared/sources/recent.js'
import type { WhyEffects } from './said.js'

/** How far back an answer looks for a file of which it knows only the end of the key. */
const SEARCHED_DAYS = 7
/** A page for each folder of a source and day, and some more where a folder fills several. */
const PAGES_MAX = 150
const QUARANTINED_MAX = 1_000
const NAMED_MAX = 5

export type Found = { versions: LandedVersion[] } | { unknown: string; isMany?: true }

/** The versions of a file that is named by its key, or by the end of it where that is unique. */
export async function findFile(effects: WhyEffects, subject: string): Promise<Found> {
  const exact = await versionsOf(effects, subject)
  if (exact.length > 0) return { versions: exact }
  const { keys, looked, whole } = await keysEndingIn(effects, subject)
  const [only] = keys
  if (keys.length === 1 && only) return { versions: await versionsOf(effects, only) }
  if (keys.length > 1) {
    const named = keys.slice(0, NAMED_MAX).join(', ')
    const rest = keys.length > NAMED_MAX ? ` and ${keys.length - NAMED_MAX} more` : ''
    return {
      unknown: `"${subject}" is the end of ${keys.length} keys: ${named}${rest}; name one`,
      isMany: true,
    }
  }
  const among = `the ${whole ? '' : 'first '}${looked} versions of the last ${SEARCHED_DAYS} days`
  return {
    unknown: `bronze has no such key, and none that ends in it among ${among} and the newest files in quarantine; name the whole key of an older one`,
  }
}

/** The versions of exactly this key, newest first. */
async function versionsOf({ listVersions }: WhyEffects, key: string): Promise<LandedVersion[]> {
  const { versions } = await listVersions(key)
  return versions.filter((version) => version.key === key)
}

/** The keys of the last days, and of files in quarantine, whose last parts are the subject. */
async function keysEndingIn(effects: WhyEffects, subject: string) {
  const keys = new Set<string>()
  const ends = (key: string) => key.endsWith(`/${subject}`)
  const stray = await effects.ledger.index('quarantined', { limit: QUARANTINED_MAX, newestFirst: true })
  for (const { key } of stray.items) if (typeof key === 'string' && ends(key)) keys.add(key)
  let looked = 0
  let pages = 0
  for (const prefix of recentDays(effects)) {
    let next: string | undefined
    do {
      if (pages >= PAGES_MAX) return { keys: [...keys], looked, whole: false }
      const page = await effects.listVersions(prefix, next)
      pages += 1
      looked += page.versions.length
      for (const { key } of page.versions) if (ends(key)) keys.add(key)
      next = page.next
    } while (next)
  }
  return { keys: [...keys], looked, whole: true }
}

/** The folders of bronze of the last days of each declared source, today first. */
function recentDays({ project, clock }: WhyEffects): string[] {
  const days = Array.from({ length: SEARCHED_DAYS }, (_, back) => iso(clock.now() - back * 86_400_000))
  const prefixes = Object.values(project.sources).flatMap(({ feeds }) => feeds.map(({ prefix }) => prefix))
  return [...new Set(days.flatMap((day) => prefixes.flatMap((prefix) => dayFoldersAt(prefix, [day]))))]
}

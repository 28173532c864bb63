import type { BuildState } from './build.js'
import { iso } from './clock.js'
import type { BuildLane, Declared } from './declared.js'
import { Contention } from './errors.js'
import type { World } from './lane.js'
import { absent, is, type Key, type LedgerReader, type Value } from './ledger.js'
import { loadedSources } from './warehouse.js'

/**
 * What the ledger knows of a warehouse that others fill: each finished sync of a source is a piece of news, numbered
 * through. A build remembers up to which number it has taken in, so that a request knows whether anything came since.
 */
export type News = Record<string, number>

/** Without any news a container looks after this time all the same: a notice may have been lost, and Airbyte repeats none. */
export const LOOK_AGAIN_SECONDS = 24 * 3_600

const NEWS_PK = 'NEWS'
const SOURCES_MAX = 1_000
const ROUNDS_MAX = 20
export const newsKey = (source: string): Key => ({ PK: NEWS_PK, SK: source })

/**
 * Gives a finished sync its number, before it joins its lane: whoever asks in between sees news and builds. A sync that
 * is told again may count twice, which costs one look. Throws `Contention` after 20 lost rounds.
 */
export async function countNews({ ledger, clock }: World, source: string, syncId: string): Promise<number> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const number = Number((await ledger.get(newsKey(source)))?.number ?? 0)
    const written = await ledger.write({
      update: newsKey(source),
      set: { number: number + 1, syncId, at: iso(clock.now()) },
      when: [number === 0 ? absent('number') : is('number', number)],
    })
    if (written.done) return number + 1
  }
  throw new Contention(`the news of ${source} were counted by others in ${ROUNDS_MAX} rounds`)
}

type Sources = Pick<Declared, 'sources'>

/**
 * How much each warehouse source of a lane has told so far; nothing for a lane without any. Ask before a container
 * begins: what it reads then holds at least what these numbers stand for.
 */
export async function newsOf(ledger: LedgerReader, declared: Sources, lane: BuildLane): Promise<News> {
  const names = loadedSources(declared, lane).map(([name]) => name)
  if (names.length === 0) return {}
  const { items } = await ledger.query(NEWS_PK, { limit: SOURCES_MAX })
  const told = new Map(items.map(({ SK, number }) => [SK, Number(number)]))
  return Object.fromEntries(names.map((name) => [name, told.get(name) ?? 0]))
}

type Taken = Pick<BuildState, 'news' | 'lookedAt' | 'behind'>

/** Whether the last good build began after a waiting sync had come, and has left nothing of what there was then. */
export const isTakenIn = (state: Taken | undefined, input: { [name: string]: Value }): boolean =>
  typeof input.news === 'number' && input.news <= (state?.news?.[String(input.source)] ?? 0)

/**
 * Why a container has to look into a warehouse for a request, in words; nothing when the ledger can tell that it would
 * find nothing, or when others load nothing for this lane.
 */
export function whyLook(
  declared: Sources,
  lane: BuildLane,
  { state, news, now }: { state: Taken | undefined; news: News; now: number },
): string | undefined {
  const loaded = loadedSources(declared, lane)
  if (loaded.length === 0) return undefined
  const silent = loaded.filter(([, { warehouse }]) => !warehouse?.tells).map(([name]) => name)
  if (silent.length > 0) return `others may have loaded something for ${silent.join(', ')} without a word`
  const untaken = Object.keys(news).filter((name) => Number(news[name]) > (state?.news?.[name] ?? -1))
  if (untaken.length > 0) return `no good build has taken in all that there is of ${untaken.join(', ')}`
  const { lookedAt, behind = [] } = state ?? {}
  if (behind.length > 0) return `the last build left something new to ${behind.join(', ')}`
  const isOld = !lookedAt || now >= Date.parse(lookedAt) + LOOK_AGAIN_SECONDS * 1_000
  if (!isOld) return undefined
  return lookedAt ? `no container has looked since ${lookedAt}` : 'no container has looked yet'
}

/** By what a request knows that nothing is new in the warehouse: whose silence, and until when it counts. */
export function silenceOf(declared: Sources, lane: BuildLane, { lookedAt }: Taken): string {
  const names = loadedSources(declared, lane).map(([name]) => name)
  if (names.length === 0 || !lookedAt) return ''
  const until = iso(Date.parse(lookedAt) + LOOK_AGAIN_SECONDS * 1_000)
  return `: ${names.join(', ')} told of no sync since ${lookedAt}; from ${until} on a container looks all the same`
}

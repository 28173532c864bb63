import { editionKey, goldPointerKey } from '../../../shared/build.js'
import { type Clock, iso } from '../../../shared/clock.js'
import { dashboardFolder } from '../../../shared/dashboards.js'
import type { Declared } from '../../../shared/declared.js'
import {
  EDITION_PREFIX,
  type Edition,
  editionName,
  editionTableName,
  type Pointer,
  unmoved,
} from '../../../shared/editions.js'
import type { RemoveTable } from '../../../shared/gold-tables.js'
import { absent, is, type Ledger } from '../../../shared/ledger.js'
import type { RemoveFolder } from '../../../shared/objects.js'
import { wayBack } from '../publish-gold/way-back.js'

/** What of a domain is kept; all three must be over before files go. */
export interface Retention {
  /** The newest so many editions stay, */
  kept: number
  /** and all that were begun within so many seconds. */
  keptSeconds: number
  /** Longer than the longest query: between an edition's leaving and its mark, and again until its files go. */
  graceSeconds: number
}

export interface ExpireEffects {
  ledger: Pick<Ledger, 'get' | 'query' | 'write'>
  clock: Clock
  project: Declared
  retention: Retention
  removeTable: RemoveTable
  removeFolder: RemoveFolder
}

const PAGE = 200
/** More live editions than this are a wrong setting. */
const PAGES_MAX = 100
/** Editions of a domain that one pass deletes: it lives for minutes, and the next one goes on. */
const DELETED_MAX = 50
/** A deleted edition is told of for so long: 400 days. */
const REMEMBERED_SECONDS = 400 * 24 * 3_600

/**
 * Lets go of editions that nobody needs: marks those beyond count and age that readers left before the grace, and deletes
 * tables and files of those that were marked before the grace. The mark stays until all is gone, so that a pass which
 * died is repeated by the next one.
 */
export async function expireEditions(effects: ExpireEffects): Promise<string> {
  const domains = [...new Set(effects.project.lanes.flatMap((lane) => lane.domains))]
  let marked = 0
  let deleted = 0
  for (const domain of domains) {
    const pointer = (await effects.ledger.get(goldPointerKey(domain))) as Pointer | undefined
    if (!pointer) continue
    const editions = await liveEditions(effects, domain)
    for (const edition of dying(effects, editions).slice(0, DELETED_MAX)) {
      await remove(effects, domain, edition)
      deleted += 1
    }
    // While tables are still to follow, one of them may show what the pointer does not name any more.
    if (pointer.followed !== pointer.flip) continue
    for (const edition of needless(effects, editions, pointer))
      if (await mark(effects, domain, edition, pointer)) marked += 1
  }
  return `gave up ${marked} editions, and deleted ${deleted}`
}

async function liveEditions({ ledger }: ExpireEffects, domain: string): Promise<Edition[]> {
  const found: Edition[] = []
  let after: string | undefined
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const page = await ledger.query(editionKey(domain, '').PK, {
      ...{ prefix: EDITION_PREFIX, limit: PAGE },
      ...(after && { after }),
    })
    found.push(...(page.items as Edition[]).filter(({ deletedAt }) => !deletedAt))
    after = page.next
    if (!after) return found.sort((a, b) => b.ordinal - a.ordinal)
  }
  throw new Error(`${domain} has more than ${PAGES_MAX * PAGE} editions`)
}

const isOver = ({ clock }: ExpireEffects, at: string | undefined, seconds: number) =>
  at === undefined || Date.parse(at) + seconds * 1_000 <= clock.now()

/** The shown edition, and until its tests have passed what readers are led to when they fail. */
function needed(editions: Edition[], pointer: Pointer): Set<string> {
  const names = new Set([pointer.edition])
  let last = editions.find((one) => editionName(one) === pointer.edition)
  while (last?.state === 'pending' || last?.state === 'failed') {
    const others = editions.filter((one) => one === last || !names.has(editionName(one)))
    last = wayBack(others, last, pointer)
    if (last) names.add(editionName(last))
  }
  return names
}

/** Editions, newest first, that are beyond count and age, and that no reader has seen within the grace. */
function needless(effects: ExpireEffects, editions: Edition[], pointer: Pointer): Edition[] {
  const { kept, keptSeconds, graceSeconds } = effects.retention
  const stays = needed(editions, pointer)
  return editions
    .slice(kept)
    .filter(
      (one) =>
        !one.retiredAt &&
        !stays.has(editionName(one)) &&
        isOver(effects, one.begunAt, keptSeconds) &&
        isOver(effects, one.leftAt ?? one.begunAt, graceSeconds),
    )
}

const dying = (effects: ExpireEffects, editions: Edition[]) =>
  editions.filter(({ retiredAt }) => retiredAt && isOver(effects, retiredAt, effects.retention.graceSeconds))

/** From here on nobody can go back to it: on the condition that nobody has since it was looked at. */
async function mark(
  { ledger, clock }: ExpireEffects,
  domain: string,
  edition: Edition,
  pointer: Pointer,
): Promise<boolean> {
  const { done } = await ledger.write(
    { check: goldPointerKey(domain), when: unmoved(pointer) },
    {
      update: editionKey(domain, editionName(edition)),
      set: { retiredAt: iso(clock.now()) },
      when: [absent('retiredAt')],
    },
  )
  return done
}

async function remove(effects: ExpireEffects, domain: string, edition: Edition): Promise<void> {
  const { ledger, clock } = effects
  const name = editionName(edition)
  for (const { dataset, version, location } of edition.datasets) {
    // The table first: a query of what is half gone would answer with half of the rows.
    await effects.removeTable(editionTableName({ dataset, version }, name))
    await effects.removeFolder(folderOf(domain, name, { dataset, version, location }))
  }
  await effects.removeFolder(dashboardFolder(domain, name))
  await ledger.write({
    update: editionKey(domain, name),
    set: {
      deletedAt: iso(clock.now()),
      expiresAt: Math.floor(clock.now() / 1_000) + REMEMBERED_SECONDS,
      datasets: edition.datasets.map(({ dataset, version, rows }) => ({ dataset, version, rows })),
    },
    when: [is('retiredAt', String(edition.retiredAt)), absent('deletedAt')],
  })
}

/** The key of an edition's folder. Throws for one that is not this edition's alone: what is deleted is not guessed. */
function folderOf(
  domain: string,
  edition: string,
  { dataset, version, location = '' }: { dataset: string; version: number; location?: string | undefined },
): string {
  const folder = `domain=${domain}/dataset=${dataset}/version=${version}/edition=${edition}/`
  if (!location.endsWith(`/${folder}`)) throw new Error(`${location} is not the folder of edition ${edition}`)
  return folder
}

import { NotFoundError } from '@aws-lambda-powertools/event-handler/http'
import type * as z from 'zod'
import { type Outgoing, RollbackRequested } from '../../../events/catalog.js'
import { editionKey, goldPointerKey } from '../../../shared/build.js'
import type { Clock } from '../../../shared/clock.js'
import type { Declared } from '../../../shared/declared.js'
import {
  EDITION_PREFIX,
  type Edition,
  editionName,
  type Pointer,
  publishEntryKey,
  unfit,
} from '../../../shared/editions.js'
import type { LedgerReader } from '../../../shared/ledger.js'
import { whyNot } from '../../4-publish/publish-gold/roll-back.js'
import { Conflict, type rollbackBody } from './bodies.js'
import { encodeNext } from './paging.js'

export interface EditionEffects {
  project: Declared
  ledger: LedgerReader
  clock: Pick<Clock, 'newId'>
  request(event: Outgoing): Promise<string>
}

/**
 * Where an edition stands. `shown`: readers see it. `earlier`: they saw it once. `unpublished`: they never did. `going`:
 * it is given up and will be deleted. `deleted`: its files are gone.
 */
export const editionStates = ['shown', 'earlier', 'unpublished', 'going', 'deleted'] as const

/** The editions of a domain, newest first, with the one that readers see and the rollback that keeps it there. */
export async function editionsView(
  effects: EditionEffects,
  domain: string,
  { limit, next }: { limit: number; next?: string | undefined },
) {
  const pointer = await pointerOf(effects, domain)
  const page = await effects.ledger.query(editionKey(domain, '').PK, {
    ...{ prefix: EDITION_PREFIX, limit, newestFirst: true },
    ...(next && { after: next }),
  })
  return {
    domain,
    shown: pointer?.edition ?? null,
    since: pointer?.publishedAt ?? null,
    tablesFollowed: pointer === undefined || pointer.followed === pointer.flip,
    rollback: pointer?.rollback ?? null,
    editions: await Promise.all(
      (page.items as Edition[]).map((edition) => shown(effects, domain, edition, pointer)),
    ),
    next: encodeNext(page.next),
  }
}

async function shown({ ledger }: EditionEffects, domain: string, edition: Edition, pointer?: Pointer) {
  const { runId, ordinal, begunAt, publishedAt, leftAt, rolledBack, retiredAt, deletedAt } = edition
  const name = editionName(edition)
  const entry = publishedAt ? undefined : await ledger.get(publishEntryKey(domain, runId))
  const tests = edition.state ?? 'passed'
  const when = { begunAt, publishedAt, leftAt, rolledBack, retiredAt, deletedAt }
  const datasets = edition.datasets.map(({ dataset, version, rows }) => ({ dataset, version, rows }))
  return {
    ...{ edition: name, state: stateOf(name, edition, pointer), tests, runId, ordinal, ...when },
    ...(entry?.heldBy && { heldBy: entry.heldBy }),
    datasets,
  }
}

function stateOf(name: string, edition: Edition, pointer?: Pointer): (typeof editionStates)[number] {
  if (pointer?.edition === name) return 'shown'
  if (edition.deletedAt) return 'deleted'
  if (edition.retiredAt) return 'going'
  return edition.publishedAt ? 'earlier' : 'unpublished'
}

/** Asks to show an earlier edition again: the one before the shown one unless the person names another. */
export async function rollback(effects: EditionEffects, domain: string, body: z.infer<typeof rollbackBody>) {
  const pointer = await pointerOf(effects, domain)
  if (!pointer) throw new Conflict(`${domain} has published nothing yet`)
  const from = pointer.edition
  const to = body.to ?? (await editionBefore(effects, domain, pointer))
  const edition = (await effects.ledger.get(editionKey(domain, to))) as Edition | undefined
  const refused = whyNot({ domain, from, to }, pointer, edition)
  if (refused && !edition) throw new NotFoundError(`${refused}; GET /domains/${domain}/editions lists them`)
  if (refused) throw new Conflict(refused)
  const { by, why } = body
  const detail = { domain, requestId: effects.clock.newId(), from, to, by, why }
  const eventId = await effects.request({ name: RollbackRequested.name, detail })
  const answer = { eventId, event: RollbackRequested.name, ...detail, follow: `npx sluice why ${eventId}` }
  const headers = { 'content-type': 'application/json' }
  return new Response(JSON.stringify(answer), { status: 202, headers })
}

const LOOKED_PAGES_MAX = 5
const LOOKED_PER_PAGE = 100

/** The newest edition before the shown one that readers have seen and that is not given up. */
async function editionBefore({ ledger }: EditionEffects, domain: string, pointer: Pointer): Promise<string> {
  let after: string | undefined
  for (let pages = 0; pages < LOOKED_PAGES_MAX; pages += 1) {
    const page = await ledger.query(editionKey(domain, '').PK, {
      ...{ prefix: EDITION_PREFIX, limit: LOOKED_PER_PAGE, newestFirst: true },
      ...(after && { after }),
    })
    const earlier = (page.items as Edition[]).filter(
      (edition) => edition.ordinal < pointer.ordinal && !unfit(edition),
    )
    const [newest] = earlier.sort((a, b) => b.ordinal - a.ordinal)
    if (newest) return editionName(newest)
    after = page.next
    if (!after) break
  }
  throw new Conflict(`no edition of ${domain} before ${pointer.edition} is left to go back to`)
}

/** The pointer of a domain; nothing before its first edition. Throws for a domain that nobody knows. */
export async function pointerOf(
  { project, ledger }: Pick<EditionEffects, 'project' | 'ledger'>,
  domain: string,
): Promise<Pointer | undefined> {
  const pointer = (await ledger.get(goldPointerKey(domain))) as Pointer | undefined
  const declared = project.lanes.flatMap(({ domains }) => domains)
  if (!pointer && !declared.includes(domain))
    throw new NotFoundError(`there is no domain "${domain}"; there are ${declared.join(', ')}`)
  return pointer
}

import type { Detail, RollbackRequested } from '../../../events/catalog.js'
import { FOLLOWED_WITHIN_SECONDS } from '../../../shared/bounds.js'
import { editionKey, goldPointerKey } from '../../../shared/build.js'
import { iso } from '../../../shared/clock.js'
import {
  EDITION_PREFIX,
  type Edition,
  editionName,
  type Pointer,
  pointing,
  type Rollback,
  rollbackKey,
  unfit,
  unmoved,
} from '../../../shared/editions.js'
import { Contention } from '../../../shared/errors.js'
import { absent, INDEXED, type Item, present, type Write } from '../../../shared/ledger.js'
import { dueAt } from '../../../shared/run.js'
import { follow, type PublishGoldEffects } from './follow.js'

type Asked = Detail<typeof RollbackRequested>

const ROUNDS_MAX = 5

/**
 * Shows an earlier edition again, because a person asked, once however often the request comes: the pointer, then the
 * tables. What cannot be shown, or was asked of an edition that is not shown any more, is refused.
 */
export async function rollBack(effects: PublishGoldEffects, asked: Asked): Promise<string> {
  if (asked.failed) await markFailed(effects, asked)
  const refused = await decided(effects, asked)
  if (refused && asked.failed) await recordRefusal(effects, asked, refused)
  if (refused) return `refused: ${refused}`
  const { domain, requestId, by, why } = asked
  const record = await effects.ledger.get(rollbackKey(requestId))
  if (record?.refused) return `refused: ${record.refused}`
  const to = String(record?.to)
  if (!record?.duePk) return `${domain} was rolled back to ${to} before`
  const shown = await follow(effects, domain)
  await effects.ledger.write({
    update: rollbackKey(requestId),
    set: { state: 'done', doneAt: iso(effects.clock.now()) },
    remove: ['duePk', 'dueAt'],
  })
  return `${domain} was rolled back to ${to} by ${by}: ${why}${shown === to ? '' : `; it shows ${shown} since`}`
}

/** First of all: a publisher that is late must find an edition failed that was not shown yet. */
async function markFailed({ ledger, clock }: PublishGoldEffects, { domain, from }: Asked): Promise<void> {
  const at = iso(clock.now())
  const when = [present('PK'), absent('failedAt')]
  await ledger.write({ update: editionKey(domain, from), set: { state: 'failed', failedAt: at }, when })
}

/** Nobody but the ledger waits for the answer to failed tests: without a record they would be told again for ever. */
async function recordRefusal(effects: PublishGoldEffects, asked: Asked, refused: string): Promise<void> {
  const record = { ...rollbackKey(asked.requestId), ...asked, state: 'refused', refused } as Item
  const at = iso(effects.clock.now())
  await effects.ledger.write({ put: { ...record, at }, when: [absent('PK')] })
}

/** Takes the decision, or finds that it was taken. Gives why it is refused, if it is. */
async function decided({ ledger, clock }: PublishGoldEffects, given: Asked): Promise<string | undefined> {
  const { domain, requestId } = given
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    if (await ledger.get(rollbackKey(requestId))) return undefined
    const pointer = (await ledger.get(goldPointerKey(domain))) as Pointer | undefined
    const asked = given.failed ? { ...given, to: await wayBack(ledger, given) } : given
    const edition = (await ledger.get(editionKey(domain, asked.to))) as Edition | undefined
    const refused = whyNot(asked, pointer, edition)
    if (refused) return refused
    const writes = moveBack(asked, pointer as Pointer, edition as Edition, iso(clock.now()))
    const due = { duePk: INDEXED, dueAt: dueAt(clock, FOLLOWED_WITHIN_SECONDS) }
    const record = {
      ...rollbackKey(requestId),
      ...asked,
      state: 'moved',
      at: iso(clock.now()),
      ...due,
    } as Item
    const { done } = await ledger.write({ put: record, when: [absent('PK')] }, ...writes)
    if (done) return undefined
  }
  throw new Contention(`the pointer of ${domain} was contended in ${ROUNDS_MAX} rounds`)
}

/** Editions among which a way back is looked for, the newest first; more have failed one after another in no domain. */
const LOOKED_THROUGH = 200

/**
 * From an edition that failed: to what readers saw before it, or, where that has failed or gone meanwhile, to the newest
 * that is good and older. Where there is none, the failed one itself, from which nothing moves.
 */
async function wayBack(ledger: PublishGoldEffects['ledger'], { domain, from, to }: Asked): Promise<string> {
  const before = (await ledger.get(editionKey(domain, to))) as Edition | undefined
  if (before && !unfit(before)) return to
  const page = await ledger.query(editionKey(domain, '').PK, {
    ...{ prefix: EDITION_PREFIX, limit: LOOKED_THROUGH, newestFirst: true },
  })
  const editions = page.items as Edition[]
  const left = editions.find((edition) => editionName(edition) === from)
  const good = editions.filter((edition) => !unfit(edition) && edition.ordinal < Number(left?.ordinal))
  const [best] = good.sort((a, b) => b.ordinal - a.ordinal)
  return best ? editionName(best) : from
}

/** Why a rollback cannot be done, in a sentence. The API asks the same before it passes a request on. */
export function whyNot(
  { domain, from, to }: Pick<Asked, 'domain' | 'from' | 'to'>,
  pointer: Pointer | undefined,
  edition: Edition | undefined,
): string | undefined {
  if (!pointer) return `${domain} has published nothing yet`
  if (!edition) return `there is no edition "${to}" of ${domain}`
  if (pointer.edition === to) return `${domain} shows edition ${to} already`
  if (pointer.edition !== from)
    return `${domain} shows edition ${pointer.edition} by now, not ${from}: look at it, and ask again`
  return unfit(edition)
}

/** The pointer, the edition that comes back and the one that goes, in one transaction. */
function moveBack(asked: Asked, pointer: Pointer, edition: Edition, at: string): Write[] {
  const { domain, requestId, from, by, why, to } = asked
  // Back at the newest edition there is nothing left that a newer one would have to end.
  // Failed tests hold nothing: a build that was begun before them has passed its own.
  const isHold = asked.failed ? pointer.rollback?.holds === true : edition.ordinal < pointer.newest
  const rollback: Rollback = { requestId, from, by, why, at, holds: isHold }
  return [
    {
      update: goldPointerKey(domain),
      set: { ...pointing(edition, pointer, at), rollback: { ...rollback } },
      when: unmoved(pointer),
    },
    {
      update: editionKey(domain, editionName(edition)),
      set: { backAt: at },
      remove: ['leftAt', 'rolledBack'],
      when: [present('publishedAt'), absent('retiredAt')],
    },
    { update: editionKey(domain, from), set: { leftAt: at, rolledBack: { by, why, at, to } } },
  ]
}

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
  publishEntryKey,
  type Rollback,
  rollbackKey,
  unfit,
  unmoved,
} from '../../../shared/editions.js'
import { Contention } from '../../../shared/errors.js'
import { absent, INDEXED, type Item, present, type Write } from '../../../shared/ledger.js'
import { dueAt } from '../../../shared/run.js'
import { addTables, exportedDatasets, follow, type PublishGoldEffects } from './follow.js'
import { holdAfter, newestOf, wayBack } from './way-back.js'

type Asked = Detail<typeof RollbackRequested>

const ROUNDS_MAX = 5

/**
 * Shows an earlier edition again, because a person asked, once however often the request comes: the pointer, then the
 * tables. What cannot be shown, or was asked of an edition that is not shown any more, is refused.
 */
export async function rollBack(effects: PublishGoldEffects, asked: Asked): Promise<string> {
  if (asked.failed) await markFailed(effects, asked)
  const refused = await decided(effects, asked)
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

/** What is to be done at a request: the edition that is shown from now on and its writes, or why nothing is. */
interface Decision {
  to?: Edition
  refused?: string
  writes: Write[]
}

/** Takes the decision, or finds that it was taken. Gives why it is refused, if it is. */
async function decided(effects: PublishGoldEffects, asked: Asked): Promise<string | undefined> {
  const { ledger, clock } = effects
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    if (await ledger.get(rollbackKey(asked.requestId))) return undefined
    const pointer = (await ledger.get(goldPointerKey(asked.domain))) as Pointer | undefined
    const at = iso(clock.now())
    const decide = asked.failed ? takenAway : broughtBack
    const { to, refused, writes } = await decide(effects, asked, pointer, at)
    // A person is told why; for failed tests nobody but the ledger waits, and without a record they ask for ever.
    if (refused && !asked.failed) return refused
    const due = { duePk: INDEXED, dueAt: dueAt(clock, FOLLOWED_WITHIN_SECONDS) }
    const became = to ? { to: editionName(to), state: 'moved', ...due } : { state: 'refused', refused }
    const record = { ...rollbackKey(asked.requestId), ...asked, at, ...became } as Item
    const { done } = await ledger.write({ put: record, when: [absent('PK')] }, ...writes)
    if (done) return refused
  }
  throw new Contention(`the pointer of ${asked.domain} was contended in ${ROUNDS_MAX} rounds`)
}

type Decide = (
  effects: PublishGoldEffects,
  asked: Asked,
  pointer: Pointer | undefined,
  at: string,
) => Promise<Decision>

const broughtBack: Decide = async ({ ledger }, asked, pointer, at) => {
  const edition = (await ledger.get(editionKey(asked.domain, asked.to))) as Edition | undefined
  const refused = whyNot(asked, pointer, edition)
  if (refused || !pointer || !edition) return { refused: String(refused), writes: [] }
  // Back at the newest edition there is nothing left that a newer one would have to end.
  const hold = { holds: edition.ordinal < pointer.newest }
  return { to: edition, writes: moveTo(edition, asked, pointer, hold, at) }
}

/** Editions among which a way back is looked for, the newest first; more have failed one after another in no domain. */
const LOOKED_THROUGH = 200

const takenAway: Decide = async (effects, asked, pointer, at) => {
  const { domain, from } = asked
  if (!pointer) return { refused: `${domain} has published nothing yet`, writes: [] }
  const page = await effects.ledger.query(editionKey(domain, '').PK, {
    ...{ prefix: EDITION_PREFIX, limit: LOOKED_THROUGH, newestFirst: true },
  })
  const editions = page.items as Edition[]
  const failed = editions.find((one) => editionName(one) === from)
  const newest = newestOf(editions)
  const isShown = failed !== undefined && pointer.edition === from
  const to = isShown ? wayBack(editions, failed, pointer) : undefined
  if (!isShown || !to) {
    const refused = isShown
      ? `${domain} has no good edition to show in its place`
      : `${domain} shows edition ${pointer.edition} by now`
    const count = { update: goldPointerKey(domain), set: newest, when: unmoved(pointer) }
    return { refused, writes: newest.newest === pointer.newest ? [] : [count] }
  }
  if (!to.publishedAt) await addTables(effects, await exportedDatasets(effects, domain, to), editionName(to))
  // Failed tests hold nothing: a build that was begun before them has passed its own.
  const held = holdAfter(failed, pointer)
  const isHold = held?.holds === true && to.ordinal < newest.newest
  const hold = isHold ? { holds: true, since: held.since ?? held.at } : { holds: false }
  return { to, writes: moveTo(to, asked, { ...pointer, ...newest } as Pointer, hold, at) }
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

/** The pointer, the edition that comes and the one that goes, in one transaction. */
function moveTo(
  edition: Edition,
  { domain, requestId, from, by, why }: Asked,
  pointer: Pointer,
  hold: Pick<Rollback, 'holds' | 'since'>,
  at: string,
): Write[] {
  const to = editionName(edition)
  const rollback = { requestId, from, by, why, at, ...hold }
  return [
    {
      update: goldPointerKey(domain),
      set: { ...pointing(edition, pointer, at), rollback },
      when: unmoved(pointer),
    },
    {
      update: editionKey(domain, to),
      set: { backAt: at, publishedAt: edition.publishedAt ?? at },
      remove: ['leftAt', 'rolledBack'],
      when: [present('ordinal'), absent('retiredAt'), absent('failedAt')],
    },
    { update: editionKey(domain, from), set: { leftAt: at, rolledBack: { by, why, at, to } } },
    ...(edition.publishedAt
      ? []
      : [{ update: publishEntryKey(domain, edition.runId), set: { current: true } }]),
  ]
}

import type { Evidence, Invariant } from '../evidence.js'
import { changesOf, type Item, itemAt, itemsUnder, partitions } from './reading.js'

/** What must hold of editions that are rolled back, held and let go of. */

const DOMAIN = 'DOMAIN#'
/** How long files stay after their edition was left, and again after it was given up, in ms. */
const GRACE = 300_000
/** Clocks of instances differ by this much, in ms. */
const SKEW = 20_000

const pointersOf = (ledger: readonly Item[]) =>
  partitions(ledger, DOMAIN).filter(({ SK }) => SK === 'GOLD') as Item[]
const domainOf = ({ PK }: Item) => PK.slice(DOMAIN.length)
const nameOf = ({ SK }: Item) => SK.slice('EDITION#'.length)
const rollbackOf = (ledger: readonly Item[], id: unknown) => itemAt(ledger, `ROLLBACK#${id}`, 'META')

/** Whether a person asked for this move in a request that has moved nothing before. */
function isAskedFor({ ledger, before, events }: Evidence, was: Item, is: Item): boolean {
  const id = is.rollback?.requestId
  const record = rollbackOf(ledger, id)
  const asked = events.some(({ name, detail }) => name === 'Rollback Requested' && detail.requestId === id)
  return (
    asked &&
    record?.domain === domainOf(is) &&
    record?.from === was.edition &&
    record?.to === is.edition &&
    before !== undefined &&
    rollbackOf(before.ledger, id) === undefined
  )
}

/** Whether a build took its inputs before a rollback that holds: it is no newer edition. */
function isOlderThan({ ledger }: Evidence, rollback: Item | undefined, { runId }: Item): boolean {
  const begun = Date.parse(itemAt(ledger, `RUN#${runId}`, 'META')?.createdAt)
  return rollback?.holds === true && begun < Date.parse(rollback.since ?? rollback.at) - SKEW
}

const pointersMoveForAReason: Invariant = {
  name: 'a gold pointer never goes back by itself',
  when: 'step',
  check: (evidence) =>
    changesOf(evidence).flatMap(({ before, after, item }) => {
      if (!before || item.SK !== 'GOLD' || !item.PK.startsWith(DOMAIN)) return []
      if (!after) return [`${domainOf(item)} lost its pointer`]
      if (after.edition === before.edition)
        return after.flip === before.flip ? [] : [`${domainOf(item)} moved to where it was`]
      const way = `${domainOf(item)} went from ${before.edition} (${before.ordinal}) to ${after.edition} (${after.ordinal})`
      if (after.flip !== before.flip + 1)
        return [`${way}, and counts ${after.flip} after ${before.flip} moves`]
      if (isAskedFor(evidence, before, after)) return []
      if (!(after.ordinal > before.newest)) return [way]
      return isOlderThan(evidence, before.rollback, after)
        ? [`${way}, whose build began before the rollback`]
        : []
    }),
}

/** Why an edition that is newer than all that were ever shown is not shown: a rollback that came after its build began. */
function isHeld({ ledger }: Evidence, domain: string, edition: Item): boolean {
  const entry = itemAt(ledger, `ENTRY#publish:${domain}#gold:${edition.runId}`, 'META')
  const record = entry?.heldBy && rollbackOf(ledger, entry.heldBy)
  const run = itemAt(ledger, `RUN#${edition.runId}`, 'META')
  // One that came too late for another reason is held all the same; failed tests hold only since a person did.
  const { holds, since, at, requestId } = itemAt(ledger, `${DOMAIN}${domain}`, 'GOLD')?.rollback ?? {}
  const isPersons = since !== undefined || !rollbackOf(ledger, requestId)?.failed
  if (holds && isPersons && Date.parse(run?.createdAt) < Date.parse(since ?? at) + SKEW) return true
  const isOlder = Date.parse(run?.createdAt) < Date.parse(record?.at) + SKEW
  return record?.domain === domain && isOlder && (!record.failed || wasHeld(ledger, record))
}

/** Failed tests hold nothing back by themselves; what a person's rollback holds they leave so. */
const wasHeld = (ledger: readonly Item[], { domain, at }: Item) =>
  partitions(ledger, 'ROLLBACK#').some((one) => one.domain === domain && !one.failed && one.at <= at)

const newestIsShown: Invariant = {
  name: 'a domain publishes its newest edition, or the one that a person went back to',
  when: 'rest',
  check: (evidence) => {
    const { ledger } = evidence
    const all = partitions(ledger, DOMAIN).filter(
      ({ SK, state, retiredAt }) => SK.startsWith('EDITION#') && state !== 'failed' && !retiredAt,
    )
    return [...new Set(all.map(({ PK }) => PK as string))].flatMap((PK) => {
      const domain = PK.slice(DOMAIN.length)
      const pointer = itemAt(ledger, PK, 'GOLD')
      const editions = all.filter((one) => one.PK === PK).sort((a, b) => b.ordinal - a.ordinal)
      const seen = editions.filter(({ publishedAt }) => publishedAt)
      const held = editions.filter(({ ordinal }) => ordinal > (seen[0]?.ordinal ?? 0))
      const lost = held.filter((one) => !isHeld(evidence, domain, one))
      const record = pointer?.rollback && rollbackOf(ledger, pointer.rollback.requestId)
      // What failed its tests gives way to what readers saw before it, which need not be the newest.
      const back = record && (pointer?.rollback?.holds || record.failed) ? record : undefined
      const shown = back ? back.to : seen[0] && nameOf(seen[0])
      return [
        ...lost.map((one) => `${domain} publishes ${pointer?.edition ?? 'nothing'}, and ${one.SK} is newer`),
        ...(seen.length > 0 && pointer?.edition !== shown
          ? [`${domain} publishes ${pointer?.edition}, and should publish ${shown}`]
          : []),
      ]
    })
  },
}

const shownStays: Invariant = {
  name: 'the edition that readers see is whole, and nobody gives it up',
  when: 'step',
  check: ({ ledger, editions }) =>
    editions.size === 0
      ? []
      : pointersOf(ledger).flatMap((pointer) => {
          const { edition, PK } = pointer
          const item = itemAt(ledger, PK, `EDITION#${edition}`)
          const wrong = [
            item?.retiredAt && 'is given up',
            editions.get(`${domainOf(pointer)}/${edition}`)?.goneAt !== undefined && 'has lost files',
          ]
          return wrong.flatMap((what) =>
            what ? [`${edition}, which ${domainOf(pointer)} shows, ${what}`] : [],
          )
        }),
}

const filesGoLate: Invariant = {
  name: 'no file of an edition goes before the grace',
  when: 'step',
  check: ({ ledger, editions }) =>
    [...editions].flatMap(([place, { domain, edition, goneAt }]) => {
      if (goneAt === undefined) return []
      const item = itemAt(ledger, `${DOMAIN}${domain}`, `EDITION#${edition}`)
      const given = Date.parse(item?.retiredAt)
      if (!(goneAt - given >= GRACE - SKEW))
        return [`files of ${place} went ${goneAt - given} ms after it was given up`]
      const left = item?.leftAt && given - Date.parse(item.leftAt)
      return left !== undefined && left < GRACE - SKEW
        ? [`${place} was given up ${left} ms after readers left it`]
        : []
    }),
}

const deletedIsTold: Invariant = {
  name: 'an edition is told to be deleted when its files are gone, and not before',
  when: 'step',
  check: (evidence) =>
    changesOf(evidence).flatMap(({ before, after }) => {
      if (!after?.deletedAt || before?.deletedAt || !after.SK.startsWith('EDITION#')) return []
      const place = `${domainOf(after)}/${nameOf(after)}`
      return evidence.editions.get(place)?.goneAt === undefined
        ? [`${place} is told to be deleted, and its files are there`]
        : []
    }),
}

const tablesOfEditions: Invariant = {
  name: 'each edition that can be shown has tables of its own',
  when: 'rest',
  check: ({ ledger, editionTables }) =>
    pointersOf(ledger).flatMap((pointer) =>
      itemsUnder(ledger, pointer.PK, 'EDITION#')
        .filter(({ publishedAt, retiredAt }) => publishedAt && !retiredAt)
        .filter((one) => !editionTables.has(`${domainOf(pointer)}/${nameOf(one)}`))
        .map((one) => `${domainOf(pointer)}/${nameOf(one)} was published and has no table of its own`),
    ),
}

const precomputedGoes: Invariant = {
  name: 'what dashboards read is there for the shown edition, and goes with a deleted one',
  when: 'rest',
  check: ({ ledger, artifacts }) => {
    const kept = new Set(
      [...artifacts.keys()].flatMap(
        (key) => /^dashboards\/domain=(.+)\/edition=(.+)\//.exec(key)?.slice(1).join('/') ?? [],
      ),
    )
    return pointersOf(ledger).flatMap((pointer) => {
      const shown = `${domainOf(pointer)}/${pointer.edition}`
      const gone = itemsUnder(ledger, pointer.PK, 'EDITION#')
        .filter(({ deletedAt }) => deletedAt)
        .map((one) => `${domainOf(pointer)}/${nameOf(one)}`)
      return [
        ...(kept.has(shown) ? [] : [`nothing of ${shown} is precomputed`]),
        ...gone
          .filter((one) => kept.has(one))
          .map((one) => `${one} is deleted, and what was precomputed is there`),
      ]
    })
  },
}

export const editionInvariants: readonly Invariant[] = [
  pointersMoveForAReason,
  newestIsShown,
  shownStays,
  filesGoLate,
  deletedIsTold,
  tablesOfEditions,
  precomputedGoes,
]

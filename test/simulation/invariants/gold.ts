import type { Evidence, Invariant } from '../evidence.js'
import { answeringRun, changesOf, few, type Item, itemAt, partitions, runAt } from './reading.js'

const DOMAIN = 'DOMAIN#'
const domainOf = ({ PK }: Item) => PK.slice(DOMAIN.length)
const isPointer = ({ PK, SK }: Item) => SK === 'GOLD' && PK.startsWith(DOMAIN)
const pointerOf = (ledger: readonly Item[], domain: string) => itemAt(ledger, `${DOMAIN}${domain}`, 'GOLD')

const pointersNameGoodEditions: Invariant = {
  name: 'a gold pointer names a passed, wholly exported edition of a committed build',
  when: 'step',
  check: (evidence) =>
    changesOf(evidence).flatMap(({ before, after }) => {
      if (!after || !isPointer(after)) return []
      const domain = domainOf(after)
      const item = itemAt(evidence.ledger, after.PK, `EDITION#${after.edition}`)
      const exported = evidence.editions.get(`${domain}/${after.edition}`)
      const run = item && runAt(evidence.ledger, item.runId)
      const isFast = run?.mode === 'fast'
      const states = isFast ? ['passed', 'pending'] : ['passed']
      const wrong = [
        // Of one that readers see already it may come out that it failed.
        !(isFast && before?.edition === after.edition) &&
          !states.includes(item?.state) &&
          `is ${item?.state ?? 'unknown'} in the ledger`,
        !exported?.complete && 'is not wholly exported',
        exported &&
          !isFast &&
          !exported.passed &&
          !item?.waiver &&
          'failed its tests, and nobody let it through',
        run?.state !== 'COMMITTED' && `is of a run that is ${run?.state}`,
      ]
      return wrong.flatMap((why) => (why ? [`${domain} publishes ${after.edition}, which ${why}`] : []))
    }),
}

const editionsStay: Invariant = {
  name: 'an edition is what it was for ever',
  when: 'step',
  check: (evidence) =>
    changesOf(evidence).flatMap(({ before, after, item }) => {
      if (!before || !item.PK.startsWith(DOMAIN) || !item.SK.startsWith('EDITION#')) return []
      // Of one that was published before its tests, these decide.
      const isFast = runAt(evidence.ledger, before.runId)?.mode === 'fast'
      const fixed = ['ordinal', 'runId', 'attempt', ...(isFast ? [] : ['state'])]
      const moved = fixed.filter((name) => before[name] !== after?.[name])
      return moved.length > 0 ? [`${item.PK} ${item.SK} changed its ${moved.join(', ')}`] : []
    }),
}

interface Silver {
  runId: string
  entity: string
}

/** The committed silver runs of a lane's entities, by the ledger's numbers. */
const silverOfLane = (ledger: readonly Item[], entities: string[]): Silver[] =>
  partitions(ledger, 'SILVER#').flatMap(({ PK, SK, runId }) => {
    const entity = PK.slice('SILVER#'.length)
    return SK.startsWith('RUN#') && entities.includes(entity) ? [{ runId, entity }] : []
  })

const readsOnce: Invariant = {
  name: 'an edition read each silver run once, and only committed ones',
  when: 'rest',
  check: ({ ledger, editions }) =>
    partitions(ledger, DOMAIN)
      .filter(isPointer)
      .flatMap((pointer) => {
        const read = editions.get(`${domainOf(pointer)}/${pointer.edition}`)?.silverRuns ?? []
        const twice = read.filter((id, place) => read.indexOf(id) !== place)
        const wrong = read.filter((id) => runAt(ledger, id)?.state !== 'COMMITTED')
        return [
          ...(twice.length > 0 ? [`${domainOf(pointer)} has read ${few(twice)} twice`] : []),
          ...(wrong.length > 0 ? [`${domainOf(pointer)} has read ${few(wrong)}, not committed`] : []),
        ]
      }),
}

/**
 * Why an edition may lack a committed silver run: the build that was to read it is parked, or the domain's lane is new
 * and another lane's edition has read it, so that nothing asked for a build yet. What an old lane could not build any
 * more is asked for again in the new one, by entity.
 */
function isExplained(
  { ledger, editions }: Evidence,
  lane: string,
  silver: Silver,
  newLane: boolean,
): boolean {
  const asked = partitions(ledger, 'ENTRY#build:').filter(
    ({ PK }) =>
      PK.endsWith(`#silver:${silver.runId}`) ||
      (PK.startsWith(`ENTRY#${lane}#moved:`) && PK.endsWith(`:${silver.entity}`)),
  )
  const parked = asked.some((entry) => {
    const run = answeringRun(ledger, entry)
    return typeof run === 'object' && run.state === 'PARKED'
  })
  if (parked) return true
  if (!newLane) return false
  return [...editions.values()].some(({ edition, complete, silverRuns }) => {
    const run = runAt(ledger, edition.slice(0, edition.lastIndexOf('-')))
    return complete && run?.state === 'COMMITTED' && run.lane !== lane && silverRuns.includes(silver.runId)
  })
}

/**
 * The editions that show what a domain has read: the published one, those that a rollback holds back from readers, and
 * all of them while one is shown that a person went back to.
 */
function readBy({ ledger }: Evidence, domain: string, pointer: Item | undefined): string[] {
  const all = partitions(ledger, DOMAIN).filter(
    ({ PK, SK }) => PK === `${DOMAIN}${domain}` && SK.startsWith('EDITION#'),
  )
  const isHeld = ({ runId }: Item) =>
    itemAt(ledger, `ENTRY#publish:${domain}#gold:${runId}`, 'META')?.heldBy !== undefined
  const others = all.filter((one) => pointer?.rollback?.holds || isHeld(one))
  return [pointer?.edition, ...others.map(({ SK }) => SK.slice('EDITION#'.length))]
}

const publishedIsUpToDate: Invariant = {
  name: 'the published edition has read every committed silver run of its lane',
  when: 'rest',
  check: (evidence) => {
    const { ledger, project, editions } = evidence
    return project.lanes.flatMap(({ lane, domains, entities }) => {
      const committed = silverOfLane(ledger, entities)
      return domains.flatMap((domain) => {
        const pointer = pointerOf(ledger, domain)
        const read = new Set(
          readBy(evidence, domain, pointer).flatMap(
            (name) => editions.get(`${domain}/${name}`)?.silverRuns ?? [],
          ),
        )
        const builtBy = pointer && runAt(ledger, pointer.runId)
        const newLane = builtBy?.lane !== `build:${lane}`
        const missing = committed.filter(
          (silver) => !read.has(silver.runId) && !isExplained(evidence, `build:${lane}`, silver, newLane),
        )
        return missing.length > 0
          ? [
              `${domain} publishes ${pointer?.edition ?? 'nothing'}, which has not read ${few(missing.map(({ runId }) => runId))}`,
            ]
          : []
      })
    })
  },
}

const tablesFollow: Invariant = {
  name: 'the catalog’s tables show the pointer’s edition',
  when: 'rest',
  check: ({ ledger, goldTables }) => {
    const wrong = [...goldTables].flatMap(([table, { edition, domain }]) => {
      const pointer = pointerOf(ledger, domain)
      return pointer?.edition === edition
        ? []
        : [`${table} shows ${edition}, ${domain} publishes ${pointer?.edition}`]
    })
    const shown = new Set([...goldTables.values()].map(({ domain }) => domain))
    const bare = partitions(ledger, DOMAIN).filter((item) => isPointer(item) && !shown.has(domainOf(item)))
    return [...wrong, ...bare.map((pointer) => `${domainOf(pointer)} is published and has no table`)]
  },
}

export const goldInvariants: readonly Invariant[] = [
  pointersNameGoodEditions,
  editionsStay,
  readsOnce,
  publishedIsUpToDate,
  tablesFollow,
]

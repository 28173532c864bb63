import type { Invariant } from '../evidence.js'
import { answeringRun, changesOf, type Item, isLive, itemAt, partitions, runAt, runsOf } from './reading.js'

/** What must hold of editions that readers see before their tests have run. */

const DOMAIN = 'DOMAIN#'
const placeOf = ({ PK, SK }: Item) => `${PK.slice(DOMAIN.length)}/${SK.slice('EDITION#'.length)}`
const isEdition = ({ PK, SK }: Item) => PK.startsWith(DOMAIN) && SK.startsWith('EDITION#')
const editionsIn = (ledger: readonly Item[]) => partitions(ledger, DOMAIN).filter(isEdition)

const testsDecide: Invariant = {
  name: 'only its tests, or a person, say of a pending edition that it has passed or failed',
  when: 'step',
  check: (evidence) =>
    changesOf(evidence).flatMap(({ before, after }) => {
      if (!after || !isEdition(after) || !before || before.state === after.state) return []
      const { passed } = evidence.editions.get(placeOf(after)) ?? {}
      const run = after.testedBy && runAt(evidence.ledger, after.testedBy)
      const isWaived = after.state === 'passed' && run?.waiver !== undefined
      const isTrue = after.state === 'passed' ? passed === true : passed === false
      return isTrue || isWaived ? [] : [`${placeOf(after)} is called ${after.state}, its tests: ${passed}`]
    }),
}

const testsFollow: Invariant = {
  name: 'what was published before its tests is tested, or its tests are parked',
  when: 'rest',
  check: ({ ledger }) => {
    const tests = partitions(ledger, 'ENTRY#build:').filter(({ tested }) => tested !== undefined)
    return editionsIn(ledger)
      .filter(({ state }) => state === 'pending')
      .flatMap((edition) => {
        const name = edition.SK.slice('EDITION#'.length)
        const answers = tests
          .filter(({ tested }) => tested.edition === name)
          .map((entry) => answeringRun(ledger, entry))
        const parked = answers.some((run) => typeof run === 'object' && run.state === 'PARKED')
        return parked ? [] : [`${placeOf(edition)} is pending, and nobody tests it`]
      })
  },
}

const failedIsNotShown: Invariant = {
  name: 'readers see no edition that failed its tests where they have seen a good one',
  when: 'rest',
  check: ({ ledger }) =>
    partitions(ledger, DOMAIN)
      .filter(({ SK }) => SK === 'GOLD')
      .flatMap((pointer) => {
        const shown = itemAt(ledger, pointer.PK, `EDITION#${pointer.edition}`)
        if (shown?.state !== 'failed') return []
        const good = editionsIn(ledger).filter(
          ({ PK, state, publishedAt, retiredAt }) =>
            PK === pointer.PK && state !== 'failed' && publishedAt && !retiredAt,
        )
        return good.map((one) => `${placeOf(shown)} has failed and is shown, and ${placeOf(one)} is good`)
      }),
}

const failedIsKnown: Invariant = {
  name: 'what failed its tests is called failed once they have ended',
  when: 'rest',
  check: ({ ledger }) =>
    runsOf(ledger)
      .filter((run) => run.tested && run.gate === 'failed' && run.state === 'PARKED' && !isLive(run))
      .flatMap(({ tested }) =>
        (tested.domains as string[]).flatMap((domain) => {
          const edition = itemAt(ledger, `${DOMAIN}${domain}`, `EDITION#${tested.edition}`)
          return edition?.state === 'failed'
            ? []
            : [`${domain}/${tested.edition} failed its tests and is called ${edition?.state}`]
        }),
      ),
}

export const pendingInvariants: readonly Invariant[] = [
  testsDecide,
  testsFollow,
  failedIsNotShown,
  failedIsKnown,
]

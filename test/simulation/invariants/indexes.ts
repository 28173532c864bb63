import type { Invariant } from '../evidence.js'
import { changesOf, type Item, isLive, isRun, partitions, runsOf } from './reading.js'

const PAIRS = ['due', 'recent', 'quarantined', 'incidents', 'event'].map((name) => ({
  ...{ name, pk: `${name}Pk`, at: `${name}At` },
}))
const hasBoth = (item: Item, { pk, at }: (typeof PAIRS)[number]) =>
  (item[pk] === undefined) === (item[at] === undefined)

const pairsGoTogether: Invariant = {
  name: 'an item is in an index with both keys or not at all',
  when: 'step',
  check: (evidence) =>
    changesOf(evidence).flatMap(({ after }) => {
      if (!after) return []
      return PAIRS.filter((pair) => !hasBoth(after, pair)).map(
        ({ name }) => `${after.PK} ${after.SK} is half in ${name}`,
      )
    }),
}

const liveRunsAreDue: Invariant = {
  name: 'the reconciler can find every run that needs somebody, and none that does not',
  when: 'step',
  check: (evidence) =>
    changesOf(evidence).flatMap(({ after }) => {
      if (!after || !isRun(after)) return []
      const { runId, state, duePk, recentPk, unchanged } = after
      const wrong = [
        isLive(after) && !duePk && 'is not in the index of the due',
        (state === 'REPLAYED' || unchanged) && duePk && 'is still in the index of the due',
        !recentPk && 'is not in the index of runs',
      ]
      return wrong.flatMap((what) => (what ? [`run ${runId}, ${state}, ${what}`] : []))
    }),
}

const nothingIsDue: Invariant = {
  name: 'no run needs anybody at rest',
  when: 'rest',
  check: ({ ledger }) =>
    runsOf(ledger).flatMap(({ runId, state, duePk, dueAt }) =>
      duePk ? [`run ${runId}, ${state}, is due at ${dueAt}: not every consumer has heard of it`] : [],
    ),
}

/** Runs whose rejected rows lie in quarantine: let through with the rest, or held at the gate for their number. */
const HELD = ['COMMITTED', 'PARKED']

const quarantineIsListed: Invariant = {
  name: 'the index of the quarantined lists exactly what can be put back',
  when: 'rest',
  check: ({ ledger }) => {
    const putBack = new Set(
      partitions(ledger, 'ENTRY#').flatMap(({ PK }) => /#rejected:(.+)$/.exec(PK)?.[1] ?? []),
    )
    const runs = runsOf(ledger).flatMap(({ runId, kind, state, rows, quarantinedPk }) => {
      const rejected = kind === 'cleanse' && HELD.includes(state) && rows?.rejected > 0
      const expected = rejected && !putBack.has(runId)
      return Boolean(quarantinedPk) === expected
        ? []
        : [`run ${runId} with ${rows?.rejected} rejected rows is ${quarantinedPk ? '' : 'not '}listed`]
    })
    const files = partitions(ledger, 'FILE#').flatMap(({ key, lane, quarantined, quarantinedPk }) => {
      const expected = Boolean(quarantined) && !lane
      return Boolean(quarantinedPk) === expected ? [] : [`${key} is ${quarantinedPk ? '' : 'not '}listed`]
    })
    return [...runs, ...files]
  },
}

export const indexInvariants: readonly Invariant[] = [
  pairsGoTogether,
  liveRunsAreDue,
  nothingIsDue,
  quarantineIsListed,
]

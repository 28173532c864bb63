import type { Invariant } from '../evidence.js'
import { changesOf, type Item, isLive, isRun, itemAt, partitions, runAt } from './reading.js'

const LANE = 'LANE#'
const laneOf = ({ PK }: Item) => PK.slice(LANE.length)
const isHold = ({ PK, SK }: Item) => SK === 'HOLD' && PK.startsWith(LANE)
const isWait = ({ PK, SK }: Item) => PK.startsWith(LANE) && SK.startsWith('WAIT#')
const holderOf = (ledger: readonly Item[], lane: string): string | undefined =>
  itemAt(ledger, `${LANE}${lane}`, 'HOLD')?.holder

/** A lane has one holder, so what holds it is live and what is live holds it: two live runs cannot be in one lane. */
const oneLiveRun: Invariant = {
  name: 'a lane is held by its one live run',
  when: 'step',
  check: (evidence) => {
    const { ledger } = evidence
    return changesOf(evidence).flatMap(({ after }) => {
      if (!after) return []
      if (isRun(after)) {
        const holds = holderOf(ledger, after.lane) === after.runId
        if (isLive(after) && !holds)
          return [`run ${after.runId} is ${after.state} and does not hold ${after.lane}`]
        if (!isLive(after) && holds)
          return [`${after.lane} is held by run ${after.runId}, which is ${after.state}`]
      }
      if (!isHold(after) || !after.holder) return []
      const run = runAt(ledger, after.holder)
      if (!run) return [`${laneOf(after)} is held by ${after.holder}, and no such run exists`]
      return isLive(run) && run.lane === laneOf(after)
        ? []
        : [`${laneOf(after)} is held by run ${run.runId} of ${run.lane}, which is ${run.state}`]
    })
  },
}

const BUILD = 'build:'
const domainsOf = (lane: string) => lane.slice(BUILD.length).split('+')

/** A deploy may regroup the domains into other lanes; two builds of one domain must not run side by side even then. */
const oneBuildPerDomain: Invariant = {
  name: 'no domain is built by two runs at once',
  when: 'step',
  check: (evidence) => {
    const taken = changesOf(evidence).flatMap(({ after }) =>
      after && isHold(after) && after.holder && laneOf(after).startsWith(BUILD) ? [laneOf(after)] : [],
    )
    if (taken.length === 0) return []
    const held = partitions(evidence.ledger, `${LANE}${BUILD}`).filter((item) => isHold(item) && item.holder)
    return taken.flatMap((lane) =>
      held.flatMap((other) => {
        const shared = domainsOf(laneOf(other)).filter((domain) => domainsOf(lane).includes(domain))
        return laneOf(other) === lane || shared.length === 0
          ? []
          : [`${shared} is built in ${lane} and in ${laneOf(other)}`]
      }),
    )
  },
}

/** Whether an entry waits: a file or a request without a run, or a run that was put back and that nobody took. */
const waits = (owner: Item) =>
  isRun(owner) ? owner.state === 'REPLAYED' && !owner.into : Boolean(owner.waitSk) && !owner.run

const waitingMatchesOwners: Invariant = {
  name: 'what waits in a lane is exactly what has no run',
  when: 'step',
  check: (evidence) => {
    const { ledger } = evidence
    return changesOf(evidence).flatMap(({ before, after, item }) => {
      if (isWait(item)) {
        const { owner: pk } = item
        const owner = itemAt(ledger, pk, 'META')
        if (!owner) return [`${item.PK} ${item.SK}: its owner ${pk} does not exist`]
        if (after && !waits(owner)) return [`${pk} waits in ${laneOf(item)} and is in a run as well`]
        return !after && before && waits(owner) ? [`${pk} left ${laneOf(item)}, and no run has it`] : []
      }
      if (!after?.waitSk || after.SK !== 'META' || !waits(after)) return []
      const there = isRun(after) || itemAt(ledger, `${LANE}${after.lane}`, after.waitSk)
      return there ? [] : [`${after.PK} has no run and does not wait in ${after.lane}`]
    })
  },
}

const ownersAreForEver: Invariant = {
  name: 'the memory of an entry is never deleted, and its run never changes',
  when: 'step',
  check: (evidence) =>
    changesOf(evidence).flatMap(({ before, after, item }) => {
      if (!before || item.SK !== 'META' || !/^(FILE|ENTRY)#/.test(item.PK)) return []
      if (!after) return [`${item.PK} was deleted`]
      const fixed = ['run', 'bucket', 'key', 'versionId']
      return fixed.flatMap((name) =>
        before[name] !== undefined && before[name] !== after[name]
          ? [`${item.PK} changed its ${name} from ${before[name]} to ${after[name]}`]
          : [],
      )
    }),
}

const lanesAreRegistered: Invariant = {
  name: 'the reconciler can find every lane',
  when: 'step',
  check: (evidence) =>
    changesOf(evidence).flatMap(({ after }) =>
      after && (isWait(after) || isHold(after)) && !itemAt(evidence.ledger, 'LANES', laneOf(after))
        ? [`${laneOf(after)} is in no registry`]
        : [],
    ),
}

const nothingWaits: Invariant = {
  name: 'no entry waits and no lane is held at rest',
  when: 'rest',
  check: ({ ledger }) => [
    ...partitions(ledger, LANE).flatMap((item) => {
      if (isWait(item)) return [`${item.owner} waits in ${laneOf(item)}`]
      return isHold(item) && item.holder ? [`${laneOf(item)} is held by ${item.holder}`] : []
    }),
    ...partitions(ledger, 'WAITING#').map(({ PK, SK, runId }) => `${runId ?? SK} waits for ${PK}`),
  ],
}

export const laneInvariants: readonly Invariant[] = [
  oneLiveRun,
  oneBuildPerDomain,
  waitingMatchesOwners,
  ownersAreForEver,
  lanesAreRegistered,
  nothingWaits,
]

import type { Evidence, Invariant } from '../evidence.js'
import { changesOf, type Item, itemAt, partitions } from './reading.js'

/** Clocks of functions differ by this much, in ms; a closing lets two seconds more pass. */
const SKEW = 8_000
const CLOSE_SKEW = 2_000

const isWait = ({ PK, SK }: Item) => PK.startsWith('LANE#') && SK.startsWith('WAIT#')
/** Whether an entry waits for nothing any more, by the latest clock that there may be. */
function isReady({ ledger, now }: Evidence, { PK, notBefore, closes, landedAt }: Item): boolean {
  if (notBefore === undefined || Number(notBefore) <= now + SKEW) return true
  const close = closes && itemAt(ledger, PK, `CLOSE#${closes}`)
  return Boolean(close) && Number(landedAt) <= Number(close.at) + CLOSE_SKEW
}

const takenWhenReady: Invariant = {
  name: 'a claim takes only what is ready, and what settles along with it',
  when: 'step',
  check: (evidence) => {
    const taken = changesOf(evidence).flatMap(({ before, after }) =>
      before && !after && isWait(before) ? [before] : [],
    )
    const lanes = new Set(taken.map(({ PK }) => PK))
    const claimed = new Set(
      changesOf(evidence).flatMap(({ after }) => (after?.SK === 'HOLD' && after.holder ? [after.PK] : [])),
    )
    const early = taken.filter((entry) => entry.closes && !isReady(evidence, entry))
    // The first page of a take holds the oldest; of a settling lane one of them must be ready.
    const unready = [...lanes].filter(
      (lane) => claimed.has(lane) && !taken.some((entry) => entry.PK === lane && isReady(evidence, entry)),
    )
    return [
      ...early.map(({ owner, closes }) => `${owner} was taken before a sync of ${closes} closed its batch`),
      ...unready.map((lane) => `${lane} was claimed, and nothing that was taken was ready`),
    ]
  },
}

const syncsAreBuilt: Invariant = {
  name: 'at rest every finished sync of a warehouse was heard by a build lane, and its run has ended',
  when: 'rest',
  check: ({ ledger, project }) =>
    partitions(ledger, 'SYNC#').flatMap(({ syncId, source }) => {
      if (project.sources[source]?.feeds.length !== 0) return []
      const heard = partitions(ledger, 'ENTRY#build:').filter(({ PK }) => PK.endsWith(`#sync:${syncId}`))
      if (heard.length === 0) return [`sync ${syncId} of ${source} was heard by no build lane`]
      return heard.flatMap(({ PK, run }) => (run ? [] : [`${PK} is in no run`]))
    }),
}

export const waitInvariants: readonly Invariant[] = [takenWhenReady, syncsAreBuilt]

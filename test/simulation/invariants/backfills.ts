import type { Evidence, Invariant } from '../evidence.js'
import { answeringRun, changesOf, type Item, itemAt, itemsUnder, partitions } from './reading.js'

/** Backfills: chunks that run once, as many at once as may, and none that a cancelled or paused one lets go. */
const isBackfill = ({ PK, SK }: Item) => SK === 'META' && PK.startsWith('BACKFILL#')
const isChunk = ({ PK, SK }: Item) => SK.startsWith('CHUNK#') && PK.startsWith('BACKFILL#')
const backfillsOf = ({ ledger }: Evidence) => partitions(ledger, 'BACKFILL#').filter(isBackfill)
const chunksOf = ({ ledger }: Evidence, PK: string) => itemsUnder(ledger, PK, 'CHUNK#')
const told = ({ PK, SK }: Item) => `${PK.slice('BACKFILL#'.length)} ${SK}`

const doneStays: Invariant = {
  name: 'a chunk that ended well never runs again',
  when: 'step',
  check: (evidence) =>
    changesOf(evidence).flatMap(({ before, after, item }) =>
      isChunk(item) && before?.state === 'done' && after?.state !== 'done'
        ? [`${told(item)} was done and is ${after?.state}`]
        : [],
    ),
}

const isLetGo = (before: Item | undefined, after: Item | undefined) =>
  after?.state === 'running' && (before?.state !== 'running' || before.tries !== after.tries)

const onlyRunning: Invariant = {
  name: 'only a running backfill lets a chunk go',
  when: 'step',
  check: (evidence) =>
    changesOf(evidence).flatMap(({ before, after, item }) => {
      if (!evidence.before || !isChunk(item) || !isLetGo(before, after)) return []
      const state = itemAt(evidence.before.ledger, item.PK, 'META')?.state
      return state === 'running' ? [] : [`${told(item)} was let go, and its backfill was ${state}`]
    }),
}

const asks = (backfill: Item | undefined): number => backfill?.asks?.length ?? 0

const personsDecide: Invariant = {
  name: 'a backfill that somebody stopped goes on only when somebody says so',
  when: 'step',
  check: (evidence) =>
    changesOf(evidence).flatMap(({ before, after, item }) => {
      if (!before || !after || !isBackfill(item) || before.state === after.state) return []
      if (before.state === 'cancelled') return [`${told(item)} was cancelled and is ${after.state}`]
      return before.state !== 'running' && after.state === 'running' && asks(after) <= asks(before)
        ? [`${told(item)} was ${before.state} and goes on, and nobody asked`]
        : []
    }),
}

const asManyAsMay: Invariant = {
  name: 'a backfill has no more chunks under way than it may, and knows each of them',
  when: 'step',
  check: (evidence) =>
    changesOf(evidence).flatMap(({ after }) => {
      if (!after || !isBackfill(after)) return []
      const running = chunksOf(evidence, after.PK).filter(({ state }) => state === 'running').length
      const slots = Object.keys(after.slots).length
      if (slots > after.parallel) return [`${told(after)} has ${slots} of ${after.parallel} chunks under way`]
      return running === slots ? [] : [`${told(after)} knows ${slots} chunks under way, and ${running} are`]
    }),
}

const oneOfASource: Invariant = {
  name: 'one backfill of a source at a time lets chunks go',
  when: 'step',
  check: (evidence) =>
    changesOf(evidence).flatMap(({ after }) => {
      if (!after || !isBackfill(after) || !after.holdsSource) return []
      const others = backfillsOf(evidence).filter(
        ({ PK, source, holdsSource }) => holdsSource && source === after.source && PK !== after.PK,
      )
      return others.map((other) => `${told(after)} and ${told(other)} both have the place of ${after.source}`)
    }),
}

/** The memories of a chunk's request, whatever its lane. */
const ownersOf = ({ ledger }: Evidence, source: string, requestId: string) =>
  partitions(ledger, `ENTRY#extract:${source}:`).filter((owner) => owner.requestId === requestId)

const oneGoodRun: Invariant = {
  name: 'each chunk that is done has exactly one good run, and one that was cancelled has none',
  when: 'rest',
  check: (evidence) =>
    backfillsOf(evidence).flatMap(({ PK, source }) =>
      chunksOf(evidence, PK).flatMap((chunk) => {
        const owners = ownersOf(evidence, source, chunk.requestId)
        if (owners.length > 1) return [`${told(chunk)} was requested in ${owners.length} lanes`]
        const run = owners[0] && answeringRun(evidence.ledger, owners[0])
        const isGood = typeof run === 'object' && run.state === 'COMMITTED' && !run.unchanged
        if (chunk.state === 'done' && (!isGood || run.runId !== chunk.runId))
          return [`${told(chunk)} is done, and its run ${chunk.runId} did not bring it`]
        return chunk.state === 'cancelled' && isGood ? [`${told(chunk)} was cancelled, and ran`] : []
      }),
    ),
}

const ends: Invariant = {
  name: 'every backfill comes to rest, and one that is done has all of its range',
  when: 'rest',
  check: (evidence) =>
    backfillsOf(evidence).flatMap((backfill) => {
      const { PK, state, from, to, done, slots } = backfill
      const chunks = chunksOf(evidence, PK)
      const good = chunks.filter((chunk) => chunk.state === 'done')
      if (state === 'running' || Object.keys(slots).length > 0)
        return [`${told(backfill)} is ${state} at rest`]
      if (good.length !== done)
        return [`${told(backfill)} counts ${done} chunks that are done of ${good.length}`]
      if (state !== 'done') return []
      const edges = [from, ...good.map((chunk) => chunk.to)]
      const isWhole = good.every((chunk, place) => chunk.from === edges[place]) && edges.at(-1) === to
      return isWhole ? [] : [`${told(backfill)} is done, and its chunks are not its range`]
    }),
}

export const backfillInvariants: readonly Invariant[] = [
  doneStays,
  onlyRunning,
  personsDecide,
  asManyAsMay,
  oneOfASource,
  oneGoodRun,
  ends,
]

import { type Arrivals, arrivals } from './arrivals.js'
import { DUE_SECONDS } from './bounds.js'
import { type Clock, iso } from './clock.js'
import { type Correlated, correlated } from './correlation.js'
import type { Priority } from './declared.js'
import { Contention } from './errors.js'
import { holdKey, laneKind, laneSubject, overlapping, seal, type World } from './lane.js'
import {
  absent,
  INDEXED,
  type Item,
  is,
  type Ledger,
  present,
  TRANSACTION_WRITES_MAX,
  type Write,
} from './ledger.js'
import { dueAt, inputKey, runKey, type Waiver } from './run.js'
import { highest, takeable } from './waiting.js'

/** Claiming a lane: a free lane's waiting entries become the inputs of a new run, which holds the lane to its end. */
const CLAIM_ROUNDS_MAX = 5
const WRITES_PER_ENTRY = 3
/** Three writes an entry, a holder and a run: 98 of the 100 that one transaction may hold. */
export const ENTRIES_PER_TRANSACTION = 32

/**
 * Takes what waits and is ready into a new run when the lane is free, and says so on the bus. Gives the run's id when
 * this call won the lane. Throws `Contention` after 5 lost rounds, so that the queue or Lambda brings the event back.
 */
export async function claim(world: World, lane: string): Promise<string | undefined> {
  const { ledger, clock } = world
  for (let round = 0; round < CLAIM_ROUNDS_MAX; round += 1) {
    if ((await ledger.get(holdKey(lane)))?.holder) return undefined
    const entries = await takeable(world, lane)
    if (entries.length === 0) return undefined
    const others = await overlapping(world, lane)
    if (others === 'too new') return undefined
    const runId = clock.newId()
    const firstMost = Math.floor((TRANSACTION_WRITES_MAX - 2 - others.length) / WRITES_PER_ENTRY)
    const first = entries.slice(0, firstMost)
    const rest = entries.slice(firstMost)
    const priority = highest(entries)
    const ties = correlated(
      runId,
      entries.map(({ input }) => input),
    )
    const came = arrivals(entries)
    const claimed = { lane, runId, others, ties, came, ...(priority && { priority }) }
    const holder = await take(world, claimed, first, rest.length === 0)
    if (holder === runId) {
      if (rest.length > 0) await fill(world, runId, rest)
      else await world.announceReady(laneKind(lane), runId, ties.correlationId)
      return runId
    }
    if (holder || (others.length > 0 && (await anyHeld(ledger, others)))) return undefined
  }
  throw new Contention(`lane ${lane} was contended in ${CLAIM_ROUNDS_MAX} rounds`)
}

/** A lane of which this one shares a domain is in use: its end claims, and the reconciler looks after this one. */
async function anyHeld(ledger: Ledger, lanes: string[]): Promise<boolean> {
  for (const lane of lanes) if ((await ledger.get(holdKey(lane)))?.holder) return true
  return false
}

interface Claimed {
  lane: string
  runId: string
  /** Lanes that share a domain with this one since a deployment: none of them may be held. */
  others: string[]
  /** Which deliveries it goes back to. */
  ties: Correlated
  came: Arrivals
  /** The highest of its entries. */
  priority?: Priority
}

/** Sets the holder, creates the run and takes the first entries in one transaction; gives who holds the lane now. */
async function take(world: World, claimed: Claimed, entries: Item[], all: boolean) {
  const { ledger, clock } = world
  const { lane, runId, others, ties, came, priority } = claimed
  const waiver = entries[0]?.waiver as Waiver | undefined
  try {
    const written = await ledger.write(
      { update: holdKey(lane), set: { holder: runId, since: iso(clock.now()) }, when: [absent('holder')] },
      {
        put: {
          ...newRun(clock, lane, runId, all ? 'READY' : 'FILLING'),
          ...ties,
          ...came,
          ...(waiver && { waiver }),
          ...(priority && { priority }),
        },
        when: [absent('PK')],
      },
      ...others.map((other): Write => ({ check: holdKey(other), when: [absent('holder')] })),
      ...entries.flatMap((entry) => takeEntry(runId, entry)),
    )
    if (written.done) return runId
  } catch (error) {
    if (!(error instanceof Contention)) throw error
  }
  // A lost answer looks like a refusal: the holder tells the two apart.
  return (await ledger.get(holdKey(lane)))?.holder
}

function newRun(clock: Clock, lane: string, runId: string, state: 'READY' | 'FILLING'): Item {
  const createdAt = iso(clock.now())
  return {
    ...runKey(runId),
    runId,
    kind: laneKind(lane),
    lane,
    subject: laneSubject(lane),
    state,
    attempt: 0,
    tries: 0,
    createdAt,
    recentPk: INDEXED,
    recentAt: `${createdAt}#${runId}`,
    duePk: INDEXED,
    dueAt: dueAt(clock, DUE_SECONDS[state]),
    history: [{ at: createdAt, state }],
  }
}

function takeEntry(runId: string, entry: Item): Write[] {
  const owner = String(entry.owner)
  const replayed = owner.startsWith('RUN#')
  return [
    { remove: { PK: entry.PK, SK: entry.SK }, when: [present('PK')] },
    { put: { ...inputKey(runId, owner), input: entry.input ?? {}, bytes: entry.bytes ?? 0 } },
    replayed
      ? {
          update: { PK: owner, SK: 'META' },
          set: { into: runId },
          when: [is('state', 'REPLAYED'), absent('into')],
        }
      : { update: { PK: owner, SK: 'META' }, set: { run: runId }, when: [absent('run')] },
  ]
}

/** Takes the further pages while the run is FILLING, then seals it. Only the claimer takes; others may only seal. */
async function fill(world: World, runId: string, rest: Item[]): Promise<void> {
  for (let from = 0; from < rest.length; from += ENTRIES_PER_TRANSACTION) {
    const page = rest.slice(from, from + ENTRIES_PER_TRANSACTION)
    const written = await world.ledger
      .write(
        { check: runKey(runId), when: [is('state', 'FILLING')] },
        ...page.flatMap((entry) => takeEntry(runId, entry)),
      )
      .catch(stopWhenContended)
    if (!written.done) break
  }
  await seal(world, runId)
}

function stopWhenContended(error: unknown) {
  if (error instanceof Contention) return { done: false as const, refused: [] }
  throw error
}

import { type Clock, iso } from './clock.js'
import { Contention } from './errors.js'
import { absent, INDEXED, type Item, is, type Ledger, present, type Value, type Write } from './ledger.js'
import { DUE_SECONDS, dueAt, inputKey, moveRun, type RunKind, runKey } from './run.js'

/**
 * The lane: at most one run in flight per key; what arrives meanwhile waits and is taken together. The protocol is
 * model-checked (docs/decisions/0001-lane-protocol.md); each condition below is one that the model needs.
 */
export interface World {
  ledger: Ledger
  clock: Clock
  /** Tells the next stage that a run is ready to start. Throws when the bus refuses. */
  announceReady(kind: RunKind, runId: string): Promise<void>
}

/** What waits in a lane: its owner is the item that remembers it for ever, so that it joins once. */
export interface Entry {
  owner: Item
  /** What the run is told about this entry: for a cleanse the file version, for a build the selector. */
  input: { [name: string]: Value }
  bytes: number
}

export const ENTRIES_MAX = { cleanse: 5_000, build: 1_000 } as const satisfies Record<RunKind, number>
export const BYTES_MAX = 200 * 1_024 ** 3
/** Three writes an entry, a holder and a run: 98 of the 100 that one transaction may hold. */
export const ENTRIES_PER_TRANSACTION = 32
const CLAIM_ROUNDS_MAX = 5
const WAITING_PAGES_MAX = 50

export const laneName = (kind: RunKind, subject: string) => `${kind}:${subject}`
export const laneKind = (lane: string) => lane.slice(0, lane.indexOf(':')) as RunKind
export const laneSubject = (lane: string) => lane.slice(lane.indexOf(':') + 1)
const lanePk = (lane: string) => `LANE#${lane}`
export const holdKey = (lane: string) => ({ PK: lanePk(lane), SK: 'HOLD' })
export const REGISTRY_PK = 'LANES'

/** Writes the lane's name where the reconciler finds it, once for ever; call it before the first join. */
export async function registerLane({ ledger, clock }: World, lane: string): Promise<void> {
  const item = { PK: REGISTRY_PK, SK: lane, since: iso(clock.now()) }
  await ledger.write({ put: item, when: [absent('PK')] })
}

/** Lets an entry join its lane, or finds that it is known already. Always claim the lane afterwards. */
export async function join(
  { ledger, clock }: World,
  lane: string,
  entry: Entry,
): Promise<'joined' | 'known'> {
  const { owner, input, bytes } = entry
  const SK = `WAIT#${String(clock.now()).padStart(13, '0')}#${owner.PK}`
  const written = await ledger.write(
    { put: { ...owner, lane, waitSk: SK }, when: [absent('PK')] },
    { put: { PK: lanePk(lane), SK, owner: owner.PK, input, bytes }, when: [absent('PK')] },
  )
  return written.done ? 'joined' : 'known'
}

/**
 * Takes what waits into a new run when the lane is free, and says so on the bus. Gives the run's id when this call
 * won the lane. Throws `Contention` after 5 lost rounds, so that the queue or Lambda brings the event back.
 */
export async function claim(world: World, lane: string): Promise<string | undefined> {
  const { ledger, clock } = world
  for (let round = 0; round < CLAIM_ROUNDS_MAX; round += 1) {
    if ((await ledger.get(holdKey(lane)))?.holder) return undefined
    const entries = await waiting(ledger, lane)
    if (entries.length === 0) return undefined
    const runId = clock.newId()
    const first = entries.slice(0, ENTRIES_PER_TRANSACTION)
    const rest = entries.slice(ENTRIES_PER_TRANSACTION)
    const holder = await take(world, lane, runId, first, rest.length === 0)
    if (holder === runId) {
      if (rest.length > 0) await fill(world, runId, rest)
      else await world.announceReady(laneKind(lane), runId)
      return runId
    }
    if (holder) return undefined
  }
  throw new Contention(`lane ${lane} was contended in ${CLAIM_ROUNDS_MAX} rounds`)
}

/** The longest prefix of what waits that fits a run, and at least one entry, else a huge one would wait for ever. */
async function waiting(ledger: Ledger, lane: string): Promise<Item[]> {
  const taken: Item[] = []
  let bytes = 0
  let after: string | undefined
  for (let pages = 0; pages < WAITING_PAGES_MAX; pages += 1) {
    const page = await ledger.query(lanePk(lane), { prefix: 'WAIT#', limit: 1_000, ...(after && { after }) })
    for (const item of page.items) {
      bytes += Number(item.bytes)
      if (taken.length > 0 && (bytes > BYTES_MAX || taken.length >= ENTRIES_MAX[laneKind(lane)])) return taken
      taken.push(item)
    }
    if (!page.next) return taken
    after = page.next
  }
  return taken
}

/** Sets the holder, creates the run and takes the first entries in one transaction; gives who holds the lane now. */
async function take(world: World, lane: string, runId: string, entries: Item[], all: boolean) {
  const { ledger, clock } = world
  try {
    const written = await ledger.write(
      { update: holdKey(lane), set: { holder: runId, since: iso(clock.now()) }, when: [absent('holder')] },
      { put: newRun(clock, lane, runId, all ? 'READY' : 'FILLING'), when: [absent('PK')] },
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

/** Closes a run's inputs and says that it is ready; a run that is sealed already is only announced again. */
export async function seal(world: World, runId: string): Promise<void> {
  await world.ledger.write(moveRun(world.clock, runId, 'READY', { when: [is('state', 'FILLING')] }))
  const run = await world.ledger.get(runKey(runId))
  if (run?.state === 'READY') await world.announceReady(run.kind as RunKind, runId)
}

/** The write that frees the lane; it stands in the transaction that ends the run, never alone. */
export const release = (lane: string, runId: string): Write => ({
  update: holdKey(lane),
  remove: ['holder'],
  when: [is('holder', runId)],
})

/** Puts a parked run back into its lane as one entry; gives whether this call did it. */
export async function replay(world: World, runId: string, lane: string): Promise<boolean> {
  const owner = runKey(runId).PK
  const SK = `WAIT#${String(world.clock.now()).padStart(13, '0')}#${owner}`
  const written = await world.ledger.write(
    moveRun(world.clock, runId, 'REPLAYED', { when: [is('state', 'PARKED')] }),
    { put: { PK: lanePk(lane), SK, owner, input: { run: runId }, bytes: 0 }, when: [absent('PK')] },
  )
  await claim(world, lane)
  return written.done
}

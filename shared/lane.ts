import { type Clock, iso } from './clock.js'
import { carried } from './correlation.js'
import type { Priority } from './declared.js'
import { absent, type Item, is, type Ledger, type Value, type Write } from './ledger.js'
import { moveRun, type RunKind, runKey } from './run.js'

/**
 * The lane: at most one run in flight per key; what arrives meanwhile waits and is taken together. The protocol is
 * model-checked (docs/decisions/0001-lane-protocol.md); each condition below is one that the model needs.
 */
export interface World {
  ledger: Ledger
  clock: Clock
  /** Tells the next stage that a run is ready to start. Throws when the bus refuses. */
  announceReady(kind: RunKind, runId: string, correlationId?: string): Promise<void>
}

/** What waits in a lane: its owner is the item that remembers it for ever, so that it joins once. */
export interface Entry {
  owner: Item
  /** What the run is told about this entry: for a cleanse the file version, for a build the selector. */
  input: { [name: string]: Value }
  bytes: number
  /** Nothing else goes into the run that takes it. */
  alone?: true
  /** Before then, in ms since 1970, a claim takes it only along with what is ready. */
  notBefore?: number
  /** Until then it is not taken at all, unless a finished sync of this source closes what landed until `landedAt`, ms. */
  closes?: string
  landedAt?: number
  /** Which of several waiting runs goes first; normal when absent. */
  priority?: Priority
}

export const ENTRIES_MAX = {
  cleanse: 5_000,
  build: 1_000,
  extract: 200,
  compact: 100,
} as const satisfies Record<RunKind, number>
export const BYTES_MAX = 200 * 1_024 ** 3

export const laneName = (kind: RunKind, subject: string) => `${kind}:${subject}`
export const laneKind = (lane: string) => lane.slice(0, lane.indexOf(':')) as RunKind
/** What a lane is for; a source has further lanes for windows that are extracted side by side: `extract:<source>:<n>`. */
export const laneSubject = (lane: string) => lane.slice(lane.indexOf(':') + 1).replace(/:\d+$/, '')
export const lanePk = (lane: string) => `LANE#${lane}`
export const holdKey = (lane: string) => ({ PK: lanePk(lane), SK: 'HOLD' })
export const REGISTRY_PK = 'LANES'

/** Where an entry waits: by its arrival, so that nothing starves. */
export const waitSk = (clock: Clock, ownerPk: string) =>
  `WAIT#${String(clock.now()).padStart(13, '0')}#${ownerPk}`

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
  const written = await ledger.write(...joining(clock, lane, entry))
  return written.done ? 'joined' : 'known'
}

/** The writes of a join, for a transaction that does more. */
export function joining(clock: Clock, lane: string, { owner, ...waits }: Entry): Write[] {
  const SK = waitSk(clock, owner.PK)
  return [
    { put: { ...owner, lane, waitSk: SK }, when: [absent('PK')] },
    { put: { PK: lanePk(lane), SK, owner: owner.PK, ...waits }, when: [absent('PK')] },
  ]
}

/** Lanes that one claim checks beside its own; more would be another graph with every deployment. */
const OVERLAPS_MAX = 20
const LANES_MAX = 500
/** Longer than a function lives that claims a build lane: who read the registry before a lane was in it is dead. */
export const NEW_LANE_SECONDS = 240

/**
 * The other lanes ever used that share a domain with a build lane: a deployment whose graph joins or splits domains
 * names lanes anew, and no two builds may touch one relation. `too new` while an old claim may not know this lane yet.
 */
export async function overlapping({ ledger, clock }: World, lane: string): Promise<string[] | 'too new'> {
  if (laneKind(lane) !== 'build') return []
  const { items } = await ledger.query(REGISTRY_PK, { prefix: 'build:', limit: LANES_MAX })
  const own = new Set(domainsOf(lane))
  const others = items.filter(({ SK }) => SK !== lane && domainsOf(SK).some((domain) => own.has(domain)))
  if (others.length === 0) return []
  const since = Date.parse(String(items.find(({ SK }) => SK === lane)?.since ?? iso(clock.now())))
  if (clock.now() < since + NEW_LANE_SECONDS * 1_000) return 'too new'
  return others.slice(0, OVERLAPS_MAX).map(({ SK }) => SK)
}

/** A build lane is named by its domains. */
const domainsOf = (lane: string) => laneSubject(lane).split('+')

/** Closes a run's inputs and says that it is ready; a run that is sealed already is only announced again. */
export async function seal(world: World, runId: string): Promise<void> {
  await world.ledger.write(moveRun(world.clock, runId, 'READY', { when: [is('state', 'FILLING')] }))
  const run = await world.ledger.get(runKey(runId))
  if (run?.state === 'READY')
    await world.announceReady(run.kind as RunKind, runId, carried(run).correlationId)
}

/** The write that frees the lane; it stands in the transaction that ends the run, never alone. */
export const release = (lane: string, runId: string): Write => ({
  update: holdKey(lane),
  remove: ['holder'],
  when: [is('holder', runId)],
})

import { claim } from './claim.js'
import { iso } from './clock.js'
import { carried } from './correlation.js'
import { type Declared, feedOf } from './declared.js'
import { laneName, lanePk, registerLane, type World, waitSk } from './lane.js'
import { absent, type Item, is, type Key, present, type Value, type Write } from './ledger.js'
import { isOfNoLasting } from './modes.js'
import { moveRun, type Run, runKey } from './run.js'

/** Who asks, and why; recorded with what was put back. */
export interface Asked {
  by: string
  why?: string | undefined
}

const asked = ({ clock }: Pick<World, 'clock'>, as: string, { by, why }: Asked) => ({
  putBack: { as, by, at: iso(clock.now()), ...(why && { why }) },
})

/** The write that lets an entry wait in its lane, and its place there. */
function wait(world: World, lane: string, owner: string, entry: { [name: string]: Value }) {
  const SK = waitSk(world.clock, owner)
  const write: Write = { put: { PK: lanePk(lane), SK, owner, ...entry }, when: [absent('PK')] }
  return { SK, write }
}

/**
 * Puts a parked run back into its lane as one entry; a new run takes it, with the old one's inputs. Gives whether this
 * call did it. A waiver that let the run pass its gate goes with it.
 */
export async function retry(world: World, run: Run, who: Asked): Promise<boolean> {
  return replay(world, run, { ...asked(world, 'retry', who) }, [], run.waiver)
}

/** The same with a waiver, for a run that its gate held back: the new run passes whatever share of rows was rejected. */
export async function approve(
  world: World,
  run: Run,
  { by, why }: Asked & { why: string },
): Promise<boolean> {
  const gated = [is('gate', 'failed')]
  return replay(world, run, { ...asked(world, 'approve', { by, why }) }, gated, { by, why })
}

/** A build whose mode mixes with no other keeps it in the lane, before anybody has read its inputs. */
function ownMode(run: Run): { [name: string]: Value } {
  return isOfNoLasting(run) ? { mode: String(run.mode) } : {}
}

async function replay(
  world: World,
  run: Run,
  set: Record<string, Value>,
  when: ReturnType<typeof is>[],
  waiver?: { by: string; why: string },
): Promise<boolean> {
  const owner = runKey(run.runId).PK
  const written = await world.ledger.write(
    moveRun(world.clock, run.runId, 'REPLAYED', {
      set,
      remove: ['quarantinedPk', 'quarantinedAt'],
      when: [is('state', 'PARKED'), ...when],
    }),
    wait(world, run.lane, owner, {
      input: { run: run.runId, ...ownMode(run), ...carried(run) },
      bytes: 0,
      ...(waiver && { waiver }),
      ...(run.priority && { priority: run.priority }),
      // A window is extracted by a run of its own, and so is a subject deleted, also the second time.
      ...((run.kind === 'extract' || run.forgetting) && { alone: true }),
    }).write,
  )
  // Also when somebody did it before: he may have died before this.
  await claim(world, run.lane)
  return written.done
}

/** The memory that the rejected rows of a run were put back, so that they go into their lane once. */
export const rejectedKey = (lane: string, runId: string): Key => ({
  PK: `ENTRY#${lane}#rejected:${runId}`,
  SK: 'META',
})

/** Puts the rejected rows of a committed cleanse back into its lane; gives whether this call did it. */
export async function replayRejected(world: World, run: Run, who: Asked): Promise<boolean> {
  const { lane, runId } = run
  const key = rejectedKey(lane, runId)
  const bytes = rejectedBytes(run)
  // Their share passed a gate when they were rejected; they go alone, so that nothing else passes with them.
  const waiver = { by: who.by, why: `replay of the rows that run ${runId} rejected` }
  const waiting = wait(world, lane, key.PK, { input: { rejectedOf: runId, ...carried(run) }, bytes, waiver })
  const written = await world.ledger.write(
    { put: { ...key, lane, waitSk: waiting.SK, rejectedOf: runId }, when: [absent('PK')] },
    waiting.write,
    {
      update: runKey(runId),
      set: asked(world, 'replay', who),
      remove: ['quarantinedPk', 'quarantinedAt'],
      when: [is('state', 'COMMITTED'), present('quarantinedPk')],
    },
  )
  await claim(world, lane)
  return written.done
}

type InQuarantine = { key: string; bytes?: number }
const rejectedBytes = (run: Run) =>
  ((run.quarantine ?? []) as InQuarantine[]).reduce((sum, { bytes }) => sum + (bytes ?? 0), 0)

/**
 * Puts a file back that no source had declared when it landed, once one does. Gives the lane that it joined, or nothing
 * while no source declares it.
 */
export async function replayFile(
  world: World,
  project: Declared,
  file: Item,
  who: Asked,
): Promise<{ lane: string; done: boolean } | undefined> {
  const feed = feedOf(project, String(file.key))
  if (!feed) return undefined
  const { source, entity } = feed
  const lane = laneName('cleanse', entity)
  const { bucket = '', key = '', versionId = '', bytes = 0, landedAt = '' } = file
  await registerLane(world, lane)
  const waiting = wait(world, lane, file.PK, {
    input: { bucket, key, versionId, bytes, landedAt, source, ...carried(file) },
    bytes,
  })
  const written = await world.ledger.write(
    {
      update: { PK: file.PK, SK: file.SK },
      set: {
        lane,
        source,
        entity,
        waitSk: waiting.SK,
        ...asked(world, 'replay', who),
      },
      remove: ['quarantined', 'reason', 'quarantinedPk', 'quarantinedAt'],
      when: [present('quarantined'), absent('lane')],
    },
    waiting.write,
  )
  await claim(world, lane)
  return { lane, done: written.done }
}

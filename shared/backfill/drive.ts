import { BackfillMoved, ExtractRequested, type Outgoing } from '../../events/catalog.js'
import { BACKFILL_DUE_SECONDS, HELD_SECONDS } from '../bounds.js'
import { iso } from '../clock.js'
import type { Declared } from '../declared.js'
import { Contention } from '../errors.js'
import type { World } from '../lane.js'
import type { Later } from '../later.js'
import { type Item, is, type Write, type Written } from '../ledger.js'
import { retry } from '../put-back.js'
import { dueAt, type Run, runKey } from '../run.js'
import {
  type Backfill,
  backfillKey,
  backfillOf,
  changed,
  chunkKey,
  chunkRequestId,
  isAtRest,
  type Slot,
} from './backfill.js'
import { chunkFate } from './fate.js'
import { liveRoom } from './live.js'
import { freed, leavePlace, type Place, placeOf, takePlace, waitForPlace } from './place.js'
import { chunkAt } from './range.js'
import { type Room, type Seen, type Step, step } from './step.js'

export interface BackfillEffects extends World {
  project: Declared
  publish(events: Outgoing[]): Promise<void>
  later: Later
}

/** Others change a backfill too: each lost round is another one's step. */
const ROUNDS_MAX = 8

/**
 * Looks after a backfill: takes in what became of its chunks, lets others go, and ends it when nothing is left. Any
 * number of callers at once, at any time. Throws `Contention` after 8 lost rounds, so that Lambda brings the event back.
 */
export async function lookAfter(effects: BackfillEffects, backfillId: string): Promise<string> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const before = await backfillOf(effects.ledger, backfillId)
    if (!before) return `there is no backfill ${backfillId}`
    if (isAtRest(before)) return `nothing to do: the backfill is ${before.state}`
    const seen = await fates(effects, before)
    const next = await nextStep(effects, before, seen)
    const left = await leaving(effects, before, next)
    if (next.isChanged && !(await write(effects, before, next, left))) continue
    await act(effects, next, seen)
    if (left) await effects.publish(freed(left))
    if (next.behind && !(await waitForPlace(effects, next.backfill, next.behind))) continue
    await lookLater(effects, next)
    return told(next.backfill)
  }
  throw new Contention(`backfill ${backfillId} was contended in ${ROUNDS_MAX} rounds`)
}

/** A look that was put off may come so much early, for clocks differ; it must put off the next one all the same. */
const EARLY_MILLISECONDS = 15_000

/** The reconciler's part: the same look, and it is late no more. */
export async function driveBackfill(effects: BackfillEffects, backfillId: string): Promise<string> {
  const did = await lookAfter(effects, backfillId)
  const backfill = await backfillOf(effects.ledger, backfillId)
  if (!backfill?.dueAt || backfill.dueAt > iso(effects.clock.now())) return did
  await effects.ledger.write({
    update: backfillKey(backfillId),
    set: { dueAt: dueAt(effects.clock, BACKFILL_DUE_SECONDS) },
    when: [is('version', backfill.version), is('dueAt', backfill.dueAt)],
  })
  return did
}

async function fates({ ledger }: BackfillEffects, backfill: Backfill): Promise<{ [slot: string]: Seen }> {
  const slots = Object.entries(backfill.slots)
  const seen = slots.map(async ([slot, taken]) => [slot, await chunkFate(ledger, backfill, slot, taken)])
  return Object.fromEntries(await Promise.all(seen))
}

/** A step, and who holds the place of the source when that is another one. */
type Next = Step & { behind?: Place }

async function nextStep(
  effects: BackfillEffects,
  before: Backfill,
  seen: { [slot: string]: Seen },
): Promise<Next> {
  const isRunning = before.state === 'running'
  const { behind, ...room } = isRunning ? await roomOf(effects, before) : { chunks: 0 }
  const next: Next = { ...step(before, seen, room, effects.clock.now()), ...(behind && { behind }) }
  const { backfill } = next
  const holdsSource = backfill.state === 'running' || Object.keys(backfill.slots).length > 0
  // Who has no place yet, and finds none, must not say that it has one.
  const waitsForPlace = holdsSource && !before.holdsSource && room.chunks === 0
  if (waitsForPlace || holdsSource === before.holdsSource) return next
  return { ...next, backfill: { ...backfill, holdsSource }, isChanged: true }
}

/** The room that live traffic leaves; none at all while another backfill of the source has its place. */
async function roomOf(effects: BackfillEffects, backfill: Backfill): Promise<Room & { behind?: Place }> {
  const behind = backfill.holdsSource ? undefined : await placeOf(effects.ledger, backfill.source)
  return behind && behind.backfillId !== backfill.backfillId
    ? { chunks: 0, because: `backfill ${behind.backfillId} of the same source goes first`, behind }
    : liveRoom(effects, backfill)
}

/** The place that a step gives up, with those that wait for it. */
async function leaving({ ledger }: BackfillEffects, before: Backfill, { backfill }: Step) {
  const isLeft = before.holdsSource && !backfill.holdsSource
  return isLeft ? ((await placeOf(ledger, before.source)) ?? { backfillId: before.backfillId }) : undefined
}

/** Writes a step: the backfill and all chunks that changed, in one transaction; gives whether nobody came before. */
async function write(
  { ledger, clock }: BackfillEffects,
  before: Backfill,
  next: Step,
  left: Place | undefined,
): Promise<boolean> {
  const { backfill, chunks } = next
  const { backfillId, source, holdsSource } = backfill
  const written = await ledger
    .write(
      { update: backfillKey(backfillId), ...changed(clock, backfill), when: [is('version', before.version)] },
      ...(left ? [leavePlace(source, left)] : []),
      ...(holdsSource && !before.holdsSource ? [takePlace(source, backfillId)] : []),
      ...[...chunks.values()].map(
        (chunk): Write => ({ put: { ...chunkKey(backfillId, chunk.from), ...chunk } as Item }),
      ),
    )
    .catch(contended)
  return written.done
}

function contended(error: unknown): Written {
  if (error instanceof Contention) return { done: false, refused: [] }
  throw error
}

/**
 * Asks for the chunks that nobody has heard of, and puts the failed runs back that run again. It follows from what was
 * written, so whoever looks next does what this caller did not live to do.
 */
async function act(effects: BackfillEffects, { backfill, filled }: Step, seen: { [slot: string]: Seen }) {
  const requests: Outgoing[] = []
  for (const [slot, taken] of Object.entries(backfill.slots)) {
    const isNew = filled.includes(slot)
    const fate = isNew ? undefined : seen[slot]
    if (taken.again && (isNew || fate?.is === 'not put back')) await runAgain(effects, backfill, taken.again)
    else if (isNew || fate?.is === 'unheard') requests.push(requestOf(backfill, Number(slot), taken))
  }
  if (requests.length > 0) await effects.publish(requests)
}

function requestOf(backfill: Backfill, slot: number, { place }: Slot): Outgoing {
  const { source, backfillId, by } = backfill
  const window = chunkAt(backfill, place)
  const requestId = chunkRequestId(backfillId, window.from)
  const detail = { source, requestId, slot, window, backfillId, correlationId: backfillId, by }
  return { name: ExtractRequested.name, detail }
}

async function runAgain(effects: BackfillEffects, { backfillId }: Backfill, runId: string): Promise<void> {
  const run = (await effects.ledger.get(runKey(runId))) as Run | undefined
  if (run) await retry(effects, run, { by: `backfill ${backfillId}` })
}

/**
 * What rests without a chunk under way has no end to wake it: it asks for one look later, whoever else does too. Who waits
 * for another backfill is told when that has ended.
 */
async function lookLater({ ledger, clock, later }: BackfillEffects, { backfill, isChanged, behind }: Next) {
  const { backfillId, state, slots, heldBy, version } = backfill
  if (state !== 'running' || !heldBy || behind || Object.keys(slots).length > 0) return
  const now = clock.now()
  const won = await ledger.write({
    update: backfillKey(backfillId),
    set: { heldUntil: now + HELD_SECONDS * 1_000 },
    when: [
      is('version', isChanged ? version + 1 : version),
      { attribute: 'heldUntil', below: now + EARLY_MILLISECONDS, orAbsent: true },
    ],
  })
  if (won.done) await later({ name: BackfillMoved.name, detail: { backfillId } }, HELD_SECONDS)
}

function told({ state, slots, done, chunks, failed, heldBy }: Backfill): string {
  const parts = [`${done} of ${chunks} chunks done`, `${Object.keys(slots).length} under way`]
  if (failed.length > 0) parts.push(`${failed.length} failed`)
  return `the backfill is ${state}: ${parts.join(', ')}${heldBy ? `; held back: ${heldBy}` : ''}`
}

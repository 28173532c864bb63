import { createHash } from 'node:crypto'
import type { ObjectCreated } from '../../../events/aws.js'
import { LaneSettled } from '../../../events/catalog.js'
import { claim } from '../../../shared/claim.js'
import { iso } from '../../../shared/clock.js'
import { carried, correlationOfLanding } from '../../../shared/correlation.js'
import { type Declared, type DeclaredSource, feedOf, strayReason } from '../../../shared/declared.js'
import { type Fate, filePk } from '../../../shared/fates.js'
import { type Entry, join, laneName, registerLane, type World } from '../../../shared/lane.js'
import type { Later } from '../../../shared/later.js'
import { absent, INDEXED, type Item } from '../../../shared/ledger.js'
import type { FindVersion, PutNote } from '../../../shared/objects.js'
import { eachAtOnce } from '../../../shared/parallel.js'
import { readiness, waitingOf } from '../../../shared/waiting.js'
import { deliveryOf } from './delivery.js'

export interface RecordLandingEffects extends World {
  later: Later
  project: Declared
  findVersion: FindVersion
  putNote: PutNote
}

export interface Landed {
  bucket: string
  key: string
  versionId: string
  bytes: number
  landedAt: string
}

/** Joins are independent of one another; this many run at once. */
const JOINS_AT_ONCE = 10

/** What became of one landing, the lane that it is in, and until when it waits there for more, in ms; 0 when it is ready. */
type Recorded = Fate & { lane?: string; until?: number }

/**
 * Writes a lineage row for each landed file version and lets it join its entity's lane, then claims each lane once.
 * Gives what became of each event, and those that must come back, by their position, each with its error; of such a
 * one the fate says only which file it was about.
 */
export async function recordLandings(effects: RecordLandingEffects, events: ObjectCreated[]) {
  const failed = new Map<number, unknown>()
  const fates: (Fate | undefined)[] = events.map(() => undefined)
  const lanes = new Map<string, { position: number; until: number }[]>()
  const registered = new Map<string, Promise<void>>()
  const register = (lane: string) => {
    const known = registered.get(lane) ?? registerLane(effects, lane)
    registered.set(lane, known)
    return known
  }
  await eachAtOnce(events, JOINS_AT_ONCE, async (event, position) => {
    try {
      const landed = await complete(effects, event)
      if (landed) fates[position] = { did: 'begun', about: fileKey(landed).PK }
      const { lane, until = 0, ...fate } = await recordLanding(effects, event, landed, register)
      fates[position] = fate
      if (lane) lanes.set(lane, [...(lanes.get(lane) ?? []), { position, until }])
    } catch (error) {
      failed.set(position, error)
    }
  })
  for (const [lane, joined] of lanes) {
    await wake(effects, lane, Math.min(...joined.map(({ until }) => until))).catch((error) => {
      for (const { position } of joined) failed.set(position, error)
    })
  }
  return { failed, fates, lanes: [...lanes.keys()] }
}

/** One second more than the wait, so that a clock that is a little behind finds it over. */
const CLOCKS_DIFFER_SECONDS = 1

/**
 * Claims a lane in which something is ready; else has it claimed when the first of these files has waited for its time.
 * A batch that a sync closes is claimed by that, or by the reconciler when its bound has passed.
 */
async function wake(effects: RecordLandingEffects, lane: string, until: number): Promise<void> {
  if (until === 0) await claim(effects, lane)
  else if (until < Number.POSITIVE_INFINITY) {
    const seconds = (until - effects.clock.now()) / 1_000 + CLOCKS_DIFFER_SECONDS
    await effects.later({ name: LaneSettled.name, detail: { lane } }, seconds)
  }
}

async function recordLanding(
  effects: RecordLandingEffects,
  event: ObjectCreated,
  landed: Landed | undefined,
  register: (lane: string) => Promise<void>,
): Promise<Recorded> {
  if (!landed) return { did: 'ignored: the object is gone' }
  const about = fileKey(landed).PK
  const feed = feedOf(effects.project, landed.key)
  if (!feed) {
    const reason = strayReason(effects.project, landed.key)
    const isNew = await quarantineFile(effects, landed, event.id, reason)
    if (!isNew) return { about, ...(await knownAs(effects, landed, event)) }
    const correlationId = correlationOfLanding(event.id, fileId(landed))
    return { about, did: `quarantined: ${reason}`, correlationId }
  }
  const lane = laneName('cleanse', feed.entity)
  await register(lane)
  const source = effects.project.sources[feed.source] as DeclaredSource
  const waits = waitingOf(feed.source, source, Date.parse(landed.landedAt), effects.clock.now())
  const { correlationId, ...goes } = await deliveryOf(effects.ledger, source, landed.key, {
    eventId: event.id,
    fileId: fileId(landed),
  })
  const came = { eventId: event.id, correlationId }
  const entry = { ...entryOf(landed, feed.source, feed.entity, came), ...waits, ...goes }
  const joined = await join(effects, lane, entry)
  const fate =
    joined === 'joined' ? { did: `joined ${lane}`, correlationId } : await knownAs(effects, landed, event)
  // Only after the join: whoever closes the batch writes first and looks then, so that one of the two sees the other.
  const state = await readiness(effects, lane, waits)
  const until = { ready: 0, settling: waits.notBefore ?? 0, open: Number.POSITIVE_INFINITY }[state]
  return { about, ...fate, lane, until }
}

/** What to say of a file version that is known: the same event again, or another one of the same landing. */
async function knownAs(
  { ledger }: RecordLandingEffects,
  landed: Landed,
  { id }: ObjectCreated,
): Promise<Pick<Fate, 'did' | 'correlationId'>> {
  const file = await ledger.get(fileKey(landed))
  const fate = file?.quarantined ? `quarantined: ${file.reason}` : `joined ${file?.lane}`
  const did = file?.eventId === id ? fate : `known already: duplicate of event ${file?.eventId} (${fate})`
  return { did, ...(file && carried(file)) }
}

/** The identity of a landing is bucket, key and version; S3 is asked for what the event leaves out. */
async function complete(effects: RecordLandingEffects, event: ObjectCreated): Promise<Landed | undefined> {
  const { bucket, object } = event.detail
  const versionId = object['version-id']
  if (versionId && object.size !== undefined) {
    return {
      bucket: bucket.name,
      key: object.key,
      versionId,
      bytes: object.size,
      landedAt: iso(Date.parse(event.time)),
    }
  }
  const version = await effects.findVersion(object.key, versionId)
  // Gone before anybody could name its version: there is nothing that a run could read, and the listing shows no trace.
  return version && { bucket: bucket.name, key: object.key, ...version }
}

/** The same identity from an event and from a listing: SHA-256 of bucket, key and version id. */
export const fileId = ({ bucket, key, versionId }: Landed) =>
  createHash('sha256')
    .update(JSON.stringify([bucket, key, versionId]))
    .digest('hex')

export const fileKey = (landed: Landed) => ({ PK: filePk(fileId(landed)), SK: 'META' })

function entryOf(
  landed: Landed,
  source: string,
  entity: string,
  came: { eventId: string; correlationId: string },
): Entry {
  const { bucket, key, versionId, bytes, landedAt } = landed
  const owner: Item = { ...fileKey(landed), ...landed, source, entity, ...came }
  const { correlationId } = came
  return { owner, input: { bucket, key, versionId, bytes, landedAt, source, correlationId }, bytes }
}

/** A file that no entity takes: remembered like any other, with its reason, and named in quarantine. */
async function quarantineFile(
  { ledger, clock, putNote }: RecordLandingEffects,
  landed: Landed,
  eventId: string,
  reason: string,
): Promise<boolean> {
  const at = iso(clock.now())
  const id = fileId(landed)
  await putNote(`entity=unknown/reason=unknown_source/file=${id}/rejected.ndjson`, {
    reason: 'unknown_source',
    message: reason,
    source_file: landed.key,
    source_version: landed.versionId,
    line: null,
  })
  const item: Item = { ...fileKey(landed), ...landed, quarantined: 'unknown_source', reason, eventId }
  const correlationId = correlationOfLanding(eventId, id)
  const written = await ledger.write({
    put: { ...item, correlationId, quarantinedPk: INDEXED, quarantinedAt: `${at}#${id}` },
    when: [absent('PK')],
  })
  return written.done
}

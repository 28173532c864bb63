import { PASS } from '../../../shared/bounds.js'
import { claim } from '../../../shared/claim.js'
import { iso } from '../../../shared/clock.js'
import { holdKey, REGISTRY_PK } from '../../../shared/lane.js'
import { eachAtOnce } from '../../../shared/parallel.js'
import { type DriveEffects, driveRun, postpone } from './drive-run.js'
import { type FindLandingsEffects, findLandings, sweepLandings } from './find-landings.js'

/**
 * What else rests in the ledger until somebody looks: a sync that is to be told of, a backfill that is to go on, a
 * rollback whose tables have not followed, files that a compaction has replaced.
 */
type Other = 'SYNC' | 'BACKFILL' | 'ROLLBACK' | 'COMPACTED'

export type ReconcileEffects = FindLandingsEffects &
  DriveEffects & {
    /** Each takes one step of the item with that id, and moves its own bound. */
    drives: Partial<Record<Other, (id: string) => Promise<unknown>>>
    /** Asks the sources’ APIs, until that time in ms, for syncs that no notice told of; gives how many there were. */
    askDoors(until: number): Promise<number>
  }

/**
 * One pass: finds what the events lost and drives it on, with the same steps that the stages take. Each find is read
 * again before anything is written. Throws at the end, when something could not be driven; the rest was.
 */
export async function reconcile(
  effects: ReconcileEffects,
): Promise<{ did: string; [count: string]: unknown }> {
  const errors: string[] = []
  const failed = (what: string) => (error: Error) => {
    errors.push(`${what}: ${error.message}`)
    return 0
  }
  const until = effects.clock.now() + PASS.seconds * 1_000
  const late = await lateItems(effects, until, failed)
  const lanes = await idleLanes(effects, failed)
  const landings =
    (await findLandings(effects).catch(failed('landings'))) +
    (await sweepLandings(effects).catch(failed('sweep')))
  const syncs = await effects.askDoors(until).catch(failed('doors'))
  if (errors.length > 0)
    throw new AggregateError(errors, `reconcile could not drive ${errors.length}: ${errors[0]}`)
  const did = `looked after ${late} late items and ${lanes} idle lanes, and found ${landings} landings and ${syncs} syncs`
  return { did, late, lanes, landings, syncs }
}

type Failed = (what: string) => (error: Error) => number

/** Drives what is late, the latest first, until all was seen, or the pass has lasted long enough. */
async function lateItems(effects: ReconcileEffects, until: number, failed: Failed): Promise<number> {
  const { ledger, clock } = effects
  const now = iso(clock.now())
  let driven = 0
  let after: string | undefined
  do {
    const limit = Math.min(PASS.runsPerPage, PASS.runs - driven)
    const page = await ledger.index('due', { until: now, limit, ...(after && { after }) })
    await eachAtOnce(page.items, PASS.runsAtOnce, async ({ PK }) => {
      if (clock.now() > until) return
      const drive = () => driveItem(effects, PK)
      // What was contended a moment ago mostly is not any more.
      await drive()
        .catch(drive)
        .catch((error) => {
          failed(PK)(error)
          return behind(effects, PK).catch(failed(PK))
        })
    })
    driven += page.items.length
    after = page.next
  } while (after && driven < PASS.runs && clock.now() <= until)
  return driven
}

/** Takes the next step of a late item, whatever it is. */
async function driveItem(effects: ReconcileEffects, pk: string): Promise<unknown> {
  const [what = '', id = ''] = pk.split('#')
  if (what === 'RUN') return driveRun(effects, id)
  const drive = Object.hasOwn(effects.drives, what) ? effects.drives[what as Other] : undefined
  if (!drive) throw new Error(`nobody drives ${pk}`)
  return drive(id)
}

/** What could not be driven waits behind the others. */
async function behind(effects: ReconcileEffects, PK: string): Promise<void> {
  const item = await effects.ledger.get({ PK, SK: 'META' })
  if (item) await postpone(effects, item)
}

/** Claims the lanes that nobody holds though something waits. Lanes are few: one for each entity and build. */
async function idleLanes(effects: ReconcileEffects, failed: Failed): Promise<number> {
  const { ledger } = effects
  let claimed = 0
  let after: string | undefined
  for (let pages = 0; pages < PASS.lanePages; pages += 1) {
    const page = await ledger.query(REGISTRY_PK, { limit: PASS.lanesPerPage, ...(after && { after }) })
    await eachAtOnce(page.items, PASS.readsAtOnce, async ({ SK: lane }) => {
      if ((await ledger.get(holdKey(lane)))?.holder) return
      const waiting = await ledger.query(`LANE#${lane}`, { prefix: 'WAIT#', limit: 1 })
      if (waiting.items.length === 0) return
      claimed += 1
      await claim(effects, lane).catch(failed('lanes'))
    })
    after = page.next
    if (!after) break
  }
  return claimed
}

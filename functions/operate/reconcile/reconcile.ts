import { PASS } from '../../../shared/bounds.js'
import { claim } from '../../../shared/claim.js'
import { iso } from '../../../shared/clock.js'
import { holdKey, REGISTRY_PK } from '../../../shared/lane.js'
import { eachAtOnce } from '../../../shared/parallel.js'
import { type Run, runKey } from '../../../shared/run.js'
import { type DriveEffects, driveRun, postpone } from './drive-run.js'
import { type FindLandingsEffects, findLandings, sweepLandings } from './find-landings.js'

export type ReconcileEffects = FindLandingsEffects & DriveEffects

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
  const runs = await lateRuns(effects, until, failed)
  const lanes = await idleLanes(effects, failed)
  const landings =
    (await findLandings(effects).catch(failed('landings'))) +
    (await sweepLandings(effects).catch(failed('sweep')))
  if (errors.length > 0)
    throw new AggregateError(errors, `reconcile could not drive ${errors.length}: ${errors[0]}`)
  const did = `looked after ${runs} late runs and ${lanes} idle lanes, and found ${landings} landings`
  return { did, runs, lanes, landings }
}

type Failed = (what: string) => (error: Error) => number

/** Drives the runs that are late, the latest first, until all were seen, or the pass has lasted long enough. */
async function lateRuns(effects: ReconcileEffects, until: number, failed: Failed): Promise<number> {
  const { ledger, clock } = effects
  const now = iso(clock.now())
  let driven = 0
  let after: string | undefined
  do {
    const limit = Math.min(PASS.runsPerPage, PASS.runs - driven)
    const page = await ledger.index('due', { until: now, limit, ...(after && { after }) })
    await eachAtOnce(page.items, PASS.runsAtOnce, async ({ runId }) => {
      if (clock.now() > until) return
      const drive = () => driveRun(effects, String(runId))
      // What was contended a moment ago mostly is not any more.
      await drive()
        .catch(drive)
        .catch((error) => {
          failed('runs')(error)
          return behind(effects, String(runId)).catch(failed('runs'))
        })
    })
    driven += page.items.length
    after = page.next
  } while (after && driven < PASS.runs && clock.now() <= until)
  return driven
}

/** A run that could not be driven waits behind the others. */
async function behind(effects: ReconcileEffects, runId: string): Promise<void> {
  const run = (await effects.ledger.get(runKey(runId))) as Run | undefined
  if (run) await postpone(effects, run)
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

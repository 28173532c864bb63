import { TOKEN_SECONDS } from './bounds.js'
import { iso } from './clock.js'
import type { World } from './lane.js'
import type { Write } from './ledger.js'
import { moveRun, type Run, runKey, stillAt, unlinked } from './run.js'

/**
 * Runs that wait because Glue is at its concurrency limit, by priority, and first come first served within one. A place
 * in the queue is no right: the start itself says whether there is room, and the run's bound is the net under a lost
 * wake-up.
 */
const QUEUE_PK = 'WAITING#glue'
/** Where a priority stands in the queue; the run's id comes after the time, so that no two places are the same. */
const RANKS = { high: 1, normal: 2, low: 3 } as const
/** As many places as one end looks at: all but the first are runs that no longer wait. */
const PLACES_SEEN_MAX = 10

/** Lets a run wait that found Glue at its limit. Nothing failed, so its failures do not grow; it keeps its place. */
export async function waitForToken({ ledger, clock }: World, run: Run): Promise<string> {
  const waitingSk = run.waitingSk ?? `${RANKS[run.priority ?? 'normal']}#${iso(clock.now())}#${run.runId}`
  await ledger.write(
    moveRun(clock, run.runId, 'READY', {
      set: { waitingSk },
      dueSeconds: TOKEN_SECONDS,
      when: [...stillAt('RUNNING', run.attempt), unlinked],
    }),
    { put: { PK: QUEUE_PK, SK: waitingSk, runId: run.runId } },
  )
  return 'Glue is at its limit: the run waits for the end of another'
}

/** The write that gives a place up; it stands in the transaction of the intent. */
export const leaveQueue = (waitingSk: string): Write => ({ remove: { PK: QUEUE_PK, SK: waitingSk } })

/** The end of a Glue run wakes the first that waits; whoever removes its place announces it. */
export async function wakeFirst(world: World): Promise<void> {
  const { ledger } = world
  const { items } = await ledger.query(QUEUE_PK, { limit: PLACES_SEEN_MAX })
  for (const { PK, SK, runId } of items) {
    const won = await ledger.write({ remove: { PK, SK }, when: [{ present: 'PK' }] })
    const run = (await ledger.get(runKey(String(runId)))) as Run | undefined
    if (!won.done || run?.state !== 'READY') continue
    await world.announceReady(run.kind, run.runId, run.correlationId)
    return
  }
}

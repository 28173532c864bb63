import type { Detail, SilverUpdated } from '../../../events/catalog.js'
import { selectorOf } from '../../../shared/build.js'
import { claim } from '../../../shared/claim.js'
import { type Declared, laneReading } from '../../../shared/declared.js'
import { join, laneName, registerLane, type World } from '../../../shared/lane.js'

export interface PlanBuildEffects extends World {
  project: Declared
}

/** The ledger's proof that the build lane has heard of a silver run. */
export const silverEntryKey = (lane: string, runId: string) => ({
  PK: `ENTRY#${lane}#silver:${runId}`,
  SK: 'META',
})

/** Lets new silver join the lane of the domains that read it; an entity that no model reads ends here. */
export async function planBuild(
  effects: PlanBuildEffects,
  silver: Detail<typeof SilverUpdated>,
): Promise<string> {
  const reading = laneReading(effects.project, silver.entity)
  if (!reading) return `no dbt model reads ${silver.entity}`
  const lane = laneName('build', reading.lane)
  const selector = selectorOf(silver.entity)
  await registerLane(effects, lane)
  await join(effects, lane, {
    owner: {
      ...silverEntryKey(lane, silver.runId),
      selector,
      entity: silver.entity,
      silverRun: silver.runId,
    },
    input: { selector, entity: silver.entity, silverRun: silver.runId },
    bytes: 0,
  })
  const run = await claim(effects, lane)
  return run ? `build ${run} takes ${selector}` : `${selector} waits for the build under way`
}

import { mayConcern } from './cause.js'
import { type Incident, type IncidentEffects, openIncidents } from './incident.js'

/**
 * The open incident of an entity that a build lane reads, the oldest one: what the build fails on came from there. A
 * cause that lanes share is nobody's downstream.
 */
export async function upstreamOf(
  effects: IncidentEffects,
  { cause, lane }: Pick<Incident, 'cause' | 'lane'>,
): Promise<Incident | undefined> {
  const declared = effects.project.lanes.find((one) => `build:${one.lane}` === lane)
  if (!declared || !cause.startsWith(`${lane}:`)) return undefined
  const read = declared.entities.map((entity) => `cleanse:${entity}`)
  const found = await openIncidents(effects, (one) => read.some((entity) => mayConcern(one, entity)))
  return found
    .filter(({ state, lanes, note }) => state === 'open' && !note && lanes.some((one) => read.includes(one)))
    .sort((a, b) => (a.incidentsAt < b.incidentsAt ? -1 : 1))[0]
}

import { extractLane } from '../extract.js'
import { mayConcern } from './cause.js'
import { type Incident, type IncidentEffects, openIncidents } from './incident.js'

/**
 * The open incident of an entity that a build lane reads, the oldest one: what the build fails on came from there. A
 * cause that lanes share is nobody's downstream. Of data that is not well it is also one of the lane itself, or of the
 * extraction that feeds it: a run that failed is why data is late.
 */
export async function upstreamOf(
  effects: IncidentEffects,
  { cause, lane, health }: Pick<Incident, 'cause' | 'lane' | 'health'>,
): Promise<Incident | undefined> {
  const declared = effects.project.lanes.find((one) => `build:${one.lane}` === lane)
  if (!health && (!declared || !cause.startsWith(`${lane}:`))) return undefined
  const entities = declared?.entities.map((entity) => `cleanse:${entity}`) ?? []
  const read = health ? [lane, ...entities, ...extractionsFor(effects, [lane, ...entities])] : entities
  const found = await openIncidents(effects, (one) => read.some((entity) => mayConcern(one, entity)))
  return found
    .filter(
      ({ state, lanes, note, health: ill }) =>
        state === 'open' && !note && !ill && lanes.some((one) => read.includes(one)),
    )
    .sort((a, b) => (a.incidentsAt < b.incidentsAt ? -1 : 1))[0]
}

/** The extractions that bring the entities of these lanes. */
const extractionsFor = ({ project }: IncidentEffects, lanes: string[]) =>
  Object.entries(project.sources)
    .filter(
      ([, { extract, feeds }]) => extract && feeds.some(({ entity }) => lanes.includes(`cleanse:${entity}`)),
    )
    .map(([source]) => extractLane(source))

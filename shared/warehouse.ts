import type { BuildLane, Declared, DeclaredSource } from './declared.js'

type Sources = Pick<Declared, 'sources'>

/** The sources that others load into the warehouse for the domains of a lane, by name. */
export const loadedSources = ({ sources }: Sources, { domains }: BuildLane): [string, DeclaredSource][] =>
  Object.entries(sources)
    .filter(([, { warehouse }]) => warehouse && domains.includes(warehouse.domain))
    .sort(([one], [other]) => (one < other ? -1 : 1))

/**
 * The columns in which the sources of a lane say when a row was loaded into the warehouse, each once; none when nothing is
 * loaded there.
 */
export const refreshColumns = (declared: Sources, lane: BuildLane): string[] => {
  const columns = loadedSources(declared, lane).flatMap(([, { warehouse }]) => warehouse?.refreshColumn ?? [])
  return [...new Set(columns)].sort()
}

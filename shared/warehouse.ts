import type { BuildLane, Declared } from './declared.js'

/**
 * The columns in which the sources of a lane say when a row was loaded into the warehouse, each once; none when nothing is
 * loaded there. The ledger knows of silver only: whether such a lane has new data, its container has to look.
 */
export const refreshColumns = ({ sources }: Pick<Declared, 'sources'>, { domains }: BuildLane): string[] => {
  const loaded = Object.values(sources).flatMap(({ warehouse }) => warehouse ?? [])
  const columns = loaded.filter(({ domain }) => domains.includes(domain)).map((one) => one.refreshColumn)
  return [...new Set(columns)].sort()
}

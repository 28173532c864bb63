import declared from './declared.json' with { type: 'json' }

/**
 * What the project declares in YAML, SQL and contracts, as far as the stages need it. `npm run generate` makes
 * `declared.json` from `sources/`, `contracts/compiled/` and `dbt_project/graph.json`; a test keeps it fresh.
 */
export interface Column {
  name: string
  glueType: string
}

export interface Entity {
  columns: Column[]
  engine: 'auto' | 'duckdb' | 'spark'
  contractVersion: string
  rejectedPercentMax: number
}

export interface Dataset {
  domain: string
  dataset: string
  version: number
  description: string
  columns: Column[]
}

export interface BuildLane {
  lane: string
  domains: string[]
  entities: string[]
  datasets: Dataset[]
}

export interface Declared {
  /** The entity that each drop source feeds. */
  sources: Record<string, { entity: string }>
  entities: Record<string, Entity>
  lanes: BuildLane[]
}

export const project: Declared = declared as Declared

/** The source of a bronze key, `source=<name>/...`, or nothing when the key does not start so. */
export const sourceOf = (key: string): string | undefined => /^source=([^/]+)\//.exec(key)?.[1]

/** The lane of domains that reads an entity, or nothing when no model does. */
export const laneReading = (declaredProject: Declared, entity: string): BuildLane | undefined =>
  declaredProject.lanes.find((lane) => lane.entities.includes(entity))

import declared from './declared.json' with { type: 'json' }
import { keyMatches } from './sources/prefix.js'
import type { SourceFile } from './sources/schema.js'

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
  /** The columns that one row is known by. */
  key: string[]
  engine: 'auto' | 'duckdb' | 'spark'
  contractVersion: string
  rejectedPercentMax: number
  /** Its columns that tell of a person or are secret, by name. */
  classified?: Record<string, 'pii' | 'restricted'>
  /** How many days its rows are kept as they were sent, by zone; for ever where it says nothing. */
  retentionDays?: { bronze?: number; quarantine?: number }
}

export interface Dataset {
  domain: string
  dataset: string
  version: number
  description: string
  /** The columns that one row is known by; none where no test of the model says so. */
  key: string[]
  columns: Column[]
}

export interface BuildLane {
  lane: string
  domains: string[]
  entities: string[]
  datasets: Dataset[]
  /** What the lane's sources and readers are promised (containers/dbt/promises.py). */
  freshness?: Freshness[]
  lagSeconds?: number
  objectives?: Objective[]
  dashboards?: Dashboard[]
}

/** How old the newest row of a source table may be; `page`: somebody is paged already at the warning. */
export interface Freshness {
  source: string
  table: string
  warnSeconds: number | null
  errorSeconds: number | null
  page: boolean
}

/** How soon after its arrival data must be with readers. */
export interface Objective {
  name: string
  class: string
  domains: string[]
  seconds: number
}

/** What a dashboard reads of one domain, precomputed for each edition. */
export interface Dashboard {
  dashboard: string
  label: string
  domain: string
  reads: { dataset: string; order: string; limit: number }[]
}

type FileOf<Kind extends SourceFile['kind']> = Extract<SourceFile, { kind: Kind }>
type Door = FileOf<'airbyte' | 'webhook' | 'dbt-platform'>
type Auth = Door['auth']

/** What a source file says of the extraction, as the container reads it. */
type ExtractBlock =
  FileOf<'extract'> extends infer One
    ? One extends SourceFile
      ? Pick<
          One,
          Extract<keyof One, 'engine' | 'url' | 'database' | 'secret' | 'key' | 'entities' | 'limits'>
        >
      : never
    : never

export interface DeclaredSource {
  kind: SourceFile['kind']
  /** The folders of bronze that the source fills, as patterns, and the entity of what lies there. */
  feeds: { entity: string; prefix: string }[]
  settleSeconds?: number
  closeOnSyncFinished?: boolean
  priority?: Priority
  warehouse?: {
    domain: string
    selectors: string[]
    refreshColumn: string
    /** Whether whoever loads says so each time; where not, its silence says nothing. */
    tells?: boolean
  }
  door?: {
    auth: Auth
    mapping?: FileOf<'webhook'>['mapping']
    connectionIds?: string[]
    jobIds?: string[]
    confirm?: { url: string; secret: string }
    limits?: { requestsPerMinute?: number; bodyBytes?: number }
  }
  extract?: ExtractBlock
  /** The job of a dbt platform that Sluice starts. */
  start?: { url: string; accountId: string; jobId: string; secret: string }
  schedule?: Schedule
}

export type Priority = 'high' | 'normal' | 'low'
/** Either a cron expression of six fields or a rate, in an IANA time zone. */
export interface Schedule {
  cron?: string
  rate?: string
  timeZone: string
}

export interface Declared {
  sources: Record<string, DeclaredSource>
  entities: Record<string, Entity>
  lanes: BuildLane[]
}

export const project: Declared = declared as unknown as Declared

/** The source and the entity of a bronze key: the longest pattern that matches wins. Nothing when none does. */
export function feedOf(
  { sources }: Pick<Declared, 'sources'>,
  key: string,
): { source: string; entity: string } | undefined {
  let found: { source: string; entity: string; prefix: string } | undefined
  for (const [source, { feeds }] of Object.entries(sources))
    for (const { entity, prefix } of feeds)
      if (prefix.length > (found?.prefix.length ?? 0) && keyMatches(prefix, key))
        found = { source, entity, prefix }
  return found && { source: found.source, entity: found.entity }
}

/** The entities that a source feeds by files, each once. */
export const entitiesOf = ({ feeds }: Pick<DeclaredSource, 'feeds'>): string[] => [
  ...new Set(feeds.map(({ entity }) => entity)),
]

/** Why no source takes a bronze key, in a sentence. */
export function strayReason({ sources }: Pick<Declared, 'sources'>, key: string): string {
  const source = /^source=([^/]+)\//.exec(key)?.[1]
  if (source === undefined) return 'no source declares the folder that this key lies in'
  if (Object.hasOwn(sources, source)) return `the source "${source}" declares another folder than this key’s`
  return `no file sources/${source}.yaml declares the source "${source}"`
}

/** The name of a dataset's catalog table; a second schema version gets a table of its own beside the first. */
export const goldTableName = (dataset: string, version: number) =>
  version === 1 ? dataset : `${dataset}_v${version}`

/** The lane of domains that reads an entity, or nothing when no model does. */
export const laneReading = (declaredProject: Declared, entity: string): BuildLane | undefined =>
  declaredProject.lanes.find((lane) => lane.entities.includes(entity))

/**
 * What the simulator hands to the invariants: the ledger as it lies there, and what really happened outside of it. An
 * invariant reads nothing else: neither the simulator nor the product's code.
 */

/** One item of the ledger, or one JSON object that a part of Sluice wrote: of any shape, since it is what is judged. */
// biome-ignore lint/suspicious/noExplicitAny: the judges must not trust the product's types.
export type Found = any

/** One row of a landed file; a bad one is one that the contract rejects. */
export interface SimRow {
  line: number
  key: string
  bad: boolean
}

export interface LandedVersion {
  bucket: string
  key: string
  versionId: string
  bytes: number
  landedAt: string
  /** The source of the key's prefix, or nothing when the key has none. */
  source: string | null
  rows: readonly SimRow[]
}

/** One job that really ran, whatever the ledger knows of it. Times are virtual milliseconds since 1970. */
export interface SimJob {
  job: string
  service: 'ecs' | 'glue'
  kind: 'cleanse' | 'build' | 'extract' | 'compact'
  runId: string
  attempt: number
  startedAt: number
  endedAt?: number
  ok?: boolean
  failureClass?: string
  planKey: string
}

export interface SimEvent {
  id: string
  name: string
  detail: Found
  at: number
  /** How often it was delivered on purpose; 0 when it was lost. */
  copies: number
  lost: boolean
  deadLettered: boolean
  deliveries: readonly { stage: string; result: 'done' | 'crashed' | 'threw' | 'running' }[]
}

export interface SilverObject {
  runId: string
  attempt: number
  /** Ids of rows: "<file key>@<version id>#<line>". */
  rows: readonly string[]
  /** What a compaction put together: the rows of each cleanse run, in place of its own. */
  of?: readonly { runId: string; rows: readonly string[] }[]
}

export interface QuarantineObject {
  runId: string
  attempt: number
  rows: readonly { id: string; reason: string }[]
}

export interface SimEdition {
  domain: string
  edition: string
  /** Whether its export came to its end. */
  complete: boolean
  silverRuns: readonly string[]
  /** Ids of the syncs whose rows all of its lane's tables have: of one that was exported before its tests, none. */
  syncs: readonly string[]
  /** What its tests say; absent while nobody has run them. */
  passed?: boolean
  /** When the first of its objects was deleted. */
  goneAt?: number
}

export interface Evidence {
  seed: number
  /** Virtual milliseconds since 1970, without any skew. */
  now: number
  step: number
  atRest: boolean
  /** Every item, by PK, SK. */
  ledger: readonly Record<string, Found>[]
  project: {
    sources: Record<string, { feeds: { entity: string; prefix: string }[]; warehouse?: { domain: string } }>
    entities: string[]
    lanes: { lane: string; domains: string[]; entities: string[] }[]
  }
  /** Every object version that was ever put into bronze. */
  landed: readonly LandedVersion[]
  rowsOf(fileKey: string, versionId: string): readonly SimRow[]
  /** Every job that really ran. */
  jobs: readonly SimJob[]
  /** Objects of the silver bucket by key, `_pending/` included. */
  silver: ReadonlyMap<string, SilverObject>
  /** Plans and reports by key. */
  artifacts: ReadonlyMap<string, Found>
  quarantine: ReadonlyMap<string, QuarantineObject>
  /** Gold as exported, by "<domain>/<edition>". */
  editions: ReadonlyMap<string, SimEdition>
  goldTables: ReadonlyMap<string, { edition: string; domain: string }>
  /** Tables that one edition has of its own, by "<domain>/<edition>". */
  editionTables: ReadonlySet<string>
  events: readonly SimEvent[]
  told: readonly { channel: string; incidentId: string; what: 'opened' | 'closed' }[]
  /** The step before. */
  before?: {
    ledger: readonly Record<string, Found>[]
    silver: ReadonlyMap<string, SilverObject>
    /** The edition of each domain's pointer. */
    goldPointers: Record<string, string>
  }
}

export interface Violation {
  invariant: string
  what: string
}

export interface Invariant {
  name: string
  when: 'step' | 'rest'
  check(evidence: Evidence): string[]
}

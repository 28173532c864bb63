import type { Priority } from '../alerts/priorities.js'
import type { Item, Key } from '../ledger.js'

/** One thing that is looked at: a source's freshness, a lane's lag, an objective, a domain's tests, a dataset's rows. */
export type HealthKind = 'source' | 'lag' | 'objective' | 'tests' | 'rows'
/** `unknown`: there is nothing yet to judge by. */
export type Level = 'ok' | 'warn' | 'error' | 'unknown'

export interface HealthFinding {
  /** Kind and subject, such as `source:lake.households`: what the ledger keeps its state by. */
  id: string
  kind: HealthKind
  subject: string
  /** The lane whose trouble would explain it. */
  lane: string
  level: Level
  /** Seconds, or rows of a dataset, or checks that failed; null where nothing is known. */
  measured: number | null
  limit: number | null
  /** What is found, in a sentence. */
  reason: string
  /** The root cause that people are told of once, however many findings it has. */
  cause: string
  priority: Priority
  /** Further measures, in seconds. */
  detail?: Record<string, number | null>
}

export const isDegraded = ({ level }: Pick<HealthFinding, 'level'>) => level === 'warn' || level === 'error'

/** By kind and level who is told; a source may ask to be paged for at the warning. docs/health.md repeats it. */
export const HEALTH_PRIORITIES = {
  source: { warn: 'P3', error: 'P2' },
  lag: { warn: 'P3', error: 'P2' },
  objective: { warn: 'P3', error: 'P3' },
  tests: { warn: 'P3', error: 'P2' },
  rows: { warn: 'P3', error: 'P2' },
} as const satisfies Record<HealthKind, Record<'warn' | 'error', Priority>>

/** What the ledger keeps of a finding that was ever degraded. */
export type HealthState = Item & {
  finding: string
  kind: HealthKind
  subject: string
  lane: string
  state: 'degraded' | 'ok'
  level: Level
  cause: string
  priority: Priority
  reason: string
  since: string
  recoveredAt?: string
  /** Grows with each change. */
  version: number
}

export const HEALTH_PK = 'HEALTH'
export const healthKey = (finding: string): Key => ({ PK: HEALTH_PK, SK: finding })
/** As many findings as one look reads: each is declared by somebody. */
export const HEALTH_MAX = 1_000

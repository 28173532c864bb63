import type { Forgotten } from './forget.js'

/** What a run took; which member there is says what it was. */
export interface InputView {
  key?: string
  bytes?: number
  selector?: string
  silverRun?: string
  forget?: string
  column?: string
  rejectedOf?: string
  syncId?: string
  source?: string
  requestId?: string
}

/** A run as the API shows it; what is missing was not reached. */
export interface RunView {
  runId: string
  kind: 'cleanse' | 'build' | 'extract' | 'compact'
  subject: string
  state: string
  engine?: string
  attempt: number
  reason?: string
  unchanged?: string
  files?: number
  rows?: { in: number; out: number; duplicates: number; rejected: number }
  /** What a deletion was asked for; its kind is that of the lane that it holds. */
  deletion?: { column: string; dryRun: boolean }
  /** What a deletion found of its subject, in rows; of a dry run, what it would have removed. */
  forgotten?: Forgotten
  reasons?: Record<string, number>
  drift?: { column: string; rows: number }[]
  /** Columns whose change held the run, and those that it was the first to see. */
  schemaHeld?: {
    column: string
    change: string
    expected: string
    seen: string | null
    rows: number
    of: number
    file: string | null
  }[]
  schemaAdded?: string[]
  correlationId?: string
  correlationIds?: string[]
  correlationCount?: number
  tests?: { passed: number; warned: number; failed: number }
  failedTests?: { test: string; model: string; failures: number | null }[]
  warnedTests?: { test: string; model: string; failures: number | null }[]
  datasets?: { domain: string; dataset: string; rows: number }[]
  selectors?: string[]
  mode?: string
  order?: string[]
  notBuilt?: { model: string; why: string }[]
  notBuiltCount?: number
  edition?: string
  createdAt: string
  seconds: number | null
  inputs?: InputView[]
  inputsCount?: number
  outputs?: { key: string; rows: number }[]
  outputsCount?: number
  quarantine?: { reason: string; key: string; rows: number }[]
  attempts?: {
    attempt: number
    startedAt: string
    endedAt: string | null
    left: string | null
    reason?: string
  }[]
  failures?: { attempt: number; failureClass: string; reason: string; at: string }[]
  waiver?: { by: string; why: string } | null
  putBack?: { as: string; by: string; at: string; why?: string } | null
  into?: string | null
  events?: { at: string; event: string; stage: string; did: string; outcome?: string }[]
}

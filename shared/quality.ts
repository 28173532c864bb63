import * as z from 'zod'
import type { Item, Key, Value, Write } from './ledger.js'
import type { Run } from './run.js'

/** What the checks of a build add up to for each of its domains, and how the ledger keeps it. */

const count = z.number().int().min(0)
const tally = z.object({ passed: count, failed: count })
type Tally = z.infer<typeof tally>

/** A domain's checks by dbt's severity, as the container reports them. */
export const domainScore = z.object({
  domain: z.string(),
  tests: z.object({ error: tally, warn: tally }),
})
export type Tests = z.infer<typeof domainScore>['tests']

/** When the newest row of a source table was loaded, as dbt measured it. */
export const loadedTable = z.object({ source: z.string(), table: z.string(), at: z.string() })

export type Score = {
  /** The share of checks that passed, from 0 to 1; null where none ran. */
  all: number | null
  error: number | null
  warn: number | null
}

const share = ({ passed, failed }: Tally) => (passed + failed === 0 ? null : passed / (passed + failed))

/** The share of checks that passed, of all and by severity. */
export function scoreOf({ error, warn }: Tests): Score {
  const all = { passed: error.passed + warn.passed, failed: error.failed + warn.failed }
  return { all: share(all), error: share(error), warn: share(warn) }
}

/** One build as a domain’s history keeps it, also of a build that its gate held back. */
export type Quality = Item & {
  runId: string
  edition: string
  begunAt: string
  verdict: string
  tests: Tests
  score: Score
  /** Names of checks that failed, with their severity; 20 at most. */
  failed: { test: string; model: string; severity: 'error' | 'warn' }[]
  /** Absent of a build that exported nothing. */
  datasets?: { dataset: string; version: number; rows: number }[]
}

export const QUALITY_PREFIX = 'QUALITY#'
/** Editions begin with the id of their run, which begins with its time: so they lie in order. */
export const qualityKey = (domain: string, edition: string): Key => ({
  PK: `DOMAIN#${domain}`,
  SK: `${QUALITY_PREFIX}${edition}`,
})

type Failed = { test: string; model: string }
interface Reported {
  edition: string
  verdict: string
  scores?: z.infer<typeof domainScore>[] | undefined
  failed_tests: Failed[]
  waived_tests?: Failed[] | undefined
  warned_tests: Failed[]
  datasets: { domain: string; dataset: string; version: number; rows: number }[]
}

const FAILED_SHOWN_MAX = 20
/** As long as a deleted edition is told of: 400 days. */
const REMEMBERED_SECONDS = 400 * 24 * 3_600

/** The writes that keep a build’s quality, one for each of its domains; a repeat writes the same. */
export function qualityWrites(run: Run, report: Reported): Write[] {
  const { runId, createdAt: begunAt } = run
  const { edition, verdict } = report
  const named = (severity: 'error' | 'warn') => (one: Failed) => ({
    ...{ test: one.test, model: one.model, severity },
  })
  const failed = [
    ...[...report.failed_tests, ...(report.waived_tests ?? [])].map(named('error')),
    ...report.warned_tests.map(named('warn')),
  ].slice(0, FAILED_SHOWN_MAX)
  return (report.scores ?? []).map(({ domain, tests }) => {
    const datasets = report.datasets
      .filter((one) => one.domain === domain)
      .map(({ dataset, version, rows }) => ({ dataset, version, rows }))
    const kept = { runId, edition, begunAt, verdict, tests, score: scoreOf(tests), failed }
    const expiresAt = Math.floor(Date.parse(begunAt) / 1_000) + REMEMBERED_SECONDS
    // Tests that follow an edition export nothing: the rows that it was published with stay.
    const set = { ...kept, ...(datasets.length > 0 && { datasets }), expiresAt }
    return { update: qualityKey(domain, edition), set: set as unknown as Record<string, Value> }
  })
}

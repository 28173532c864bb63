import { client } from './client.js'
import type { Answer } from './commands.js'
import { loadConfig } from './config.js'
import { count, plain, plural, shortened, span, table, time } from './render.js'

interface Finding {
  kind: string
  subject: string
  level: string
  measured: number | null
  limit: number | null
  unit: string
  reason: string
  since?: string
}

export interface Health {
  at: string
  healthy: boolean
  degraded: number
  findings: Finding[]
}

/** How fresh, how late, how tested and how large the data is. */
export async function health(): Promise<Answer> {
  const api = client(await loadConfig())
  const data = await api.get<Health>('/health')
  return { data, text: healthText(data) }
}

/** Findings as a table, the bad ones first with their sentences. */
function healthText({ findings, healthy, degraded }: Health): string {
  const bad = findings.filter(({ level }) => level === 'warn' || level === 'error')
  const said = bad.map(
    ({ level, reason, since }) =>
      `  ${level}: ${plain(inSpans(reason))}${since ? `, since ${time(since)}` : ''}\n`,
  )
  const rows = findings.map(({ kind, subject, level, measured, limit, unit }) => [
    ...[kind, subject, level, measure(measured, unit), measure(limit, unit)],
  ])
  const first = healthy ? '' : `  ${plural(degraded, 'finding')} degraded\n${said.join('')}`
  return `${first}${restText(findings, healthy)}\n${table(['what', 'of', 'is', 'measured', 'allowed'], rows, 'nothing is promised')}`
}

/** What is not bad: well only where it was measured. */
function restText(findings: Finding[], healthy: boolean): string {
  const unknown = findings.filter(({ level }) => level === 'unknown').length
  if (unknown === 0) return healthy ? '  all is well\n' : ''
  const known = healthy && unknown < findings.length ? 'all that could be measured is well; ' : ''
  const of = `${count(unknown)} of ${plural(findings.length, 'finding')} ${unknown === 1 ? 'is' : 'are'}`
  return `  ${known}${of} unknown: nothing has come there yet, or too little to judge by\n`
}

/** The API counts every time of its sentences in minutes. */
const inSpans = (text: string) =>
  text.replace(/\b([\d,]+) min\b/g, (_, minutes: string) => span(60 * Number(minutes.replaceAll(',', ''))))

const measure = (value: number | null, unit: string): string | null => {
  if (value === null) return null
  return unit === 'seconds' ? span(value) : count(value)
}

interface Dataset {
  dataset: string
  version: number
  rows: number
  anomalous: boolean | null
}

export interface Quality {
  domain: string
  builds: {
    runId: string
    begunAt: string
    verdict: string
    score: { all: number | null; error: number | null; warn: number | null }
    tests: Record<'error' | 'warn', { passed: number; failed: number }>
    failed: { test: string; model: string; severity: string }[]
    datasets: Dataset[]
  }[]
  completeness: {
    complete: boolean
    entities: {
      entity: string
      runs: { expected: number; processed: number; held: number }
      rows: { in: number; out: number; duplicates: number; rejected: number; share: number | null }
    }[]
  }
  next?: string
}

/** The quality of a domain's builds, and what of its data is processed. */
export async function quality(domain: string, options: { limit: string; next?: string }): Promise<Answer> {
  const api = client(await loadConfig())
  const data = await api.get<Quality>(`/quality/${encodeURIComponent(domain)}`, { ...options })
  return { data, text: qualityText(data) }
}

const percent = (share: number | null) => (share === null ? null : `${(100 * share).toFixed(1)} %`)
const FAILED_SHOWN = 3
const FAILED_WIDTH = 80

/** One line for each build, and one for each entity that the domain is made from. */
function qualityText({ builds, completeness, next }: Quality): string {
  const rows = builds.map(({ begunAt, verdict, score, tests, failed, datasets, runId }) => [
    ...[time(begunAt), verdict, percent(score.all), percent(score.error), percent(score.warn)],
    ...[tests.error.failed, tests.warn.failed],
    datasets.reduce((sum, one) => sum + one.rows, 0),
    noteOf(failed, datasets),
    runId,
  ])
  const header = [
    ...['begun at', 'verdict', 'score', 'of errors', 'of warnings', 'failed', 'warned'],
    ...['rows', 'note', 'run'],
  ]
  const entities = completeness.entities.map(({ entity, runs, rows: sums }) => [
    ...[entity, runs.expected, runs.processed, runs.held],
    ...[sums.in, sums.out, sums.duplicates, sums.rejected, percent(sums.share)],
  ])
  const names = ['entity', 'batches', 'built', 'held', 'rows in', 'out', 'duplicates', 'rejected', 'complete']
  const more = next ? `\n  more: --next ${next}\n` : ''
  return `${table(header, rows, 'no build was scored yet')}${more}\n${table(names, entities, 'no entity')}`
}

function noteOf(failed: { test: string }[], datasets: Dataset[]): string {
  const odd = datasets.filter(({ anomalous }) => anomalous).map(({ dataset }) => `${dataset}: unusual rows`)
  const names = failed.slice(0, FAILED_SHOWN).map(({ test }) => test)
  return shortened([...odd, ...names].join(', '), FAILED_WIDTH)
}

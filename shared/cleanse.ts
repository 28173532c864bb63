import * as z from 'zod'
import { type Outgoing, SilverUpdated } from '../events/catalog.js'
import type { Declared } from './declared.js'
import type { EndEffects, Verdict } from './end-run.js'
import { checked, TerminalError } from './errors.js'
import type { Value } from './ledger.js'
import type { CopyObject } from './objects.js'
import { eachAtOnce } from './parallel.js'
import { attemptPath, type Run } from './run.js'
import type { AddPartitions } from './tables.js'
import type { Reports } from './work.js'

const count = z.number().int().min(0)
const rowCounts = z.object({ in: count, out: count, duplicates: count, rejected: count })

/** The report that the cleanse job leaves: what it read, what it wrote, and what it rejected and why. */
export const cleanseReport = z.object({
  run_id: z.string(),
  attempt: count,
  rows: rowCounts,
  reasons: z.record(z.string(), count),
  files: z.array(
    z.object({
      key: z.string(),
      rows: count,
      bytes: count,
      year: z.string().regex(/^\d{4}$/),
      month: z.string().regex(/^\d{2}$/),
      day: z.string().regex(/^\d{2}$/),
    }),
  ),
  quarantine: z.array(z.object({ reason: z.string(), key: z.string(), rows: count })),
  drift: z.array(z.looseObject({ column: z.string(), rows: count })),
})
export type CleanseReport = z.infer<typeof cleanseReport>

export interface CleanseEffects {
  project: Declared
  silverBucket: string
  reports: Reports
  copyObject: CopyObject
  addPartitions: AddPartitions
}

/** Copies of one commit that run at once. */
const COPIES_AT_ONCE = 16
/** As many drifted columns as a run shows; the report has all. */
const DRIFT_SHOWN_MAX = 50

/** How a cleanse run ends: the gate on its report, the commit to silver, and the event for what comes next. */
export function cleanseEnd(effects: CleanseEffects): Pick<EndEffects, 'judge' | 'commit' | 'outcome'> {
  return {
    async judge(run) {
      const report = await readReport(effects.reports, run)
      return report && judge(report, effects.project.entities[run.subject]?.rejectedPercentMax ?? 0)
    },
    async commit(run) {
      const report = await readReport(effects.reports, run)
      if (!report) throw new TerminalError(`run ${run.runId} is committing, but its report is gone`)
      return commit(effects, run, report)
    },
    outcome: (run): Outgoing => ({
      name: SilverUpdated.name,
      detail: { runId: run.runId, entity: run.subject, rows: rowCounts.parse(run.rows) },
    }),
  }
}

async function readReport(reports: Reports, run: Run): Promise<CleanseReport | undefined> {
  const content = await reports.read(`${attemptPath(run.runId, run.attempt)}report.json`)
  return content === undefined ? undefined : checked(cleanseReport, content)
}

/** The gate: the share of rejected rows against the contract's bound. A batch that does not add up never passes. */
export function judge(report: CleanseReport, rejectedPercentMax: number): Verdict {
  const { rows, reasons, drift, quarantine } = report
  const shown = { rows, reasons, drift: drift.slice(0, DRIFT_SHOWN_MAX), quarantine } as {
    [name: string]: Value
  }
  if (rows.in !== rows.out + rows.duplicates + rows.rejected) {
    const sum = `${rows.out} out + ${rows.duplicates} duplicates + ${rows.rejected} rejected`
    return { pass: false, reason: `${rows.in} rows in are not ${sum}`, shown }
  }
  const percent = rows.in === 0 ? 0 : (100 * rows.rejected) / rows.in
  if (percent <= rejectedPercentMax) return { pass: true, shown }
  const worst = Object.entries(reasons).sort(([, a], [, b]) => b - a)
  const most = worst.slice(0, 3).map(([reason, rejected]) => `${reason} ${rejected}`)
  const measured = `${rows.rejected} of ${rows.in} rows rejected (${percent.toFixed(1)} %)`
  return {
    pass: false,
    reason: `${measured}, the contract allows ${rejectedPercentMax} %: ${most.join(', ')}`,
    shown,
  }
}

/** Copies exactly the listed files of the accepted attempt to their final keys; repeatable, the same bytes each time. */
async function commit(effects: CleanseEffects, run: Run, report: CleanseReport) {
  const entity = run.subject
  const files = [...report.files].sort((a, b) => (a.key < b.key ? -1 : 1))
  const placed = files.map((file, ordinal) => {
    const day = `${file.year}/${file.month}/${file.day}`
    return { from: file.key, to: silverKey(entity, day, run.runId, ordinal), day }
  })
  await eachAtOnce(placed, COPIES_AT_ONCE, (file) => effects.copyObject(file.from, file.to))
  const days = placed.map((file) => file.day)
  await effects.addPartitions(entity, [...new Set(days)])
  return {
    writes: [{ put: { ...silverRunKey(entity, run.runId), runId: run.runId, days, rows: report.rows.out } }],
    shown: { outputs: placed.length },
  }
}

/** The key of a committed silver file; `day` is the arrival date as `YYYY/MM/DD`. */
export function silverKey(entity: string, day: string, runId: string, ordinal: number): string {
  const [year, month, date] = day.split('/')
  return `entity=${entity}/year=${year}/month=${month}/day=${date}/${entity}_${runId}-${ordinal}.parquet`
}

/** The item that says that a run's files are in silver; a build reads what these list, never a prefix. */
export const silverRunKey = (entity: string, runId: string) => ({ PK: silverPk(entity), SK: `RUN#${runId}` })
export const silverPk = (entity: string) => `SILVER#${entity}`

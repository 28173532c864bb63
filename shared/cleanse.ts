import * as z from 'zod'
import { type Outgoing, SilverUpdated } from '../events/catalog.js'
import type { Declared } from './declared.js'
import type { EndEffects, Verdict } from './end-run.js'
import { checked, TerminalError } from './errors.js'
import { absent, INDEXED, is, type LedgerReader, type Value, type Write } from './ledger.js'
import type { CopyObject } from './objects.js'
import { eachAtOnce } from './parallel.js'
import { attemptPath, type Run, type Waiver } from './run.js'
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
  quarantine: z.array(
    z.object({ reason: z.string(), key: z.string(), rows: count, bytes: count.optional() }),
  ),
  drift: z.array(z.looseObject({ column: z.string(), rows: count })),
})
export type CleanseReport = z.infer<typeof cleanseReport>

/** What a job leaves that could not do its work: the reason, and whether another try may help. */
const failedReport = z.looseObject({ failure: z.object({ transient: z.boolean(), message: z.string() }) })

export interface CleanseEffects {
  ledger: Pick<LedgerReader, 'get'>
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
      const content = await effects.reports.read(reportKey(run))
      const failed = failedReport.safeParse(content)
      if (failed.success) return asVerdict(failed.data.failure)
      if (content === undefined) return undefined
      const report = checked(cleanseReport, content)
      return listed(
        run,
        judge(report, effects.project.entities[run.subject]?.rejectedPercentMax ?? 0, run.waiver),
      )
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

const reportKey = (run: Run) => `${attemptPath(run.runId, run.attempt)}report.json`

/** What the job itself says of its failure. */
const asVerdict = ({ transient, message }: { transient: boolean; message: string }): Verdict => ({
  failed: message,
  fromReport: true,
  transient,
})

/** A run with rejected rows stands in the list of what is in quarantine, until they are put back. */
function listed(run: Run, verdict: Verdict): Verdict {
  if ('failed' in verdict || Number((verdict.shown.rows as { rejected?: number }).rejected) === 0)
    return verdict
  const place = { quarantinedPk: INDEXED, quarantinedAt: `${run.createdAt}#${run.runId}` }
  return { ...verdict, shown: { ...verdict.shown, ...place } }
}

async function readReport(reports: Reports, run: Run): Promise<CleanseReport | undefined> {
  const content = await reports.read(reportKey(run))
  return content === undefined ? undefined : checked(cleanseReport, content)
}

/**
 * The gate: the share of rejected rows against the contract's bound, which a person may waive. A batch that does not
 * add up never passes.
 */
export function judge(report: CleanseReport, rejectedPercentMax: number, waiver?: Waiver): Verdict {
  const { rows, reasons, drift, quarantine } = report
  const shown = { rows, reasons, drift: drift.slice(0, DRIFT_SHOWN_MAX), quarantine } as {
    [name: string]: Value
  }
  if (rows.in !== rows.out + rows.duplicates + rows.rejected) {
    const sum = `${rows.out} out + ${rows.duplicates} duplicates + ${rows.rejected} rejected`
    return { pass: false, reason: `${rows.in} rows in are not ${sum}`, shown }
  }
  const percent = rows.in === 0 ? 0 : (100 * rows.rejected) / rows.in
  if (percent <= rejectedPercentMax || waiver) return { pass: true, shown }
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
  const number = (await silverCount(effects.ledger, entity)) + 1
  const item = { runId: run.runId, ordinal: number, days, rows: report.rows.out }
  return {
    writes: [
      countSilver(entity, number),
      { put: { ...silverRunKey(entity, number), ...item }, when: [absent('PK')] },
    ],
    shown: { outputs: placed.length, silverNumber: number },
  }
}

/** Committed runs of an entity so far; they are numbered through from 1. */
export async function silverCount(ledger: Pick<LedgerReader, 'get'>, entity: string): Promise<number> {
  return Number((await ledger.get(silverHeadKey(entity)))?.count ?? 0)
}

/** The write that takes a number: in the transaction that commits the run, so that no number is missing or doubled. */
const countSilver = (entity: string, number: number): Write => ({
  update: silverHeadKey(entity),
  set: { count: number },
  when: [number === 1 ? absent('count') : is('count', number - 1)],
})

/** The key of a committed silver file; `day` is the arrival date as `YYYY/MM/DD`. */
export function silverKey(entity: string, day: string, runId: string, ordinal: number): string {
  const [year, month, date] = day.split('/')
  return `entity=${entity}/year=${year}/month=${month}/day=${date}/${entity}_${runId}-${ordinal}.parquet`
}

/** The item that says that a run's files are in silver; a build reads what these list, never a prefix. */
export const silverRunKey = (entity: string, number: number) => ({
  PK: silverPk(entity),
  SK: `RUN#${String(number).padStart(10, '0')}`,
})
const silverHeadKey = (entity: string) => ({ PK: silverPk(entity), SK: 'HEAD' })
export const silverPk = (entity: string) => `SILVER#${entity}`

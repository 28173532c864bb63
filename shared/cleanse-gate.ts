import * as z from 'zod'
import type { Verdict } from './end-run.js'
import type { Value } from './ledger.js'
import type { Waiver } from './run.js'
import { changesSaid, provenChanges, schemaChanges } from './schema/changes.js'

const count = z.number().int().min(0)
export const rowCounts = z.object({ in: count, out: count, duplicates: count, rejected: count })

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
  schema_changes: schemaChanges,
})
export type CleanseReport = z.infer<typeof cleanseReport>

/** As many drifted columns as a run shows; the report has all. */
const DRIFT_SHOWN_MAX = 50

/**
 * The gate: no changed schema, and the share of rejected rows within the contract's bound; a person may waive both. A
 * batch that does not add up never passes.
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
  const changed = provenChanges(report.schema_changes)
  const tooMany = tooManyRejected(report, rejectedPercentMax)
  if (waiver || (changed.length === 0 && !tooMany)) return { pass: true, shown }
  if (changed.length === 0) return { pass: false, reason: String(tooMany), shown }
  const reason = [changesSaid(changed), ...(tooMany ? [tooMany] : [])].join('; ')
  return { pass: false, reason, shown: { ...shown, schemaHeld: changed } }
}

/** What there is to say of a share of rejected rows above the bound; nothing when it is within. */
function tooManyRejected({ rows, reasons }: CleanseReport, rejectedPercentMax: number): string | undefined {
  const percent = rows.in === 0 ? 0 : (100 * rows.rejected) / rows.in
  if (percent <= rejectedPercentMax) return undefined
  const worst = Object.entries(reasons).sort(([, a], [, b]) => b - a)
  const most = worst.slice(0, 3).map(([reason, rejected]) => `${reason} ${rejected}`)
  const measured = `${rows.rejected} of ${rows.in} rows rejected (${percent.toFixed(1)} %)`
  return `${measured}, the contract allows ${rejectedPercentMax} %: ${most.join(', ')}`
}

import * as z from 'zod'
import { type Detail, ExtractFinished, type Outgoing } from '../events/catalog.js'
import { carried } from './correlation.js'
import { platformIdentity } from './doors/heard.js'
import { recordSync, type SyncEffects, syncFinished } from './doors/sync.js'
import type { EndOfKind, Verdict } from './end-run.js'
import { checked, TerminalError } from './errors.js'
import { type ExtractState, extractStateKey } from './extract.js'
import type { Write } from './ledger.js'
import { attemptPath, type Run } from './run.js'
import type { Reports } from './work.js'

const count = z.number().int().min(0)

/** The report that the extract container leaves: the files that landed, and how far each entity was read. */
export const extractReport = z.object({
  run_id: z.string(),
  attempt: count,
  ok: z.boolean(),
  rows: count,
  files: z.array(z.object({ entity: z.string(), key: z.string(), rows: count, bytes: count })),
  /** The newest value of each entity's cursor, as the source writes it. */
  cursors: z.record(z.string(), z.json()),
  state_uri: z.string().nullable(),
  /** Requests to the source, and how long they took in seconds. */
  requests: count,
  seconds: z.number().min(0),
  failure: z.object({ transient: z.boolean(), message: z.string() }).nullish(),
})
export type ExtractReport = z.infer<typeof extractReport>

export interface ExtractEndEffects extends SyncEffects {
  reports: Reports
  publish(events: Outgoing[]): Promise<void>
}

/** How an extraction ends: its report, the cursor of its source, and the event for who asked. */
export function extractEnd(effects: ExtractEndEffects): EndOfKind {
  return {
    async judge(run) {
      // Another engine leaves no report here: how its job ended is all there is to say.
      if (run.engine === 'dbt-platform') return { pass: true, shown: {} }
      const report = await readReport(effects.reports, run)
      return report && judge(report)
    },
    async commit(run) {
      if (run.engine === 'dbt-platform') await hearOwnJob(effects, run)
      return { writes: run.window ? [] : [moveCursor(run, await cursorOf(effects, run))] }
    },
    outcome: (run): Outgoing | undefined =>
      run.unchanged ? undefined : { name: ExtractFinished.name, detail: finished(run) },
  }
}

async function readReport(reports: Reports, run: Run): Promise<ExtractReport | undefined> {
  const content = await reports.read(`${attemptPath(run.runId, run.attempt)}report.json`)
  return content === undefined ? undefined : checked(extractReport, content)
}

function judge({ ok, failure, rows, files, requests }: ExtractReport): Verdict {
  if (!ok) {
    const failed = failure?.message ?? 'the extraction failed and gave no reason'
    return { failed, fromReport: true, transient: failure?.transient ?? false }
  }
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const counts = { in: rows, out: rows, duplicates: 0, rejected: 0 }
  return { pass: true, shown: { rows: counts, files: files.length, bytes, requests } }
}

/**
 * A job of the dbt platform that ended well is a sync of its source, whether its notice told us or its API was asked.
 * Told again when the notice is known: who hears of a sync twice heeds it once.
 */
async function hearOwnJob(
  effects: ExtractEndEffects,
  { subject: source, job, correlationId }: Run,
): Promise<void> {
  const heard = {
    outcome: 'finished' as const,
    identity: platformIdentity(String(job), true),
    job: String(job),
  }
  const told = { source, heard, correlationId, via: 'the run that Sluice started' }
  const { item } = await recordSync(effects, told)
  if (item.duePk) await effects.publish([syncFinished(item)])
}

/** Where the next extraction goes on. What kept no state of its own, goes on from where this one began. */
async function cursorOf({ reports }: ExtractEndEffects, run: Run): Promise<Omit<ExtractState, 'ordinal'>> {
  const began = { stateUri: (run.stateUri ?? null) as string | null, cursors: {} }
  if (run.engine === 'dbt-platform') return began
  const report = await readReport(reports, run)
  if (!report?.ok) throw new TerminalError(`run ${run.runId} is committing, but it has no good report`)
  return { stateUri: report.state_uri ?? began.stateUri, cursors: report.cursors as ExtractState['cursors'] }
}

/** Moves the cursor by one good run; it stands in the transaction that ends the run, so it moves once. */
function moveCursor(run: Run, state: Omit<ExtractState, 'ordinal'>): Write {
  const ordinal = Number(run.base) + 1
  return {
    update: extractStateKey(run.subject),
    set: { ordinal, builtBy: run.runId, ...state },
    when: [{ attribute: 'ordinal', below: ordinal, orAbsent: true }],
  }
}

const finished = (run: Run): Detail<typeof ExtractFinished> => ({
  runId: run.runId,
  source: run.subject,
  requestIds: (run.requestIds ?? []) as string[],
  backfillIds: (run.backfillIds ?? []) as string[],
  files: Number(run.files ?? 0),
  rows: Number((run.rows as { out?: number } | undefined)?.out ?? 0),
  ...carried(run),
})

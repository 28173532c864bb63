import * as z from 'zod'
import { CompactionRequested, type Outgoing, SilverCompacted } from '../events/catalog.js'
import { silverKey } from './cleanse.js'
import type { Clock } from './clock.js'
import { compactedKey, compactStateKey, replacedKey, snapshotKey } from './compact.js'
import { carried } from './correlation.js'
import type { EndOfKind, Verdict } from './end-run.js'
import { checked, TerminalError } from './errors.js'
import { absent, INDEXED, is, type Value, type Write } from './ledger.js'
import type { CopyObject } from './objects.js'
import { eachAtOnce } from './parallel.js'
import { attemptPath, dueAt, type Run } from './run.js'
import type { Reports } from './work.js'

const count = z.number().int().min(0)
const silverFile = z.object({ key: z.string(), bytes: count, from: count, upTo: count })
/** The plan of an attempt, as far as its end and the removal of old files read it. */
const compactPlan = z.object({
  entity: z.string(),
  base: count,
  up_to: count,
  more: z.boolean(),
  groups: z.array(z.object({ day: z.string(), files: z.array(silverFile).min(2) })),
  days: z.array(z.object({ day: z.string(), before: z.string().nullable(), kept: z.array(silverFile) })),
})
export type CompactPlan = z.infer<typeof compactPlan>

/** The report that the job leaves: one new file a group of its plan, in that order, each compared with the old ones. */
export const compactReport = z.object({
  run_id: z.string(),
  attempt: count,
  rows: count,
  files: z.array(z.object({ key: z.string(), day: z.string(), bytes: count, rows: count, files: count })),
})
const failedReport = z.looseObject({ failure: z.object({ transient: z.boolean(), message: z.string() }) })

export interface CompactEndEffects {
  clock: Clock
  reports: Reports
  copyObject: CopyObject
  /** Seconds from the commit until old files may go: longer than the longest query. */
  graceSeconds: number
}

const COPIES_AT_ONCE = 8

/** How a compaction ends: new files take the place of old ones in the ledger, day by day in one transaction. */
export function compactEnd(effects: CompactEndEffects): EndOfKind {
  return {
    async judge(run): Promise<Verdict | undefined> {
      const content = await effects.reports.read(pathOf(run, 'report'))
      if (content === undefined) return undefined
      const failed = failedReport.safeParse(content)
      if (failed.success) {
        const { message, transient } = failed.data.failure
        return { failed: message, fromReport: true, transient }
      }
      return judge(await planOf(effects.reports, run), checked(compactReport, content))
    },
    commit: (run) => commit(effects, run),
    outcome: (run): Outgoing[] => (run.unchanged ? [] : told(run)),
  }
}

const pathOf = ({ runId, attempt }: Pick<Run, 'runId' | 'attempt'>, what: 'plan' | 'report') =>
  `${attemptPath(runId, attempt)}${what}.json`

/** What an attempt was told to do. Throws `TerminalError` when its plan is gone. */
export async function planOf(reports: Reports, run: Pick<Run, 'runId' | 'attempt'>): Promise<CompactPlan> {
  const content = await reports.read(pathOf(run, 'plan'))
  if (content === undefined) throw new TerminalError(`the plan of compaction ${run.runId} is gone`)
  return checked(compactPlan, content)
}

function judge(plan: CompactPlan, report: z.infer<typeof compactReport>): Verdict {
  const asked = plan.groups.map(({ day, files }) => `${files.length} files of ${day}`)
  const done = report.files.map(({ day, files }) => `${files} files of ${day}`)
  if (asked.join() !== done.join())
    return { failed: `the job put together ${done.join(', ')}, but was asked for ${asked.join(', ')}` }
  const after = report.files.reduce((sum, { bytes }) => sum + bytes, 0)
  return {
    pass: true,
    shown: {
      rows: { in: report.rows, out: report.rows, duplicates: 0, rejected: 0 },
      outputs: report.files.length,
      bytesAfter: after,
      ...(plan.more && { more: true }),
    },
  }
}

async function commit(effects: CompactEndEffects, run: Run): Promise<{ writes: Write[] }> {
  const { clock, reports, copyObject, graceSeconds } = effects
  const plan = await planOf(reports, run)
  const report = checked(compactReport, await reports.read(pathOf(run, 'report')))
  const placed = report.files.map(({ key, day, bytes }, ordinal) => {
    const { files } = plan.groups[ordinal] as CompactPlan['groups'][number]
    const holds = { from: Math.min(...files.map((f) => f.from)), upTo: Math.max(...files.map((f) => f.upTo)) }
    return { from: key, day, file: { key: silverKey(run.subject, day, run.runId, ordinal), bytes, ...holds } }
  })
  await eachAtOnce(placed, COPIES_AT_ONCE, ({ from, file }) => copyObject(from, file.key))
  const number = plan.base + 1
  const due = { duePk: INDEXED, dueAt: dueAt(clock, graceSeconds) }
  const moved = { runId: run.runId, entity: run.subject, attempt: run.attempt, at: clock.now() }
  return {
    writes: [
      {
        update: compactStateKey(run.subject),
        set: { ordinal: number, upTo: plan.up_to, builtBy: run.runId },
        when: [{ attribute: 'ordinal', below: number, orAbsent: true }],
      },
      {
        put: {
          ...compactedKey(run.subject, number),
          runId: run.runId,
          days: [...new Set(plan.groups.map(({ day }) => day))],
        },
        when: [absent('PK')],
      },
      { put: { ...replacedKey(run.runId), ...moved, ...due }, when: [absent('PK')] },
      ...plan.days.map(({ day, before, kept }): Write => {
        const files = [...kept, ...placed.filter((one) => one.day === day).map(({ file }) => file)]
        const item = { day, upTo: plan.up_to, files: files as unknown as Value, by: run.runId }
        const when = [before === null ? absent('PK') : is('by', before)]
        return { put: { ...snapshotKey(run.subject, day), ...item }, when }
      }),
    ],
  }
}

/** What became of it; a look that met its bounds goes on at once. */
function told(run: Run): Outgoing[] {
  const files = { before: Number(run.files), after: Number(run.outputs) }
  const rows = Number((run.rows as { out?: number } | undefined)?.out ?? 0)
  const detail = {
    runId: run.runId,
    entity: run.subject,
    days: Number(run.days),
    rows,
    files,
    ...carried(run),
  }
  const more = { entity: run.subject, requestId: `after:${run.runId}`, by: 'compaction' }
  return [
    { name: SilverCompacted.name, detail },
    ...(run.more ? [{ name: CompactionRequested.name, detail: more }] : []),
  ]
}

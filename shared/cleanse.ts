import * as z from 'zod'
import { type Outgoing, SilverUpdated } from '../events/catalog.js'
import { arrived, later } from './arrivals.js'
import { type CleanseReport, cleanseReport, judge, rowCounts } from './cleanse-gate.js'
import type { Clock } from './clock.js'
import { carried } from './correlation.js'
import type { Declared } from './declared.js'
import type { EndOfKind, Verdict } from './end-run.js'
import { checked, TerminalError } from './errors.js'
import { afterForget, forgetDone, judgeForget, requestOf, subjectPath } from './forget.js'
import { absent, INDEXED, type Item, is, type LedgerReader, type Write } from './ledger.js'
import type { CopyObject } from './objects.js'
import { logUnregistered } from './observe.js'
import { eachAtOnce } from './parallel.js'
import { attemptPath, type Run } from './run.js'
import { schemaEvents } from './schema/changes.js'
import { newColumns } from './schema/columns.js'
import { definitionOf, hashOf, type SchemaRegistry } from './schema/registry.js'
import type { AddPartitions } from './tables.js'
import type { Reports } from './work.js'

/** What a job leaves that could not do its work: the reason, and whether another try may help. */
const failedReport = z.looseObject({ failure: z.object({ transient: z.boolean(), message: z.string() }) })

export interface CleanseEffects {
  ledger: Pick<LedgerReader, 'get' | 'query'>
  project: Declared
  silverBucket: string
  reports: Reports
  copyObject: CopyObject
  addPartitions: AddPartitions
  clock: Pick<Clock, 'now'>
  /** Deletes what a deletion request knew of its subject. */
  removeSubject(key: string): Promise<void>
  /** Where the schema is registered that silver was validated against. */
  registry: SchemaRegistry
}

/** Copies of one commit that run at once. */
const COPIES_AT_ONCE = 16

/** How a cleanse run ends: the gate on its report, the commit to silver, and the event for what comes next. */
export function cleanseEnd(effects: CleanseEffects): EndOfKind {
  return {
    async judge(run) {
      const content = await effects.reports.read(reportKey(run))
      const failed = failedReport.safeParse(content)
      if (failed.success) return asVerdict(failed.data.failure)
      if (content === undefined) return undefined
      if (requestOf(run)) return judgeForget(content)
      const report = checked(cleanseReport, content)
      return listed(
        run,
        judge(report, effects.project.entities[run.subject]?.rejectedPercentMax ?? 0, run.waiver),
      )
    },
    async commit(run) {
      const forgetting = requestOf(run)
      if (forgetting) {
        // It is known no longer than it takes; a repeat finds it gone.
        await effects.removeSubject(subjectPath(forgetting.requestId))
        return { writes: [forgetDone(run, forgetting, effects.clock)] }
      }
      const report = await readReport(effects.reports, run)
      if (!report) throw new TerminalError(`run ${run.runId} is committing, but its report is gone`)
      return commit(effects, run, report)
    },
    outcome(run): Outgoing[] {
      const forgetting = requestOf(run)
      if (forgetting) return [afterForget(effects.project, run, forgetting) ?? []].flat()
      return [silverUpdated(run), ...schemaEvents(run)]
    },
  }
}

const silverUpdated = (run: Run): Outgoing => ({
  name: SilverUpdated.name,
  detail: {
    ...{ runId: run.runId, entity: run.subject, rows: rowCounts.parse(run.rows) },
    ...{ ...arrived(run), ...carried(run) },
  },
})

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

/** Copies exactly the listed files of the accepted attempt to their final keys; repeatable, the same bytes each time. */
async function commit(effects: CleanseEffects, run: Run, report: CleanseReport) {
  const entity = run.subject
  const files = [...report.files].sort((a, b) => (a.key < b.key ? -1 : 1))
  const placed = files.map((file, ordinal) => {
    const day = `${file.year}/${file.month}/${file.day}`
    return { from: file.key, to: silverKey(entity, day, run.runId, ordinal), day, bytes: file.bytes }
  })
  await eachAtOnce(placed, COPIES_AT_ONCE, (file) => effects.copyObject(file.from, file.to))
  const days = placed.map((file) => file.day)
  await effects.addPartitions(entity, [...new Set(days)])
  const head = await effects.ledger.get(silverHeadKey(entity))
  const number = Number(head?.count ?? 0) + 1
  const schema = await registered(effects, entity, head)
  const added = await newColumns(
    effects.ledger,
    entity,
    { runId: run.runId, at: run.createdAt },
    report.drift,
  )
  const bytes = placed.map((file) => file.bytes)
  const item = { runId: run.runId, ordinal: number, days, bytes, rows: report.rows.out, ...arrived(run) }
  return {
    writes: [
      countSilver(entity, number, { ...schema, ...totals(head, run, report.rows) }),
      { put: { ...silverRunKey(entity, number), ...item }, when: [absent('PK')] },
      ...added.writes,
    ],
    shown: {
      outputs: placed.length,
      silverNumber: number,
      ...(schema.schemaVersion && { schemaVersion: schema.schemaVersion }),
      ...(added.names.length > 0 && { schemaAdded: added.names }),
    },
  }
}

type Totals = { rows: Record<Counted, number>; newestAt?: string }
type Counted = (typeof COUNTED)[number]
const COUNTED = ['in', 'out', 'duplicates', 'rejected'] as const

/** What all committed runs of an entity add up to, with this one. */
function totals(head: Item | undefined, run: Run, rows: Record<Counted, number>): Totals {
  const before = (head?.rows ?? {}) as Partial<Record<Counted, number>>
  const sums = COUNTED.map((name) => [name, (before[name] ?? 0) + rows[name]] as const)
  const newestAt = later(head?.newestAt as string | undefined, run.newestAt)
  return { rows: Object.fromEntries(sums) as Totals['rows'], ...(newestAt && { newestAt }) }
}

type Registered = { schemaHash?: string; schemaVersion?: string }

/**
 * The registered version of the schema that this silver was validated against: asked for once per definition. A registry
 * that is away never holds data back; the next commit asks again.
 */
async function registered(effects: CleanseEffects, entity: string, head?: Item): Promise<Registered> {
  const definition = definitionOf(effects.project, entity)
  if (!definition) return {}
  const schemaHash = hashOf(definition)
  if (head?.schemaHash === schemaHash) return { schemaHash, schemaVersion: String(head.schemaVersion) }
  try {
    return { schemaHash, schemaVersion: await effects.registry.register(entity, definition) }
  } catch (error) {
    logUnregistered(entity, error)
    return {}
  }
}

/** Committed runs of an entity so far; they are numbered through from 1. */
export async function silverCount(ledger: Pick<LedgerReader, 'get'>, entity: string): Promise<number> {
  return Number((await ledger.get(silverHeadKey(entity)))?.count ?? 0)
}

/** The write that takes a number: in the transaction that commits the run, so that no number is missing or doubled. */
const countSilver = (entity: string, number: number, known: Registered & Totals): Write => ({
  update: silverHeadKey(entity),
  set: { count: number, ...known },
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
export const silverHeadKey = (entity: string) => ({ PK: silverPk(entity), SK: 'HEAD' })
export const silverPk = (entity: string) => `SILVER#${entity}`

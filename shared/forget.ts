import * as z from 'zod'
import { BuildRequested, type Detail, type ForgetRequested, type Outgoing } from '../events/catalog.js'
import { type Clock, iso } from './clock.js'
import { carried, correlationOf } from './correlation.js'
import { type Declared, laneReading } from './declared.js'
import type { Verdict } from './end-run.js'
import { checked, TransientError } from './errors.js'
import { type Entry, holdKey, laneName } from './lane.js'
import type { LedgerReader, Value, Write } from './ledger.js'
import { attemptPath, type Run, runKey } from './run.js'

/**
 * A deletion request: one run of its own in the entity's lane, so that nothing is committed meanwhile. The ledger keeps
 * who asked, when, why and what came of it; the value by which the subject is known stands in one object only, which goes
 * with the request.
 */
export const forgetKey = (requestId: string) => ({ PK: `FORGET#${requestId}`, SK: 'META' })
/**
 * The deletion that an entity’s lane is held by, if it is. Whoever moves silver asks after he holds his own lane, and a
 * deletion asks for a compaction after it holds its lane: so at least one of the two sees the other.
 */
export async function deletionUnderWay(
  ledger: Pick<LedgerReader, 'get' | 'query'>,
  entity: string,
): Promise<string | undefined> {
  const holder = (await ledger.get(holdKey(laneName('cleanse', entity))))?.holder
  if (!holder) return undefined
  let runId = String(holder)
  for (let putBacks = 0; putBacks < PUT_BACKS_MAX; putBacks += 1) {
    const { items } = await ledger.query(runKey(runId).PK, { prefix: 'IN#', limit: 1 })
    const input = items[0]?.input as { [name: string]: Value } | undefined
    if (typeof input?.run !== 'string') return forgettingOf(input) && String(holder)
    runId = input.run
  }
  return undefined
}
/** How often a run may have been put back (inputs.ts). */
const PUT_BACKS_MAX = 20

/** Throws while a compaction of the entity is under way: what it has read before, it would write back. */
export async function awaitCompaction(ledger: Pick<LedgerReader, 'get'>, entity: string): Promise<void> {
  if ((await ledger.get(holdKey(laneName('compact', entity))))?.holder)
    throw new TransientError(`a compaction of ${entity} is under way: the deletion waits for its end`)
}

/** Where the subject stands in the artifacts bucket while the request is open. */
export const subjectPath = (requestId: string) => `forgets/${requestId}.json`

/** How a request waits in its lane: alone, since what it takes part in is no batch. */
export function forgetEntry(clock: Pick<Clock, 'now'>, asked: Detail<typeof ForgetRequested>): Entry {
  const { requestId, entity, column, dryRun, by, why } = asked
  const owner = { ...forgetKey(requestId), requestId, entity, column, by, why, at: iso(clock.now()), dryRun }
  return { owner, input: { forget: requestId, column, dryRun, by, ...carried(asked) }, bytes: 0, alone: true }
}

/** What the job is told of a request, from the one input of its run. */
export interface Forgetting {
  requestId: string
  column: string
  dryRun: boolean
  by: string
}

/** The request that a run carries out, or nothing when it cleanses. */
export function forgettingOf(input: { [name: string]: Value } | undefined): Forgetting | undefined {
  if (typeof input?.forget !== 'string') return undefined
  const { forget: requestId, column, dryRun, by } = input
  return { requestId, column: String(column), dryRun: dryRun === true, by: String(by) }
}

interface Buckets {
  silverBucket: string
  quarantineBucket: string
  artifactsBucket: string
}

/** The plan of one attempt (jobs/forget/plan.py). */
export function forgetPlan(buckets: Buckets, run: Run, attempt: number, asked: Forgetting) {
  const artifacts = `s3://${buckets.artifactsBucket}/`
  return {
    version: 1,
    kind: 'forget',
    run_id: run.runId,
    attempt,
    correlation_id: correlationOf(run),
    entity: run.subject,
    column: asked.column,
    dry_run: asked.dryRun,
    subject_uri: `${artifacts}${subjectPath(asked.requestId)}`,
    silver_bucket: buckets.silverBucket,
    quarantine_bucket: buckets.quarantineBucket,
    report_uri: `${artifacts}${attemptPath(run.runId, attempt)}report.json`,
  }
}

const count = z.number().int().min(0)
const file = z.object({ key: z.string(), rows: count, found: count, removed: count, left: count })
export const forgetReport = z.object({
  dry_run: z.boolean(),
  rows: z.object({ found: count, removed: count, left: count }),
  silver: z.array(file),
  quarantine: z.array(file),
  bronze: z.array(z.string()),
})

/** What a run carries of its request once it has begun. */
export const requestOf = (run: Run): Forgetting | undefined =>
  forgettingOf(run.forgetting as { [name: string]: Value } | undefined)

/** Passes when nothing of the subject is left, or nothing was to be changed. */
export function judgeForget(content: unknown): Verdict {
  const { dry_run: dryRun, rows, silver, quarantine, bronze } = checked(forgetReport, content)
  if (!dryRun && rows.left > 0)
    return { failed: `${rows.left} rows of the subject are left`, fromReport: true }
  const filesRead = silver.length + quarantine.length
  return { pass: true, shown: { forgotten: { ...rows, filesRead, rawFiles: bronze.length } } }
}

/** What the transaction writes that ends the run: the proof stands in its report. */
export function forgetDone(run: Run, { requestId }: Forgetting, clock: Pick<Clock, 'now'>): Write {
  const report = `${attemptPath(run.runId, run.attempt)}report.json`
  const set = { doneAt: iso(clock.now()), forgotten: run.forgotten as Value, report }
  return { update: forgetKey(requestId), set }
}

/** Who reads the entity is built anew, from silver without the subject; a dry run changes nothing, so nobody is. */
export function afterForget(project: Declared, run: Run, asked: Forgetting): Outgoing | undefined {
  const domain = laneReading(project, run.subject)?.domains[0]
  if (asked.dryRun || !domain) return undefined
  const detail = { domain, requestId: forgetBuild(asked), mode: 'full-refresh' as const, by: asked.by }
  return { name: BuildRequested.name, detail }
}

/** Under which the build lane knows what a deletion asks of it. */
export const forgetBuild = ({ requestId }: Pick<Forgetting, 'requestId'>) => `forget:${requestId}`

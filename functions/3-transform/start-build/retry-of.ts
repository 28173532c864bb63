import { isDeepStrictEqual } from 'node:util'
import type { BuildState } from '../../../shared/build.js'
import { partialReport } from '../../../shared/build-report.js'
import { inputItems } from '../../../shared/inputs.js'
import type { LedgerReader } from '../../../shared/ledger.js'
import { attemptPath, type Run, runKey } from '../../../shared/run.js'
import type { Reports } from '../../../shared/work.js'

interface RetryEffects {
  ledger: LedgerReader
  reports: Reports
  settings: { task: { taskDefinition: string } }
}

/**
 * The attempt of which this one repeats only what failed and what depends on it: the one before, or the last of the
 * parked run that was put back. It must have left its results, on the same base, silver and image. Gives its path.
 */
export async function retryOf(
  { ledger, reports, settings }: RetryEffects,
  run: Run,
  attempt: number,
  facts: { base: number; silverRuns: BuildState['silverRuns'] },
): Promise<string | undefined> {
  const failed: Run | undefined =
    attempt > 1 ? Object.assign({}, run, { attempt: attempt - 1 }) : await putBack(ledger, run)
  if (!failed || failed.attempt < 1 || failed.base !== facts.base) return undefined
  const task = (failed.request as { taskDefinition?: string } | undefined)?.taskDefinition
  if (task !== settings.task.taskDefinition || !isDeepStrictEqual(failed.silverRuns, facts.silverRuns))
    return undefined
  const path = attemptPath(failed.runId, failed.attempt)
  const report = partialReport.safeParse(await reports.read(`${path}report.json`))
  return report.data?.partial_database ? path : undefined
}

/**
 * The one parked run that this run took up again, if all else that it took is silver: whoever else asked for a build since
 * then wants what others have loaded meanwhile, and what the failed attempt has read of that is older.
 */
async function putBack(ledger: LedgerReader, run: Run): Promise<Run | undefined> {
  const items = await inputItems(ledger, run.runId)
  const inputs = items.map((item) => item.input as { run?: string; silverRun?: string })
  const [runId, another] = inputs.flatMap((input) => input.run ?? [])
  const others = inputs.filter((input) => input.run === undefined && input.silverRun === undefined)
  if (!runId || another || others.length > 0) return undefined
  return (await ledger.get(runKey(runId))) as Run | undefined
}

import { carried, correlationOfLanding } from '../../../shared/correlation.js'
import type { DeclaredSource, Priority } from '../../../shared/declared.js'
import type { LedgerReader } from '../../../shared/ledger.js'
import { runKey } from '../../../shared/run.js'

/** The extraction that wrote a file, as the key says it. */
const WRITTEN_BY = /\/run_id=([0-9a-z]{26})\//

export interface Delivery {
  correlationId: string
  /** Where it is another one than that of the file's source: what a backfill brings lets live traffic go first. */
  priority?: Priority
}

/**
 * The delivery that a landed file belongs to: that of the extraction that wrote it, for a file cannot carry an id itself;
 * else it begins with this landing.
 */
export async function deliveryOf(
  ledger: Pick<LedgerReader, 'get'>,
  { kind }: Pick<DeclaredSource, 'kind'>,
  key: string,
  { eventId, fileId }: { eventId: string; fileId: string },
): Promise<Delivery> {
  const runId = kind === 'extract' ? WRITTEN_BY.exec(key)?.[1] : undefined
  const run = runId ? await ledger.get(runKey(runId)) : undefined
  const isBackfill = Array.isArray(run?.backfillIds) && run.backfillIds.length > 0
  return {
    correlationId: (run && carried(run).correlationId) ?? correlationOfLanding(eventId, fileId),
    ...(isBackfill && { priority: 'low' }),
  }
}

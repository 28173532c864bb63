import { carried, correlationOfLanding } from '../../../shared/correlation.js'
import type { DeclaredSource } from '../../../shared/declared.js'
import type { LedgerReader } from '../../../shared/ledger.js'
import { runKey } from '../../../shared/run.js'

/** The extraction that wrote a file, as the key says it. */
const WRITTEN_BY = /\/run_id=([0-9a-z]{26})\//

/**
 * The id of the delivery that a landed file belongs to: that of the extraction that wrote it, for a file cannot carry
 * one itself; else it begins with this landing.
 */
export async function deliveryOf(
  ledger: Pick<LedgerReader, 'get'>,
  { kind }: Pick<DeclaredSource, 'kind'>,
  key: string,
  { eventId, fileId }: { eventId: string; fileId: string },
): Promise<string> {
  const runId = kind === 'extract' ? WRITTEN_BY.exec(key)?.[1] : undefined
  const run = runId && (await ledger.get(runKey(runId)))
  return (run ? carried(run).correlationId : undefined) ?? correlationOfLanding(eventId, fileId)
}

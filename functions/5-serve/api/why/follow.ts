import type { Item, LedgerReader } from '../../../../shared/ledger.js'
import { type Run, runKey } from '../../../../shared/run.js'

/** A run that was put back more often than this is not followed further. */
const PUT_BACKS_MAX = 20

/** A run by its id, or nothing. */
export const runOf = async (ledger: LedgerReader, runId: unknown): Promise<Run | undefined> =>
  (await ledger.get(runKey(String(runId)))) as Run | undefined

/** The runs that an entry went through: the one that took it, and those into which it was put back, in order. */
export async function followed(ledger: LedgerReader, runId: unknown): Promise<Run[]> {
  const runs: Run[] = []
  let next = await runOf(ledger, runId)
  while (next && runs.length < PUT_BACKS_MAX) {
    runs.push(next)
    next = next.state === 'REPLAYED' && next.into ? await runOf(ledger, next.into) : undefined
  }
  return runs
}

type Waiver = { by?: unknown; why?: unknown } | undefined

/** Who let a run through its gate, and why. */
export function waiverOf(item: Item): string {
  const waiver = item.waiver as Waiver
  return waiver ? `, let through by ${waiver.by}: ${waiver.why}` : ''
}

/** A run's state in a few words; a run that the sentence has named already is not named again. */
export function brief(run: Run, named?: unknown): string {
  const name = `${run.runId === named ? 'it' : `run ${run.runId}`} is ${run.state}`
  if (run.state === 'PARKED') return `${name} since ${run.endedAt}: ${run.reason}`
  if (run.state === 'COMMITTED')
    return `${name} since ${run.endedAt}${run.unchanged ? ` (${run.unchanged})` : ''}`
  return run.state === 'RUNNING' ? `${name}, attempt ${run.attempt}` : name
}

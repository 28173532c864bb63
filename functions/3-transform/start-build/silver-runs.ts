import { silverPk, silverRunKey } from '../../../shared/cleanse.js'
import { keysOf, silverRunOf, snapshotsOf } from '../../../shared/compact.js'
import { TerminalError } from '../../../shared/errors.js'
import type { Item, LedgerReader } from '../../../shared/ledger.js'

export type SilverRuns = Record<string, { run_id: string; number: number; files: string[] }[]>

/** New runs of one entity that one plan may list. */
const SILVER_RUNS_MAX = 200_000
const PAGE = 1_000

/** The committed runs of an entity with numbers behind `after`, with the keys of their files; up to `upTo`, if given. */
export async function newRuns(
  ledger: LedgerReader,
  bucket: string,
  entity: string,
  range: { after: number; upTo?: number | undefined },
): Promise<SilverRuns[string]> {
  const items: Item[] = []
  let after: string | undefined = JSON.stringify(silverRunKey(entity, range.after))
  while (after) {
    const page = await ledger.query(silverPk(entity), { prefix: 'RUN#', limit: PAGE, after })
    items.push(...page.items)
    after = page.next
    if (items.length > SILVER_RUNS_MAX)
      throw new TerminalError(`${entity} has more than ${SILVER_RUNS_MAX} runs that no build has read`)
  }
  const listed = items.slice(0, range.upTo === undefined ? undefined : range.upTo - range.after)
  const runs = listed.map(silverRunOf)
  const snapshots = await snapshotsOf(
    ledger,
    entity,
    runs.flatMap(({ days }) => days),
  )
  return runs.map((run) => ({
    run_id: run.runId,
    number: run.ordinal,
    files: keysOf(entity, run, snapshots).map((key) => `s3://${bucket}/${key}`),
  }))
}

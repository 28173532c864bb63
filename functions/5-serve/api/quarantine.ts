import type { Item, LedgerReader } from '../../../shared/ledger.js'
import { newestOf } from './paging.js'

export interface QuarantineQuery {
  limit: number
  next?: string | undefined
  entity?: string | undefined
  reason?: string | undefined
}

/**
 * What is in quarantine, newest first: files that no entity takes, and cleanse runs with rejected rows that were not
 * put back. The counts by reason are those of the entries of this page: files count one, runs count rows.
 */
export async function quarantineView({ ledger }: { ledger: LedgerReader }, query: QuarantineQuery) {
  const page = await newestOf(ledger, 'quarantined', query, (item) => matches(item, query))
  const files = page.items.filter((item) => item.runId === undefined).map(fileEntry)
  const runs = page.items.filter((item) => item.runId !== undefined).map(runEntry)
  return { files, runs, reasons: countsOf(files, runs), next: page.next }
}

const reasonsOf = (item: Item): Record<string, number> =>
  item.runId === undefined
    ? { [String(item.quarantined)]: 1 }
    : ((item.reasons ?? {}) as Record<string, number>)

function matches(item: Item, { entity, reason }: QuarantineQuery): boolean {
  if (reason && !Object.hasOwn(reasonsOf(item), reason)) return false
  return !entity || (item.runId !== undefined && item.subject === entity)
}

const fileEntry = ({ PK, key, versionId, bytes, landedAt, quarantined, reason }: Item) => ({
  fileId: String(PK).slice('FILE#'.length),
  key,
  versionId,
  bytes,
  landedAt,
  rule: String(quarantined),
  reason,
})

const runEntry = (item: Item) => ({
  runId: String(item.runId),
  entity: item.subject,
  state: item.state,
  at: item.endedAt ?? item.createdAt,
  rejected: (item.rows as { rejected?: number } | undefined)?.rejected ?? 0,
  reasons: reasonsOf(item),
})

function countsOf(files: { rule: string }[], runs: { reasons: Record<string, number> }[]) {
  const counts: Record<string, number> = {}
  for (const { rule } of files) counts[rule] = (counts[rule] ?? 0) + 1
  for (const { reasons } of runs) {
    for (const [reason, rows] of Object.entries(reasons)) counts[reason] = (counts[reason] ?? 0) + rows
  }
  return counts
}

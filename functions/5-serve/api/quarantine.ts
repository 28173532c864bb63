import type { LedgerReader } from '../../../shared/ledger.js'
import { encodeNext } from './paging.js'

/** Files that no entity takes, newest first, each with its reason. */
export async function quarantineView(
  { ledger }: { ledger: LedgerReader },
  query: { limit: number; next?: string | undefined },
) {
  const page = await ledger.index('quarantined', {
    limit: query.limit,
    newestFirst: true,
    ...(query.next && { after: query.next }),
  })
  const files = page.items.map(({ key, versionId, bytes, landedAt, quarantined, reason }) => ({
    key,
    versionId,
    bytes,
    landedAt,
    rule: quarantined,
    reason,
  }))
  return { files, next: encodeNext(page.next) }
}

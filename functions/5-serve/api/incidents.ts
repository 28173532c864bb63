import type { Item, LedgerReader } from '../../../shared/ledger.js'
import { encodeNext } from './paging.js'

/** Index pages that one request may read while it looks for incidents that match. */
const PAGES_MAX = 20

export interface IncidentsQuery {
  limit: number
  next?: string | undefined
  state?: string | undefined
}

/** Incidents, newest first, as far as they match. */
export async function incidentsView({ ledger }: { ledger: LedgerReader }, query: IncidentsQuery) {
  const found: Item[] = []
  let after = query.next
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const page = await ledger.index('incidents', {
      limit: query.limit - found.length,
      newestFirst: true,
      ...(after && { after }),
    })
    found.push(...page.items.filter(({ state }) => !query.state || state === query.state))
    after = page.next
    if (!after || found.length >= query.limit) break
  }
  return { incidents: found.map(incident), next: encodeNext(after) }
}

const incident = (item: Item) => ({
  incidentId: item.incidentId,
  state: item.state,
  priority: item.priority,
  title: item.title,
  cause: item.cause,
  lane: item.lane,
  reason: item.reason,
  runs: item.runs ?? [],
  count: item.count ?? 1,
  under: item.under ?? null,
  openedAt: item.openedAt,
  closedAt: item.closedAt ?? null,
})

import type { Item, LedgerReader } from '../../../shared/ledger.js'
import { newestOf } from './paging.js'

export interface IncidentsQuery {
  limit: number
  next?: string | undefined
  state?: string | undefined
}

/** Incidents, newest first, as far as they match. */
export async function incidentsView({ ledger }: { ledger: LedgerReader }, query: IncidentsQuery) {
  const wanted = ({ state }: Item) => !query.state || state === query.state
  const { items, next } = await newestOf(ledger, 'incidents', query, wanted)
  return { incidents: items.map(incident), next }
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

import { NotFoundError } from '@aws-lambda-powertools/event-handler/http'
import { goldPointerKey } from '../../../shared/build.js'
import { type DashboardRows, dashboardKey, dashboardsOf, etagOf } from '../../../shared/dashboards.js'
import type { Dashboard, Declared } from '../../../shared/declared.js'
import type { LedgerReader } from '../../../shared/ledger.js'
import type { Reports } from '../../../shared/work.js'
import { dashboardRows } from '../../4-publish/warm-cache/warm-cache.js'
import type { GoldRows } from './gold.js'

export interface DashboardEffects {
  project: Declared
  ledger: LedgerReader
  goldRows: GoldRows
  /** What was precomputed. */
  dashboards: Reports
}

/** The dashboards, with the edition that each shows. */
export async function dashboardsView({ project, ledger }: DashboardEffects) {
  const dashboards = await Promise.all(
    dashboardsOf(project).map(async ({ dashboard, label, domain, reads }) => {
      const pointer = await ledger.get(goldPointerKey(domain))
      return { dashboard, label, domain, edition: pointer?.edition ?? null, reads }
    }),
  )
  return { dashboards }
}

/**
 * What a dashboard reads, of the edition that its domain shows. Its tag names the edition and what is declared, so that
 * a caller who has it costs one read of the ledger. What is not precomputed yet is computed now, to the same answer.
 */
export async function dashboardView(
  effects: DashboardEffects,
  name: string,
  ifNoneMatch: string | null,
): Promise<Response> {
  const declared = dashboardsOf(effects.project).find(({ dashboard }) => dashboard === name)
  if (!declared) throw new NotFoundError(`there is no dashboard "${name}"; GET /dashboards lists them`)
  const pointer = await effects.ledger.get(goldPointerKey(declared.domain))
  if (!pointer) throw new NotFoundError(`${declared.domain} has published nothing yet`)
  const edition = String(pointer.edition)
  const etag = etagOf(declared, edition)
  // Whoever kept it has to ask whether the domain shows another edition by now.
  const headers = { etag, 'cache-control': 'private, no-cache' }
  if (matches(ifNoneMatch, etag)) return new Response(null, { status: 304, headers })
  const { rows, cache } = await rowsOf(effects, declared, edition)
  return new Response(JSON.stringify(rows), {
    status: 200,
    headers: { ...headers, 'content-type': 'application/json', 'x-cache': cache },
  })
}

/** RFC 9110, 13.1.2: a list of tags, weak or strong, or a star; the comparison is the weak one. */
const matches = (header: string | null, etag: string) =>
  (header ?? '')
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''))
    .some((tag) => tag === etag || tag === '*')

async function rowsOf(effects: DashboardEffects, declared: Dashboard, edition: string) {
  const kept = (await effects.dashboards.read(dashboardKey(declared, edition))) as DashboardRows | undefined
  if (kept) return { rows: kept, cache: 'hit' }
  return { rows: await dashboardRows(effects, declared, edition), cache: 'miss' }
}

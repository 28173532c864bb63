import { goldPointerKey } from '../../../shared/build.js'
import { type Clock, iso } from '../../../shared/clock.js'
import {
  type DashboardRows,
  dashboardKey,
  dashboardsOf,
  declaredAs,
  warmedKey,
} from '../../../shared/dashboards.js'
import type { Dashboard, Declared } from '../../../shared/declared.js'
import type { Pointer } from '../../../shared/editions.js'
import { BadInput } from '../../../shared/errors.js'
import type { ItemLedger } from '../../../shared/ledger.js'
import { eachAtOnce } from '../../../shared/parallel.js'
import type { Plans } from '../../../shared/work.js'
import { editionRows, type GoldRows, NotHeld } from '../../5-serve/api/gold.js'

export interface WarmCacheEffects {
  ledger: ItemLedger
  clock: Clock
  project: Pick<Declared, 'lanes'>
  goldRows: Pick<GoldRows, 'start'>
  /** Writes what is not there yet: the first writer's rows stay. */
  cache: Plans
}

/** Queries of one domain that run at once; Athena has a quota of them. */
const QUERIES_AT_ONCE = 4
/** As long as an edition is told of. */
const REMEMBERED_SECONDS = 400 * 24 * 3_600

/**
 * Precomputes what dashboards read of the edition that a domain shows; of every domain where none is named, which finds
 * what an event has lost. An edition never changes, so what was computed once is right until it is deleted, and a
 * rollback finds its own.
 */
export async function warmCache(effects: WarmCacheEffects, domain?: string): Promise<string> {
  const dashboards = dashboardsOf(effects.project)
  const domains = [...new Set(dashboards.map((one) => one.domain))]
  const warmed: string[] = []
  for (const one of domains)
    if (domain === undefined || domain === one) {
      const own = dashboards.filter((dashboard) => dashboard.domain === one)
      if (await warmDomain(effects, one, own)) warmed.push(...own.map(({ dashboard }) => dashboard))
    }
  return warmed.length > 0 ? `precomputed ${warmed.join(', ')}` : 'all dashboards are precomputed'
}

async function warmDomain(
  effects: WarmCacheEffects,
  domain: string,
  dashboards: Dashboard[],
): Promise<boolean> {
  const { ledger, clock, cache } = effects
  const pointer = (await ledger.get(goldPointerKey(domain))) as Pointer | undefined
  if (!pointer) return false
  const { edition } = pointer
  const declared = declaredAs(dashboards)
  const known = await ledger.get(warmedKey(domain, edition))
  if (known?.declared === declared) return false
  await eachAtOnce(dashboards, QUERIES_AT_ONCE, async (dashboard) => {
    await cache.writeOnce(dashboardKey(dashboard, edition), await dashboardRows(effects, dashboard, edition))
  })
  const at = iso(clock.now())
  const expiresAt = Math.floor(clock.now() / 1_000) + REMEMBERED_SECONDS
  await ledger.write({ put: { ...warmedKey(domain, edition), declared, at, expiresAt } })
  return true
}

/**
 * What a dashboard reads of one edition, asked of gold itself. `rows` is null where that edition holds no such dataset or
 * column: a deployment may ask for more than an edition from before it has.
 */
export async function dashboardRows(
  effects: { ledger: Pick<ItemLedger, 'get'>; goldRows: Pick<GoldRows, 'start'> },
  { dashboard, label, domain, reads }: Dashboard,
  edition: string,
): Promise<DashboardRows> {
  const answered = await Promise.all(
    reads.map(async (read) => {
      const rows = await editionRows(effects, { domain, edition, ...read }).catch(notHeld)
      return { ...read, rows }
    }),
  )
  return { dashboard, label, domain, edition, reads: answered }
}

function notHeld(error: unknown): null {
  if (error instanceof BadInput || error instanceof NotHeld) return null
  throw error
}

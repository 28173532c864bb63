import { createHash } from 'node:crypto'
import type { Dashboard, Declared } from './declared.js'
import type { Key } from './ledger.js'

/** What dashboards read, precomputed for each edition: where it lies, and what it is known by. */

/** The rows of a dashboard as one edition has them. Nothing in it depends on when it was computed. */
export interface DashboardRows {
  dashboard: string
  label: string
  domain: string
  edition: string
  reads: { dataset: string; order: string; limit: number; rows: object[] | null }[]
}

const digestOf = (content: unknown) =>
  createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 8)

/** The folder of all that was precomputed for an edition; it goes with the edition. */
export const dashboardFolder = (domain: string, edition: string) =>
  `dashboards/domain=${domain}/edition=${edition}/`

/** A deployment that declares other reads asks for another object: what is there never changes. */
const versionOf = ({ dashboard, label, domain, reads }: Dashboard) =>
  digestOf({ dashboard, label, domain, reads })

/** The key of a dashboard’s rows of one edition, in the gold bucket. */
export const dashboardKey = (declared: Dashboard, edition: string) =>
  `${dashboardFolder(declared.domain, edition)}${declared.dashboard}-${versionOf(declared)}.json`

/** What HTTP knows these rows by: it can be told without reading them. */
export const etagOf = (declared: Dashboard, edition: string) => `"${edition}-${versionOf(declared)}"`

export const dashboardsOf = ({ lanes }: Pick<Declared, 'lanes'>): Dashboard[] =>
  lanes.flatMap(({ dashboards = [] }) => dashboards)

/** The ledger’s proof that an edition’s dashboards are precomputed, as they are declared. */
export const warmedKey = (domain: string, edition: string): Key => ({
  PK: `DOMAIN#${domain}`,
  SK: `WARMED#${edition}`,
})
export const declaredAs = (dashboards: Dashboard[]) => digestOf(dashboards.map(versionOf))

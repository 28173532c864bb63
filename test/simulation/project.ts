import type { BuildLane, Dataset, Declared } from '../../shared/declared.js'
import { drop, testProject } from '../fakes/project.js'

/** What the deployment declares: it changes when another one is made in the middle of a seed. */
export class SimProject {
  declared: Declared = BEFORE

  /** Another graph: the lane of both domains falls apart, and each part has a new name. */
  redeploy(): void {
    this.declared = AFTER
  }

  datasets(domains: string[]): Dataset[] {
    const all = [...BEFORE.lanes, ...AFTER.lanes].flatMap((lane) => lane.datasets)
    const found = new Map(
      all.filter(({ domain }) => domains.includes(domain)).map((one) => [one.dataset, one]),
    )
    return [...found.values()]
  }
}

const [finance, risk] = (testProject.lanes[0]?.datasets ?? []) as [Dataset, Dataset]
const words: Dataset = { ...finance, domain: 'words', dataset: 'notes_daily' }
const lane = (domains: string[], entities: string[], datasets: Dataset[]): BuildLane => ({
  lane: domains.join('+'),
  domains,
  entities,
  datasets,
  ...promised(domains, entities, datasets),
})
/** Short enough that a seed breaks some of these. */
const promised = (domains: string[], entities: string[], datasets: Dataset[]) => ({
  lagSeconds: 900,
  objectives: [{ name: `readers of ${domains[0]}`, class: 'executive', domains, seconds: 1_200 }],
  dashboards: domains.map((domain) => ({
    ...{ dashboard: `overview-of-${domain}`, label: 'Overview', domain },
    reads: datasets
      .filter((one) => one.domain === domain)
      .map(({ dataset }) => ({ dataset, order: '', limit: 5 })),
  })),
  freshness: entities.map((table) => ({
    ...{ source: 'lake', table, page: false },
    ...{ warnSeconds: 1_800, errorSeconds: 3_600 },
  })),
})
const entity = (name: string, rejectedPercentMax: number) => ({
  ...(testProject.entities[name] as Declared['entities'][string]),
  rejectedPercentMax,
})
const auth = { method: 'api-key', secret: '/doors/key' } as const
/** Sources whose batches wait, and one that feeds a warehouse. */
const WAITING: Declared['sources'] = {
  slow: { ...drop('slow', 'market_data'), settleSeconds: 45, priority: 'low' },
  synced: {
    ...drop('synced', 'transactions'),
    kind: 'webhook',
    closeOnSyncFinished: true,
    priority: 'high',
    door: { auth },
  },
  ads: {
    kind: 'airbyte',
    feeds: [],
    warehouse: {
      ...{ domain: 'risk', selectors: ['stg_ads', 'risk+'], refreshColumn: '_airbyte_extracted_at' },
      tells: true,
    },
    door: { auth },
  },
}
/** Nobody loads anything without a word, so that the ledger alone decides whether a build has something to read. */
const { models: _, ...FILES } = testProject.sources
const BEFORE: Declared = {
  sources: { ...FILES, ...WAITING },
  entities: {
    market_data: entity('market_data', 40),
    transactions: entity('transactions', 0),
    notes: entity('notes', 40),
  },
  lanes: [
    lane(['finance', 'risk'], ['market_data', 'transactions'], [finance, risk]),
    lane(['words'], ['notes'], [words]),
  ],
}
const AFTER: Declared = {
  ...BEFORE,
  lanes: [
    lane(['finance'], ['transactions'], [finance]),
    lane(['risk', 'words'], ['market_data', 'notes'], [risk, words]),
  ],
}

/** Every domain of either deployment. */
export const DOMAINS = [...new Set([...BEFORE.lanes, ...AFTER.lanes].flatMap(({ domains }) => domains))]
/** Every build lane of either. */
export const LANES = [...BEFORE.lanes, ...AFTER.lanes].map(({ lane: name }) => name)

import type { Declared, DeclaredSource } from '../../shared/declared.js'

/** A job of a dbt platform that Sluice starts, and whose end feeds models. */
const STARTED: DeclaredSource = {
  kind: 'dbt-platform',
  feeds: [],
  warehouse: { domain: 'finance', selectors: ['stg_ads+'], refreshColumn: '_airbyte_extracted_at' },
  door: { auth: { method: 'dbt-platform', secret: 'sluice/models-door' } },
  start: { url: 'https://cloud.getdbt.com', accountId: '1', jobId: '123', secret: 'sluice/models' },
}

/** A project small enough to read: two entities, one lane of two domains, one dataset in each. */
export const testProject: Declared = {
  sources: {
    prices: drop('prices', 'market_data'),
    trades: drop('trades', 'transactions'),
    notes: drop('notes', 'notes'),
    quotes: extracted('quotes', 'market_data'),
    models: STARTED,
  },
  entities: {
    market_data: entity('auto', 5),
    transactions: entity('auto', 0),
    notes: entity('spark', 5),
  },
  lanes: [
    {
      lane: 'finance+risk',
      domains: ['finance', 'risk'],
      entities: ['market_data', 'transactions'],
      datasets: [dataset('finance', 'daily_summary'), dataset('risk', 'var_calculations')],
    },
  ],
}

function entity(engine: 'auto' | 'duckdb' | 'spark', rejectedPercentMax: number) {
  return {
    columns: [{ name: 'symbol', glueType: 'string' }],
    key: ['symbol'],
    engine,
    contractVersion: '1.0.0',
    rejectedPercentMax,
  }
}

function dataset(domain: string, name: string) {
  const columns = [
    { name: 'account_id', glueType: 'string' },
    { name: 'summary_date', glueType: 'date' },
    { name: 'positions', glueType: 'int' },
    { name: 'market_value', glueType: 'decimal(28,6)' },
    { name: 'return', glueType: 'double' },
    { name: 'is_open', glueType: 'boolean' },
    { name: 'computed_at', glueType: 'timestamp' },
    { name: '_edition', glueType: 'string' },
  ]
  const key = ['account_id', 'summary_date']
  return { domain, dataset: name, version: 1, description: `The ${name} of ${domain}.`, key, columns }
}

/** A drop source with one entity and the folder of its name. */
export function drop(source: string, entityName: string): DeclaredSource {
  return { kind: 'drop', feeds: [{ entity: entityName, prefix: `source=${source}/` }] }
}

/** A source that Sluice itself asks. */
function extracted(source: string, name: string): DeclaredSource {
  return {
    kind: 'extract',
    feeds: [{ entity: name, prefix: `source=${source}/entity=${name}/` }],
    extract: {
      engine: 'rest',
      url: 'https://quotes.example.com',
      secret: 'sluice/quotes',
      entities: [{ entity: name, path: '/daily', cursor: 'date' }],
    },
  }
}

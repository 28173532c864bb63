import type { Declared, DeclaredSource } from '../../../shared/declared.js'

const warehouse = { domain: 'marketing', selectors: ['stg_ads+'], refreshColumn: '_airbyte_extracted_at' }
const source = (kind: DeclaredSource['kind'], more: Partial<DeclaredSource>): DeclaredSource => ({
  kind,
  feeds: [],
  warehouse,
  ...more,
})

export const CONNECTION = '5d1c9d7a-7e3f-4a53-8b90-2a1b6c4d8e01'
const ask = { url: 'https://airbyte.example.com/v1', secret: 'airbyte-api' }

/** One source for each kind of door. */
export const doorProject: Declared = {
  sources: {
    ads: source('airbyte', { door: { auth: { method: 'path-key', secret: 'ads-door' } } }),
    asked: source('airbyte', {
      door: {
        auth: { method: 'path-key', secret: 'asked-door' },
        confirm: ask,
        connectionIds: [CONNECTION],
      },
    }),
    platform: source('dbt-platform', {
      door: { auth: { method: 'dbt-platform', secret: 'platform-door' } },
    }),
    tasks: source('webhook', {
      door: {
        auth: {
          method: 'hmac',
          secret: 'tasks-door',
          signatureHeader: 'X-Signature',
          timestampHeader: 'X-Timestamp',
          replayWindowSeconds: 300,
        },
        mapping: { syncId: '/id' },
      },
    }),
    tight: source('webhook', {
      door: {
        auth: { method: 'api-key', secret: 'tight-door' },
        mapping: { syncId: '/id', succeeded: { at: '/state', values: ['done'] } },
        limits: { requestsPerMinute: 2, bodyBytes: 100 },
      },
    }),
    events: source('airbyte', {
      feeds: [{ entity: 'events', prefix: 'raw-events/{yyyy}/{mm}/{dd}/' }],
      warehouse: undefined,
      closeOnSyncFinished: true,
      door: { auth: { method: 'path-key', secret: 'events-door' } },
    }),
    files: { kind: 'drop', feeds: [{ entity: 'events', prefix: 'source=files/' }] },
  },
  entities: {},
  lanes: [{ lane: 'marketing', domains: ['marketing'], entities: [], datasets: [] }],
}

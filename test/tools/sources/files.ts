/** What the project of these tests declares beside its sources. */
export const KNOWN = { entities: ['prices', 'trades'], domains: ['finance', 'marketing'] }

const file = (kind: string, ...lines: string[]) =>
  `${['source: vendor', 'description: Prices.', `kind: ${kind}`, ...lines].join('\n')}\n`
const ENTITIES = ['entities:', '  - entity: prices']

export const DROP = file('drop', ...ENTITIES)
export const AIRBYTE = file(
  'airbyte',
  'auth: { method: path-key, secret: /a/b }',
  'warehouse:',
  '  domain: marketing',
  '  selectors:',
  '    - stg_ads+',
)
export const HOOK = file(
  'webhook',
  'mapping: { syncId: /id }',
  'auth:',
  '  method: hmac',
  '  secret: /a/b',
  '  signatureHeader: X-Signature',
  '  replayWindowSeconds: 60',
  '  timestampHeader: X-Time',
  ...ENTITIES,
)
export const REST = file(
  'extract',
  'engine: rest',
  'url: https://api.example.com/v3',
  'entities: [{ entity: prices, path: /prices }]',
)
export const MONGO = file(
  'extract',
  'engine: mongodb',
  'secret: /mongodb/connection-string',
  'database: shop',
  'entities: [{ entity: trades, collection: trades, cursor: updatedAt }]',
)
export const STREAM = file('stream', 'transport: kinesis', ...ENTITIES)

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { sourceFile, type WrittenSource } from '../../../shared/sources/schema.js'
import { checkSources } from '../../../tools/sources/check.js'
import { nodeAt } from '../../../tools/sources/json-schema.js'
import { KNOWN } from './files.js'

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const text = fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' })
const secret = fc.stringMatching(/^[A-Za-z0-9/_+=.@-]{1,40}$/)
const entity = fc.constantFrom(...KNOWN.entities)
const method = <M extends string>(name: M) => fc.record({ method: fc.constant(name), secret })
const list = <T>(of: fc.Arbitrary<T>) => fc.array(of, { minLength: 1, maxLength: 3 })
const header = fc.stringMatching(/^[A-Za-z0-9-]{1,20}$/)
const hmac = fc.record({
  method: fc.constant('hmac' as const),
  secret,
  signatureHeader: header,
  timestampHeader: header,
  replayWindowSeconds: maybe(fc.integer({ min: 30, max: 3600 })),
})
const schedule = maybe(
  fc.oneof(
    fc.record({ cron: fc.constantFrom('0 2 * * ? *', '0/15 8-18 ? * MON-FRI *', '30 4 1,15 * ? 2026') }),
    fc.record({
      rate: fc.constantFrom('1 hour', '15 minutes', '7 days'),
      timeZone: maybe(fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York')),
    }),
  ),
)
const warehouse = fc.record({
  domain: fc.constantFrom(...KNOWN.domains),
  selectors: list(fc.constantFrom('stg_ads*', 'tag:dashboard', '2+fct_orders+1', '@model', 'marts.fct+')),
  refreshColumn: maybe(fc.constantFrom('_airbyte_emitted_at', 'updated_at')),
})
const base = { source: fc.constant('vendor'), description: text }
const waiting = {
  settleSeconds: maybe(fc.integer({ min: 0, max: 900 })),
  priority: maybe(fc.constantFrom('high' as const, 'normal' as const, 'low' as const)),
}
/** Entities of one source, each once. */
const entities = <T extends { entity: string }>(of: fc.Arbitrary<T>) =>
  fc.uniqueArray(of, { minLength: 1, maxLength: 2, selector: (one) => one.entity })
const feed = fc.oneof(
  fc.record({ entities: entities(fc.record({ entity })), closeOnSyncFinished: maybe(fc.constant(true)) }),
  fc.record({ warehouse }),
) as fc.Arbitrary<{ entities?: { entity: string }[]; warehouse?: { domain: string; selectors: string[] } }>
const inbound = maybe(
  fc.record({
    requestsPerMinute: maybe(fc.integer({ min: 1, max: 10_000 })),
    bodyBytes: maybe(fc.constant(65_536)),
  }),
)
const cursor = maybe(text)

const drop = fc.record({
  ...base,
  kind: fc.constant('drop' as const),
  entities: fc.constantFrom<{ entity: string; prefix?: string }[][]>(
    [{ entity: 'prices' }],
    [{ entity: 'prices', prefix: 'source=vendor/' }],
    [
      { entity: 'prices', prefix: 'raw-events/{yyyy}/{mm}/{dd}/' },
      { entity: 'trades', prefix: 'raw-trades/{yyyy}{mm}/{hh}/' },
    ],
  ),
  ...waiting,
})
const airbyte = fc
  .record({
    ...base,
    kind: fc.constant('airbyte' as const),
    auth: fc.oneof(method('path-key'), method('api-key')),
    connectionIds: maybe(list(fc.uuid())),
    confirm: maybe(fc.record({ url: fc.webUrl({ validSchemes: ['https'] }), secret })),
    priority: waiting.priority,
    limits: inbound,
  })
  .chain((file) => feed.map((fed) => ({ ...file, ...fed })))
const dbtPlatform = fc.record({
  ...base,
  kind: fc.constant('dbt-platform' as const),
  auth: method('dbt-platform'),
  jobIds: maybe(list(fc.nat().map(String))),
  warehouse,
  limits: inbound,
})
const webhook = fc
  .record({
    ...base,
    kind: fc.constant('webhook' as const),
    auth: fc.oneof(method('path-key'), method('api-key'), hmac),
    mapping: fc.record({
      syncId: fc.constantFrom('/id', '/data/jobId', '/a~1b/0'),
      succeeded: maybe(
        fc.record({ at: fc.constant('/ok'), values: list(fc.oneof(text, fc.boolean(), fc.nat())) }),
      ),
    }),
    limits: inbound,
  })
  .chain((file) => feed.map((fed) => ({ ...file, ...fed })))
const extract = { ...base, kind: fc.constant('extract' as const), schedule, ...waiting }
const rest = fc.record({
  ...extract,
  engine: fc.constant('rest' as const),
  url: fc.constantFrom('https://api.example.com', 'https://api.example.com:8443/v3'),
  secret,
  key: maybe(fc.record({ place: fc.constantFrom('header' as const, 'query' as const), name: header })),
  entities: entities(
    fc.record({
      entity,
      path: fc.constantFrom('/', '/prices/{symbol}'),
      params: maybe(fc.constant({ apikey: 'x', 'filter[a]': '1' })),
      records: maybe(fc.constantFrom('', '/data/items')),
      cursor,
      cursorParam: maybe(fc.constant('updated_since')),
      each: maybe(fc.record({ name: fc.constant('symbol'), values: list(text) })),
      window: maybe(
        fc.record({ from: fc.constant('from'), to: fc.constant('to'), inclusive: maybe(fc.boolean()) }),
      ),
      paging: maybe(
        fc.constantFrom(
          { style: 'page' as const, size: 100, first: 1 as const },
          { style: 'cursor' as const, next: '/next', param: 'after' },
          { style: 'link' as const },
        ),
      ),
    }),
  ),
})
const mongodb = fc.record({
  ...extract,
  engine: fc.constant('mongodb' as const),
  secret,
  database: text,
  entities: entities(
    fc.record({
      entity,
      collection: text,
      cursor,
      batchRows: maybe(fc.constant(1_000)),
      json: maybe(fc.constantFrom('plain' as const, 'canonical' as const)),
    }),
  ),
})
const postgres = fc.record({
  ...extract,
  engine: fc.constant('postgres' as const),
  secret,
  limits: maybe(fc.record({ parallel: maybe(fc.integer({ min: 1, max: 50 })) })),
  entities: entities(
    fc.record({
      entity,
      table: fc.constantFrom('users', 'app.users', 'App._x1'),
      cursor,
      lookbackSeconds: maybe(fc.constant(60)),
      key: maybe(fc.constant<string[]>(['id'])),
    }),
  ),
})
const stream = fc.record({
  ...base,
  kind: fc.constant('stream' as const),
  transport: fc.constantFrom('kinesis' as const, 'firehose' as const),
  entities: entity.map((one) => [{ entity: one }]),
  ...waiting,
})
const anySource: fc.Arbitrary<WrittenSource> = fc.oneof(
  ...[drop, airbyte, dbtPlatform, webhook, rest, mongodb, postgres, stream],
)

test('a valid file of any kind comes back as it was written, and nothing speaks against it', () => {
  fc.assert(
    fc.property(anySource, (written) => {
      const yaml = stringify(written)
      const { sources, problems } = checkSources([{ file: 'sources/vendor.yaml', text: yaml }], KNOWN)
      expect(problems).toEqual([])
      const [source] = sources
      expect(source).toEqual(sourceFile.parse(written))
      expect(sourceFile.parse(parse(stringify(source)))).toEqual(source)
      expect(source).toMatchObject(JSON.parse(JSON.stringify(written)))
    }),
    { numRuns: 100 },
  )
})

test('one more key anywhere in a valid file is a mistake that names this key', () => {
  fc.assert(
    fc.property(anySource, fc.nat(), (written, seed) => {
      const data = JSON.parse(JSON.stringify(written))
      const maps = mapsOf(data)
      const { map, path } = maps[seed % maps.length] as (typeof maps)[number]
      map.zzzzzzzzzzzz = 1
      const { problems } = checkSources([{ file: 'sources/vendor.yaml', text: stringify(data) }], KNOWN)
      expect(problems.map(({ message, path: at }) => [message, at.endsWith('zzzzzzzzzzzz')])).toEqual([
        ['unknown key', true],
      ])
      expect(nodeAt(data, path)?.properties).toBeDefined()
    }),
    { numRuns: 100 },
  )
})

interface Place {
  map: Record<string, unknown>
  path: PropertyKey[]
}
function mapsOf(data: unknown, path: PropertyKey[] = []): Place[] {
  if (Array.isArray(data)) return data.flatMap((inner, at) => mapsOf(inner, [...path, at]))
  if (typeof data !== 'object' || data === null) return []
  const map = data as Record<string, unknown>
  // The parameters of a request are the API's own: any name is right.
  const inner = Object.entries(map).filter(([key]) => key !== 'params')
  return [{ map, path }, ...inner.flatMap(([key, value]) => mapsOf(value, [...path, key]))]
}

import { describe, expect, test } from 'vitest'
import { checkSources } from '../../../tools/sources/check.js'
import { inWords } from '../../../tools/sources/places.js'
import { AIRBYTE, DROP, HOOK, KNOWN, MONGO, REST, STREAM } from './files.js'

const said = (text: string, file = 'sources/vendor.yaml') =>
  checkSources([{ file, text }], KNOWN).problems.map(inWords)
const mistake = (text: string, ...expected: string[]) =>
  expect(said(text)).toEqual(expected.map((line) => expect.stringContaining(line)))

describe('a key', () => {
  test('that is misspelled is one mistake, with the key that was meant', () => {
    mistake(
      DROP.replace('entities', 'entites'),
      'sources/vendor.yaml:4:1 entites: unknown key; did you mean entities?',
    )
  })
  test('that nobody knows is shown beside those that are known', () => {
    mistake(
      `${DROP}colour: red\n`,
      '6:1 colour: unknown key; known here are source, description, kind, entities',
    )
  })
  test('that belongs to another kind is unknown in this one', () => {
    mistake(`${DROP}transport: kinesis\n`, '6:1 transport: unknown key')
  })
  test('in snake_case finds its name', () => {
    mistake(`${DROP}settle_seconds: 60\n`, '6:1 settle_seconds: unknown key; did you mean settleSeconds?')
  })
  test('that is misspelled deep inside is found at its place', () => {
    mistake(
      HOOK.replace('replayWindowSeconds', 'replayWindow'),
      '9:3 auth.replayWindow: unknown key; known here are method, secret, signatureHeader',
    )
  })
  test('that is missing is told at what should hold it, with what it means', () => {
    mistake(DROP.replace('description: Prices.\n', ''), '1:1 description: is missing; What comes from where')
    mistake(
      HOOK.replace('  timestampHeader: X-Time\n', ''),
      '5:1 auth.timestampHeader: is missing; Header that holds the time of sending',
    )
  })
  test('that decides everything else is asked for first', () => {
    mistake(
      DROP.replace('kind: drop\n', ''),
      '1:1 kind: is missing; one of drop, airbyte, dbt-platform, webhook, extract',
    )
    mistake(DROP.replace('kind', 'knd'), '1:1 kind: is missing; "knd" is no key; did you mean kind?')
  })
  test('that stands twice is no YAML', () => {
    mistake(`${DROP}kind: drop\n`, '6:1 vendor.yaml: Map keys must be unique')
  })
})

describe('a value', () => {
  test.each([
    [DROP.replace('drop', 'dorp'), '3:7 kind: "dorp" is not one of drop, airbyte', 'did you mean drop?'],
    [
      DROP.replace('drop', 'dbt_platform'),
      '3:7 kind: "dbt_platform" is not one of',
      'did you mean dbt-platform?',
    ],
    [
      HOOK.replace('method: hmac', 'method: hmca'),
      '6:11 auth.method: "hmca" is not one of path-key, api-key, hmac',
      'hmac?',
    ],
    [
      REST.replace('engine: rest', 'engine: mysql'),
      '4:9 engine: "mysql" is not one of rest, mongodb, postgres',
      '',
    ],
    [
      `${DROP}priority: hihg\n`,
      '6:11 priority: "hihg" is not one of high, normal, low',
      'did you mean high?',
    ],
    [
      STREAM.replace('kinesis', 'kinesys'),
      '4:12 transport: "kinesys" is not one of kinesis, firehose',
      'kinesis?',
    ],
    [`${DROP}settleSeconds: 1000\n`, '6:16 settleSeconds: at most 900, not 1000', ''],
    [`${DROP}settleSeconds: -1\n`, '6:16 settleSeconds: at least 0, not -1', ''],
    [`${DROP}settleSeconds: 1.5\n`, '6:16 settleSeconds: needs a whole number, not 1.5', ''],
    [`${DROP}settleSeconds: "60"\n`, '6:16 settleSeconds: needs a number, not "60"', ''],
    [`${HOOK}closeOnSyncFinished: yes\n`, 'closeOnSyncFinished: needs true or false, not "yes"', ''],
    [
      DROP.replace('source: vendor', 'source: Vendor'),
      '1:9 source: "Vendor" is wrong: a name is lower case',
      '',
    ],
    [DROP.replace('\n  - entity: prices', ' prices'), '4:11 entities: needs a list, not "prices"', ''],
    [DROP.replace('\n  - entity: prices', ' []'), '4:11 entities: at least 1 entries, not 0', ''],
    [DROP.replace('Prices.', ''), '2:', 'description: needs a text, not null'],
    [
      HOOK.replace('secret: /a/b', 'secret: hunter two'),
      '7:11 auth.secret: "hunter two" is wrong: the name of a',
      '',
    ],
    [HOOK.replace('X-Time', '"X Time"'), 'auth.timestampHeader: "X Time" is wrong: a header’s name', ''],
    [HOOK.replace('/id', 'id'), 'mapping.syncId: "id" is wrong: a JSON Pointer such as /data/jobId', ''],
    [REST.replace('https', 'http'), '5:6 url: "http://api.example.com/v3" is wrong: an https:// address', ''],
    [
      AIRBYTE.replace('- stg_ads+', '- --full-refresh'),
      'warehouse.selectors[0]: "--full-refresh" is wrong: a selector',
      '',
    ],
    [
      `${DROP}    prefix: raw-events/{yyy}/\n`,
      'entities[0].prefix: "raw-events/{yyy}/" is wrong: a folder',
      '',
    ],
  ])('%#: is told with its place and what would do', (text, place, way) => {
    expect(said(text)[0]).toContain(place)
    expect(said(text)[0]).toContain(way)
  })

  test('of a schedule is a cron with six fields or a rate, in a zone that exists', () => {
    const at = (lines: string) => `${REST}schedule:\n  ${lines}\n`
    expect(said(at('cron: 0 2 * * *'))[0]).toContain('schedule.cron: "0 2 * * *" is wrong: six fields')
    expect(said(at('cron: 0 2 * * * *'))[0]).toContain('schedule.cron')
    expect(said(at('rate: 1 hours'))[0]).toContain('schedule.rate: "1 hours" is wrong: such as 15 minutes')
    expect(said(at('cron: 0 2 * * ? *\n  timeZone: Europe/Berln'))[0]).toContain(
      'schedule.timeZone: no time zone "Europe/Berln"; did you mean Europe/Berlin?',
    )
    expect(said(at('cron: 0 2 * * ? *\n  timeZone: +02:00'))[0]).toContain('no time zone "+02:00"')
    expect(said(at('timeZone: UTC'))[0]).toContain('schedule: needs either cron or rate, and not both')
    expect(said(at('cron: 0 2 * * ? *\n  rate: 1 day'))[0]).toContain('schedule: needs either cron or rate')
    expect(said(at('cron: 0 2 ? * MON-FRI *\n  timeZone: America/New_York'))).toEqual([])
  })
})

describe('a file', () => {
  test('that is empty, a list or no YAML is told as such', () => {
    mistake('', '1:1 vendor.yaml: the file is empty')
    mistake('- drop\n', 'vendor.yaml: needs keys and values, not a list')
    mistake('drop\n', 'vendor.yaml: needs keys and values, not "drop"')
    mistake('source: [unclosed\n', 'sources/vendor.yaml:2:1 vendor.yaml: Flow sequence')
    mistake(`${DROP}---\n${DROP}`, 'vendor.yaml: Source contains multiple documents')
  })
  test('bears the name of its source', () => {
    expect(said(DROP, 'sources/vendors.yaml')).toEqual([
      'sources/vendors.yaml:1:9 source: must be the file\'s name, not "vendor"; name the file vendor.yaml, or the source after it',
    ])
    expect(said(DROP, 'sources/vendor.yml')[0]).toContain("must be the file's name")
  })
  test('of any kind may be right', () => {
    for (const text of [DROP, AIRBYTE, HOOK, REST, MONGO, STREAM]) mistake(text)
    mistake(`${DROP}priority: high\nsettleSeconds: 0\n`)
    mistake(`${DROP}    prefix: raw/{yyyy}/\n  - entity: trades\n`)
    mistake(`${HOOK}    prefix: raw/{yyyy}/\ncloseOnSyncFinished: true\n`)
  })
  test('whose settings are without effect is refused', () => {
    mistake(
      `${AIRBYTE}closeOnSyncFinished: true\nsettleSeconds: 5\n`,
      'closeOnSyncFinished: needs entities',
      'settleSeconds: is without effect where the sync closes the batch',
      'settleSeconds: is without effect: a sync of a warehouse has no files',
    )
    mistake(`${DROP}closeOnSyncFinished: true\n`, 'closeOnSyncFinished: unknown key')
    const platform = `${AIRBYTE.replace('kind: airbyte', 'kind: dbt-platform').replace('path-key', 'dbt-platform')}`
    mistake(platform)
    mistake(`${platform}schedule: { rate: 1 hour }\n`, 'schedule: needs start: the job')
  })
  test('whose entities land in one folder is refused', () => {
    mistake(
      `${DROP}    prefix: source=vendor/\n  - entity: trades\n    prefix: source=vendor/\n`,
      '8:13 entities[1].prefix: "source=vendor/" overlaps "source=vendor/" of sources/vendor.yaml:6',
    )
    mistake(
      MONGO.replace('}]', '}, { entity: trades, collection: other }]'),
      'entities[1].entity: "source=vendor/entity=trades/" overlaps',
    )
  })
  test('needs to say where a cursor of pages stands', () => {
    mistake(REST.replace('/prices }', '/prices, paging: { style: cursor } }'), 'paging: a cursor needs next')
  })
})

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readDeclared } from '../../tools/declared.js'

let root: string
const write = (file: string, content: string) => writeFileSync(join(root, file), content)
const CONTRACT = {
  entity: 'prices',
  version: '1.0.0',
  silver_columns: [{ name: 'symbol', glue_type: 'string' }],
  engine: 'auto',
  gate: { max_rejected_percent: 5 },
  columns: [{ name: 'symbol', classification: 'pii' }],
  key: ['day'],
  retention_days: { bronze: 90 },
}
const WATCHED = { freshness: [], lag_seconds: 60, objectives: [], dashboards: [] }
const LANE = { lane: 'risk', domains: ['risk'], sources: ['prices'], datasets: [], ...WATCHED }
const SOURCE = 'source: vendor\ndescription: Prices.\nkind: drop\nentities:\n  - entity: prices\n'

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice-declared-'))
  for (const folder of ['contracts/compiled', 'dbt_project', 'sources'])
    mkdirSync(join(root, folder), { recursive: true })
  write('contracts/compiled/prices.json', JSON.stringify(CONTRACT))
  write('dbt_project/graph.json', JSON.stringify({ lanes: [LANE] }))
  write('sources/vendor.yaml', SOURCE)
})
afterEach(() => rmSync(root, { recursive: true }))

test('what the project declares comes from its files', () => {
  expect(readDeclared(root)).toEqual({
    sources: { vendor: { kind: 'drop', feeds: [{ entity: 'prices', prefix: 'source=vendor/' }] } },
    entities: {
      prices: {
        columns: [{ name: 'symbol', glueType: 'string' }],
        key: ['day'],
        classified: { symbol: 'pii' },
        retentionDays: { bronze: 90 },
        engine: 'auto',
        contractVersion: '1.0.0',
        rejectedPercentMax: 5,
      },
    },
    lanes: [
      {
        ...{ lane: 'risk', domains: ['risk'], entities: ['prices'], datasets: [] },
        ...{ freshness: [], lagSeconds: 60, objectives: [], dashboards: [] },
      },
    ],
  })
})

describe('a wrong file is named with its path', () => {
  test.each([
    ['sources/vendor.yaml', SOURCE.replace('entity', 'entty'), /5:5 entities\[0\]\.entty: unknown key/],
    ['sources/vendor.yaml', SOURCE.replace('drop', 'push'), /3:7 kind: "push" is not one of drop, /],
    [
      'sources/vendor.yaml',
      SOURCE.replace('prices\n', 'nobody\n'),
      /5:13 entities\[0\]\.entity: no contract "nobody"; there are prices/,
    ],
    [
      'sources/vendor.yaml',
      SOURCE.replace('vendor', 'other'),
      /source: must be the file's name, not "other"/,
    ],
    [
      'sources/vendor.yaml',
      SOURCE.replace('vendor', 'Ven/dor'),
      /1:9 source: "Ven\/dor" is wrong: a name is lower case/,
    ],
    ['sources/vendor.yaml', '', /1:1 vendor.yaml: the file is empty/],
    ['sources/vendor.yaml', 'source: [unclosed', /flow/i],
    [
      'contracts/compiled/prices.json',
      JSON.stringify({ ...CONTRACT, gate: { max_rejected_percent: 101 } }),
      /gate\.max_rejected_percent: /,
    ],
    ['contracts/compiled/prices.json', JSON.stringify({ ...CONTRACT, engine: 'pandas' }), /engine: /],
    ['dbt_project/graph.json', JSON.stringify({ lanes: [{ ...LANE, sources: 1 }] }), /lanes\.0\.sources: /],
  ])('%s: %#', (file, content, problem) => {
    write(file, content)
    const read = () => readDeclared(root)
    expect(read).toThrow(problem)
    expect(read).toThrow(file)
  })
})

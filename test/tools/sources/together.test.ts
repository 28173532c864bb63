import { describe, expect, test } from 'vitest'
import { overlap } from '../../../shared/sources/prefix.js'
import { checkSources } from '../../../tools/sources/check.js'
import { distance, nearest } from '../../../tools/sources/nearest.js'
import { inWords } from '../../../tools/sources/places.js'
import { AIRBYTE, DROP, KNOWN, REST } from './files.js'

const named = (name: string, text: string) => ({
  file: `sources/${name}.yaml`,
  text: text.replace('source: vendor', `source: ${name}`),
})
const prefixed = (name: string, ...prefixes: string[]) =>
  named(
    name,
    DROP.replace(/ {2}- .*\n/, prefixes.map((one) => `  - { entity: prices, prefix: '${one}' }\n`).join('')),
  )
/** What is wrong between files and with what they name. */
const said = (...texts: { file: string; text: string }[]) => checkSources(texts, KNOWN).problems.map(inWords)

describe('what a file names', () => {
  test('is an entity with a contract', () => {
    expect(said(named('a', DROP.replace('prices', 'price')))).toEqual([
      'sources/a.yaml:5:13 entities[0].entity: no contract "price"; did you mean prices?',
    ])
    expect(said(named('a', DROP.replace('prices', 'households')))).toEqual([
      'sources/a.yaml:5:13 entities[0].entity: no contract "households"; there are prices, trades',
    ])
  })
  test('is a domain that a lane builds', () => {
    expect(said(named('a', AIRBYTE.replace('domain: marketing', 'domain: marketng')))).toEqual([
      'sources/a.yaml:6:11 warehouse.domain: no domain "marketng"; did you mean marketing?',
    ])
    expect(said(named('a', AIRBYTE))).toEqual([])
  })
  test('is entities or a warehouse, not both and not neither', () => {
    const both = `${AIRBYTE}entities: [{ entity: prices }]\n`
    const neither = AIRBYTE.replace(/warehouse:[\s\S]*$/, '')
    for (const text of [both, neither])
      expect(said(named('a', text))[0]).toContain('needs either entities or warehouse, and not both')
  })
  test('is a secret when a key is to be sent', () => {
    const text = `${REST}key: { place: header, name: X-Key }\n`
    expect(said(named('a', text))[0]).toContain('7:6 key: needs a secret')
    expect(said(named('a', `${text}secret: /fmp-api/api-key\n`))).toEqual([])
  })
})

describe('prefixes', () => {
  test('of two sources that could take one file are told at the later, with the earlier’s place', () => {
    expect(said(prefixed('a', 'raw-events/{yyyy}/'), prefixed('b', 'raw-events/{yyyy}/{mm}/{dd}/'))).toEqual([
      'sources/b.yaml:5:31 entities[0].prefix: "raw-events/{yyyy}/{mm}/{dd}/" overlaps "raw-events/{yyyy}/" of' +
        ' sources/a.yaml:5; a file would belong to both: make one of them narrower',
    ])
  })
  test('of one source do not overlap either', () => {
    expect(said(prefixed('a', 'x/2026/', 'x/{yyyy}/'))[0]).toContain(
      '6:31 entities[1].prefix: "x/{yyyy}/" overlaps',
    )
    expect(said(prefixed('a', 'x/', 'y/'), prefixed('b', 'z/{dd}/'), named('c', DROP))).toEqual([])
  })
  test('below source=<name>/ belong to that source', () => {
    expect(said(prefixed('a', 'source=b/'))[0]).toContain('source=b/ belongs to the source "b"')
    expect(said(prefixed('a', 'source=a/orders/', 'source=a/items/'))).toEqual([])
  })
  test.each([
    ['a/', 'a/b/', true],
    ['a/', 'ab/', false],
    ['a/{yyyy}/', 'a/2026/', true],
    ['a/{yyyy}/', 'a/news/', false],
    ['a/{dd}/', 'a/{yyyy}/', false],
    ['a/{yyyy}/{mm}/', 'a/{yyyy}/xy/', false],
    ['a/{yyyy}{mm}/', 'a/202611/', true],
  ])('%s and %s: %s', (one, other, expected) => {
    expect([overlap(one, other), overlap(other, one)]).toEqual([expected, expected])
  })
})

test('a mistake in one file does not hide those of another, and they come in order', () => {
  const lines = said(
    named('a', DROP.replace('kind: drop', 'kind: x')),
    named('b', 'source: ['),
    named('c', DROP.replace('prices', 'x')),
  )
  expect(lines.map((line) => line.split(':')[0])).toEqual([
    'sources/a.yaml',
    'sources/b.yaml',
    'sources/c.yaml',
  ])
})

test('the nearest word is the one with the fewest edits, if any is near', () => {
  expect([distance('', 'abc'), distance('kitten', 'sitting'), distance('same', 'same')]).toEqual([3, 3, 0])
  expect(nearest('entites', ['source', 'entity', 'entities'])).toBe('entities')
  expect(nearest('refresh_column', ['refreshColumn', 'domain'])).toBe('refreshColumn')
  expect(nearest('colour', ['kind', 'source', 'entities'])).toBeUndefined()
  expect(nearest('any', [])).toBeUndefined()
})

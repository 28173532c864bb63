import { beforeEach, describe, expect, test } from 'vitest'
import { reconcile } from '../../../functions/operate/reconcile/reconcile.js'
import { PASS } from '../../../shared/bounds.js'
import { type DeclaredSource, feedOf } from '../../../shared/declared.js'
import { dayFoldersAt, foldersAt } from '../../../shared/sources/recent.js'
import { Chain } from '../../fakes/chain.js'
import { drop, testProject } from '../../fakes/project.js'

const feeding = (...prefixes: string[]): DeclaredSource => ({
  kind: 'drop',
  feeds: prefixes.map((prefix) => ({ entity: 'market_data', prefix })),
})
let chain: Chain
let listed: string[]
/** The only source feeds from these folders; gives what a pass lists. */
async function passOver(source: DeclaredSource): Promise<string[]> {
  const { reconcile: effects } = chain.parts
  const { listVersions } = effects
  effects.project = { ...testProject, sources: { only: source } }
  effects.listVersions = (prefix, next, limit, after) => {
    listed.push(after ?? prefix)
    return listVersions(prefix, next, limit, after)
  }
  // The first pass of all goes back two days.
  await reconcile(effects)
  listed.length = 0
  await reconcile(effects)
  return listed.filter((prefix) => prefix !== '')
}
beforeEach(() => {
  chain = new Chain()
  listed = []
})

describe('a pass lists, of what no event brought', () => {
  test('the hours of a source whose folder has the usual form', async () => {
    const oldest = 'source=only/year=2026/month=03/day=02/hour=05/'
    expect(await passOver(drop('only', 'market_data'))).toEqual([oldest])
  })

  test('the days that it can be anywhere, where the folder names a day', async () => {
    expect(await passOver(feeding('raw-events/{yyyy}/{mm}/{dd}/'))).toEqual(['raw-events/2026/03/01/'])
  })

  test('each folder of a pattern whose keys do not follow time', async () => {
    expect(await passOver(feeding('raw/{dd}.{mm}.{yyyy}/'))).toEqual(['raw/02.03.2026/', 'raw/01.03.2026/'])
  })

  test('the hours since an extraction can have begun', async () => {
    const source = { ...feeding('source=only/entity=market_data/'), kind: 'extract' as const }
    const hour = String(7 - (PASS.hoursOfExtract - 1)).padStart(2, '0')
    const oldest = `source=only/entity=market_data/year=2026/month=03/day=02/hour=${hour}/`
    expect(await passOver(source)).toEqual([oldest])
  })

  test('the first pages of a folder that names no date, and finds what lies there', async () => {
    chain.parts.bronze.land({
      key: 'exports/a.json',
      versionId: 'v1',
      bytes: 1,
      landedAt: '2026-03-02T07:00:00.000Z',
    })
    expect(await passOver(feeding('exports/'))).toEqual(['exports/'])
    expect(chain.parts.ledger.all('FILE#')).toMatchObject([{ key: 'exports/a.json', source: 'only' }])
  })
})

describe('the folders of a pattern', () => {
  test('are each there once, and for days without the hour', () => {
    const times = ['2026-03-02T07:59:00.000Z', '2026-03-02T06:00:00.000Z', '2026-03-01T23:00:00.000Z']
    expect(foldersAt('x/{yyyy}{mm}/{hh}/', times)).toEqual(['x/202603/07/', 'x/202603/06/', 'x/202603/23/'])
    expect(dayFoldersAt('x/{yyyy}{mm}/{hh}/', times)).toEqual(['x/202603/'])
    expect(dayFoldersAt('source=a/', times)).toEqual([
      'source=a/year=2026/month=03/day=02/',
      'source=a/year=2026/month=03/day=01/',
    ])
    expect(dayFoldersAt('exports/', times)).toEqual(['exports/'])
  })
})

describe('a key belongs', () => {
  const sources = {
    events: feeding('raw-events/{yyyy}/{mm}/{dd}/'),
    all: { ...feeding('exports/'), kind: 'webhook' as const },
    narrow: { kind: 'drop' as const, feeds: [{ entity: 'notes', prefix: 'exports/notes/' }] },
  }
  test.each([
    ['raw-events/2026/03/02/with space+plus%20literal.json', { source: 'events', entity: 'market_data' }],
    ['raw-events/2026/3/02/a.json', undefined],
    ['raw-events/2026/03/02', undefined],
    ['xraw-events/2026/03/02/a.json', undefined],
    ['exports/a.json', { source: 'all', entity: 'market_data' }],
    ['exports/notes/a.json', { source: 'narrow', entity: 'notes' }],
    ['Exports/a.json', undefined],
  ])('%s: to the longest pattern that it begins with', (key, feed) => {
    expect(feedOf({ sources }, key)).toEqual(feed)
  })
})

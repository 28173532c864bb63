import { describe, expect, test } from 'vitest'
import type { BuildLane } from '../../../shared/declared.js'
import { judgeLane } from '../../../shared/health/judge.js'
import type { MeasuredDomain, MeasuredEntity, MeasuredLane } from '../../../shared/health/measure.js'
import type { Quality } from '../../../shared/quality.js'
import { drop } from '../../fakes/project.js'

const NOW = Date.parse('2026-03-01T12:00:00Z')
const MINUTE = 60
const ago = (seconds: number) => new Date(NOW - seconds * 1_000).toISOString()

const sources = { trades: drop('trades', 'transactions') }
const entity = (measured: Partial<MeasuredEntity> = {}): MeasuredEntity => ({
  ...{ entity: 'transactions', count: 0, built: 0, rows: { in: 0, out: 0, duplicates: 0, rejected: 0 } },
  ...measured,
})
const domain = (measured: Partial<MeasuredDomain> = {}) => ({ domain: 'finance', builds: [], ...measured })

interface Given extends Partial<Omit<MeasuredLane, 'lane'>> {
  declared?: Partial<BuildLane>
  brought?: Parameters<typeof judgeLane>[0]['sources']
}
/** The findings of a lane of which nothing is declared and nothing known but what is given. */
function judged({ declared, brought = sources, ...measured }: Given) {
  const lane = { lane: 'money', domains: ['finance'], entities: ['transactions'], datasets: [], ...declared }
  return judgeLane({ sources: brought }, { lane, entities: [], domains: [], ...measured }, NOW)
}
const only = (kind: string, given: Given) => judged(given).filter((one) => one.kind === kind)

describe('a lane of which nothing is promised', () => {
  test('is looked at for its lag alone', () => {
    expect(judged({})).toEqual([
      {
        ...{
          id: 'lag:money',
          kind: 'lag',
          subject: 'money',
          lane: 'build:money',
          level: 'ok',
          priority: 'P3',
        },
        ...{ measured: 0, limit: null, reason: 'nothing waits for a build of money', cause: 'late:money' },
      },
    ])
  })

  test('is not late however long it takes, and is not told of a bound', () => {
    const reason = 'what came 1,000 min ago is not built and published yet'
    expect(judged({ waitingSince: ago(60_000) })).toMatchObject([{ level: 'ok', measured: 60_000, reason }])
  })
})

describe('a source', () => {
  const bounds = { warnSeconds: 10 * MINUTE, errorSeconds: 20 * MINUTE, page: false }
  const lake = { source: 'lake', table: 'transactions', ...bounds }
  const raw = { source: 'raw', table: 'transactions', ...bounds }
  const fresh = (seconds: number | undefined, declared: object = {}, brought?: Given['brought']) =>
    only('source', {
      entities: [entity(seconds === undefined ? {} : { newestAt: ago(seconds) })],
      declared: { freshness: [{ ...lake, ...declared }] },
      ...(brought && { brought }),
    })[0]

  test('of which nothing came is unknown, by the bound of its warning', () => {
    expect(fresh(undefined)).toMatchObject({
      ...{ level: 'unknown', measured: null, limit: 600, lane: 'cleanse:transactions' },
      ...{ reason: 'nothing of lake.transactions has come yet', priority: 'P3' },
    })
  })

  test.each([
    [600, 'ok', 600, 'P3', 'the newest row of lake.transactions is 10 min old; 10 min are allowed'],
    [601, 'warn', 600, 'P3', 'the newest row of lake.transactions is 10 min old; 10 min are allowed'],
    [1_200, 'warn', 600, 'P3', 'the newest row of lake.transactions is 20 min old; 10 min are allowed'],
    [1_201, 'error', 1_200, 'P2', 'the newest row of lake.transactions is 20 min old; 20 min are allowed'],
  ])('of %i seconds is %s', (seconds, level, limit, priority, reason) => {
    const cause = `stale:trades:${level}`
    expect(fresh(seconds)).toMatchObject({ level, measured: seconds, limit, priority, reason, cause })
  })

  test('has only the bounds that are declared', () => {
    expect(fresh(9_999, { warnSeconds: null, errorSeconds: null })).toMatchObject({
      ...{ level: 'ok', limit: null, reason: 'the newest row of lake.transactions is 167 min old' },
    })
    expect(fresh(700, { warnSeconds: null })).toMatchObject({ level: 'ok', limit: 1_200 })
  })

  test('pages at its warning where it asks for it, and only then', () => {
    expect(fresh(601, { page: true })?.priority).toBe('P2')
    expect(fresh(1, { page: true })?.priority).toBe('P3')
  })

  test('has a cause of its own where several bring it, or nobody', () => {
    const two = { ...sources, other: drop('other', 'transactions') }
    expect(fresh(601, {}, two)?.cause).toBe('stale:lake.transactions:warn')
    const none = { notes: drop('notes', 'notes') }
    expect(fresh(601, {}, none)?.cause).toBe('stale:lake.transactions:warn')
  })

  test('of a warehouse is as new as dbt saw it, though the lake has a table of its name', () => {
    const given = { entities: [entity({ newestAt: ago(1) })], declared: { freshness: [raw] } }
    const of = (state: object) => only('source', { ...given, state: state as MeasuredLane['state'] })[0]
    const found = { subject: 'raw.transactions', lane: 'build:money' }
    expect(of({ loadedAt: { 'raw.transactions': ago(700) } })).toMatchObject({
      ...{ ...found, level: 'warn', measured: 700, cause: 'stale:raw.transactions:warn' },
    })
    expect(of({})).toMatchObject({ ...found, level: 'unknown' })
    expect(only('source', given)[0]).toMatchObject({ ...found, level: 'unknown' })
  })
})

describe('a lag', () => {
  const declared = { lagSeconds: 10 * MINUTE }
  test.each([
    ['waits', { waitingSince: ago(660) }],
    ['is in silver', { entities: [entity({ unbuiltSince: ago(660) }), entity({ unbuiltSince: ago(9) })] }],
    ['is not published', { domains: [domain({ unpublishedSince: ago(660) })], waitingSince: ago(1) }],
  ])('is as old as what %s longest', (_what, measured) => {
    const reason = 'what came 11 min ago is not built and published yet; 10 min are allowed'
    expect(only('lag', { declared, ...measured })).toMatchObject([
      { level: 'error', measured: 660, limit: 600, priority: 'P2', reason },
    ])
  })

  test('is allowed up to its bound, and what is to be cleansed is none', () => {
    expect(only('lag', { declared, waitingSince: ago(600) })).toMatchObject([{ level: 'ok' }])
    const entities = [entity({ uncleansedSince: ago(9_999) })]
    expect(only('lag', { declared, entities })).toMatchObject([{ level: 'ok', measured: 0 }])
  })
})

describe('an objective', () => {
  const objectives = [{ name: 'overview', class: 'executive', domains: ['finance'], seconds: 10 * MINUTE }]
  const shown = (published: number, took: number) => ({
    edition: {
      publishedAt: ago(published),
      arrivedAt: ago(published + took),
    } as unknown as MeasuredDomain['edition'],
  })
  const of = (measured: Given, declared: Partial<BuildLane> = {}) =>
    only('objective', { declared: { objectives, ...declared }, ...measured })[0]

  test('of which nothing ever came is unknown', () => {
    const detail = { waitingSeconds: null, lastSeconds: null }
    expect(of({ domains: [domain()] })).toMatchObject({ level: 'unknown', measured: 0, detail })
    const half = { edition: { publishedAt: ago(1) } as unknown as MeasuredDomain['edition'] }
    expect(of({ domains: [domain(half)] })).toMatchObject({ level: 'unknown', detail })
  })

  test.each([
    ['waits', { waitingSince: ago(601) }],
    ['is in silver', { entities: [entity({ unbuiltSince: ago(601) })] }],
    ['is not in silver', { entities: [entity({ uncleansedSince: ago(601) })] }],
    ['is not published', { domains: [domain({ unpublishedSince: ago(601) })] }],
  ])('is missed by what %s too long', (_what, measured) => {
    expect(of(measured)).toMatchObject({
      ...{ level: 'warn', measured: 601, limit: 600, priority: 'P3', cause: 'objective:money' },
      reason: 'data of overview (executive) takes 10 min to its readers, and 10 min were promised',
      detail: { waitingSeconds: 601, lastSeconds: null },
    })
  })

  test('is met by what waits no longer than promised, and by other domains’ delays', () => {
    expect(of({ waitingSince: ago(600) })).toMatchObject({ level: 'ok', measured: 600 })
    const other = { domain: 'risk', builds: [], unpublishedSince: ago(9_999), ...shown(1, 9_999) }
    const domains = [domain(shown(MINUTE, 300)), other]
    const detail = { waitingSeconds: null, lastSeconds: 300 }
    expect(of({ domains })).toMatchObject({ level: 'ok', measured: 300, detail })
  })

  test('holds the slowest of its domains’ editions against them, for a day', () => {
    const day = 24 * 3_600
    const domains = [domain(shown(day, 700)), domain(shown(MINUTE, 300))]
    expect(of({ domains })).toMatchObject({ level: 'warn', measured: 700, detail: { lastSeconds: 700 } })
    const older = [domain(shown(day + 1, 700)), domain(shown(MINUTE, 300))]
    expect(of({ domains: older })).toMatchObject({
      ...{ level: 'ok', measured: 300, detail: { lastSeconds: 700 } },
    })
  })

  test('goes with its lane where that is late', () => {
    const late = of({ waitingSince: ago(700) }, { lagSeconds: 60 })
    expect(late).toMatchObject({ level: 'warn', cause: 'late:money', priority: 'P2' })
  })
})

const tests = (error: [number, number], warn: [number, number] = [0, 0]) => ({
  ...{ error: { passed: error[0], failed: error[1] }, warn: { passed: warn[0], failed: warn[1] } },
})
const build = (set: object) =>
  ({ runId: 'r1', verdict: 'passed', failed: [], tests: tests([0, 0]), ...set }) as unknown as Quality

describe('checks', () => {
  const of = (...builds: Quality[]) => only('tests', { domains: [domain({ builds })] })[0]
  const failed = ['a', 'b', 'c', 'd'].map((name) => ({ test: name, model: `of_${name}`, severity: 'error' }))

  test('are unknown until a build has run some', () => {
    expect(of(build({}))).toMatchObject({
      ...{ id: 'tests:finance', subject: 'finance', lane: 'build:money', level: 'unknown', measured: null },
      ...{ reason: 'no build of finance has run checks yet', cause: 'tests:money:unknown', limit: 0 },
    })
  })

  test('that passed are counted, those of the last build that ran any', () => {
    const last = build({ tests: tests([2, 0], [1, 0]), verdict: 'tests_failed' })
    const found = of(build({}), last, build({ tests: tests([0, 9]) }))
    expect(found).toMatchObject({ level: 'ok', measured: 0, reason: 'all 3 checks passed' })
  })

  test('that only warn are a warning, and so is what a person let through', () => {
    const warned = of(build({ tests: tests([0, 0], [0, 2]), verdict: 'tests_failed', failed }))
    const reason = '2 of 2 checks failed in run r1: a on of_a, b on of_b, c on of_c'
    expect(warned).toMatchObject({ level: 'warn', measured: 2, reason, cause: 'tests:money:warn' })
    expect(of(build({ tests: tests([1, 1]) }))).toMatchObject({ level: 'warn' })
  })

  test('that hold a build back are an error', () => {
    const held = of(build({ tests: tests([1, 1]), verdict: 'tests_failed' }))
    expect(held).toMatchObject({ level: 'error', priority: 'P2', cause: 'tests:money:error' })
  })
})

describe('rows', () => {
  const with_ = (edition: string, rows: number, set: object = {}) =>
    build({ edition, datasets: [{ dataset: 'orders', version: 1, rows, ...set }] })
  const past = (length: number, rows: number, set: object = {}) =>
    Array.from({ length }, (_, place) => with_(`p${place}`, rows, set))
  const of = (...builds: Quality[]) =>
    only('rows', { domains: [domain({ builds, edition: { SK: 'EDITION#shown' } as never })] })

  test('of an edition that its history does not know are not judged', () => {
    expect(of(...past(9, 100))).toEqual([])
    expect(only('rows', { domains: [domain({ builds: past(9, 100) })] })).toEqual([])
    expect(of(build({ edition: 'shown' }), ...past(9, 100))).toEqual([])
  })

  test('of too short a past are unknown', () => {
    const reason = 'orders has 1,000 rows; 6 editions before are too few to judge'
    const found = { subject: 'finance/orders', level: 'unknown', measured: 1_000, limit: null, reason }
    expect(of(with_('shown', 1_000), ...past(6, 100))).toMatchObject([{ ...found, lane: 'build:money' }])
  })

  test('are judged by the bound that they come nearest to', () => {
    const against = (rows: number) => of(with_('shown', rows), ...past(7, 3_000))
    const reason = (rows: string) => `orders has ${rows} rows; from 2,249 to 4,001 are usual`
    expect(against(3_000)).toMatchObject([{ level: 'ok', limit: 4_001, reason: reason('3,000') }])
    expect(against(2_249)).toMatchObject([{ level: 'ok', limit: 4_001 }])
    expect(against(2_248)).toMatchObject([{ level: 'error', limit: 2_249, cause: 'rows:money' }])
    expect(against(4_002)).toMatchObject([{ level: 'error', limit: 4_001, priority: 'P2' }])
  })

  test('are compared with those of the same dataset and version, and of earlier builds', () => {
    const others = [...past(9, 100, { version: 2 }), ...past(9, 100, { dataset: 'returns' })]
    const later = past(9, 100)
    expect(of(...later, with_('shown', 1), ...others, build({ edition: 'none' }))).toMatchObject([
      { level: 'unknown', reason: expect.stringContaining('0 editions before') },
    ])
    expect(of(with_('shown', 100, { version: 2 }), ...others)).toMatchObject([
      { level: 'ok', subject: 'finance/orders@2' },
    ])
  })

  test('are compared with twenty editions at most', () => {
    // Ten of 100 and ten of 10,000 have a median between them; with more of either it would be theirs.
    const mixed = [...past(10, 100), ...past(10, 10_000), ...past(30, 10_000)]
    expect(of(with_('shown', 100), ...mixed)).toMatchObject([{ level: 'ok' }])
  })
})

import { describe, expect, test } from 'vitest'
import { arrivals, arrived, later } from '../../shared/arrivals.js'
import { buildStateKey } from '../../shared/build.js'
import { qualityKey, qualityWrites, scoreOf } from '../../shared/quality.js'
import type { Run } from '../../shared/run.js'
import { Chain } from '../fakes/chain.js'
import { buildPlan, buildReportOf } from '../fakes/work.js'

const tests = {
  error: { passed: 6, failed: 2 },
  warn: { passed: 1, failed: 1 },
}

/** A chain whose builds report these checks for finance, and fail where they are to fail. */
function chainOf(verdict: 'passed' | 'tests_failed'): Chain {
  const report = (plan: unknown) => {
    if ((plan as { kind: string }).kind !== 'build') return undefined
    const good = buildReportOf(buildPlan(plan))
    const scores = [{ domain: 'finance', tests }]
    const loaded = [{ source: 'lake', table: 'market_data', at: '2026-03-02T06:00:00+00:00' }]
    if (verdict === 'passed') return { ...good, scores, loaded }
    const failed_tests = [{ test: 'unique', model: 'daily_summary', failures: 3 }]
    return { ...good, verdict, scores, failed_tests, datasets: [], database: null }
  }
  return new Chain({ report })
}

async function built(verdict: 'passed' | 'tests_failed') {
  const chain = chainOf(verdict)
  await chain.record(chain.land('a.json'))
  await chain.rest()
  const [run] = chain.parts.ledger.all('RUN#').filter(({ kind }) => kind === 'build')
  return { chain, run, key: qualityKey('finance', `${run?.runId}-1`) }
}

describe('the quality of a build', () => {
  test('is the share of its checks that passed, of all and by severity', () => {
    expect(scoreOf(tests)).toEqual({ all: 0.7, error: 0.75, warn: 0.5 })
    const none = { passed: 0, failed: 0 }
    expect(scoreOf({ error: none, warn: none })).toEqual({ all: null, error: null, warn: null })
  })

  test('is kept with its rows when it passed, and its lane knows how new its sources were', async () => {
    const { chain, key } = await built('passed')
    expect(await chain.parts.ledger.get(key)).toMatchObject({
      ...{ verdict: 'passed', tests, score: { error: 0.75 }, failed: [] },
      datasets: [{ dataset: 'daily_summary', rows: 7 }],
      expiresAt: expect.any(Number),
    })
    const state = await chain.parts.ledger.get(buildStateKey('build:finance+risk'))
    expect(state?.loadedAt).toEqual({ 'lake.market_data': '2026-03-02T06:00:00+00:00' })
  })

  test('is kept of a build that its gate held back, too', async () => {
    const { chain, key, run } = await built('tests_failed')
    expect(run?.state).toBe('PARKED')
    expect(await chain.parts.ledger.get(key)).toMatchObject({
      ...{ verdict: 'tests_failed', score: { error: 0.75 } },
      failed: [{ test: 'unique', model: 'daily_summary', severity: 'error' }],
    })
  })
})

describe('what is kept of a build', () => {
  const run = { runId: 'r1', createdAt: '2026-03-02T07:00:00.500Z' } as Run
  const failedTest = (test: string) => ({ test, model: 'm', failures: 2 })
  const report = {
    ...{
      edition: 'r1-1',
      verdict: 'passed',
      scores: ['finance', 'risk'].map((domain) => ({ domain, tests })),
    },
    ...{ failed_tests: [failedTest('a')], waived_tests: [failedTest('b')], warned_tests: [failedTest('c')] },
    datasets: [{ domain: 'finance', dataset: 'orders', version: 2, rows: 7, location: 's3://x' }],
  }

  test('is an item of each domain, for 400 days, with the rows that it exported', () => {
    const kept = {
      ...{ runId: 'r1', edition: 'r1-1', begunAt: run.createdAt, verdict: 'passed', tests },
      score: { all: 0.7, error: 0.75, warn: 0.5 },
      failed: [
        { test: 'a', model: 'm', severity: 'error' },
        { test: 'b', model: 'm', severity: 'error' },
        { test: 'c', model: 'm', severity: 'warn' },
      ],
      expiresAt: Date.parse('2026-03-02T07:00:00Z') / 1_000 + 400 * 86_400,
    }
    const datasets = [{ dataset: 'orders', version: 2, rows: 7 }]
    expect(qualityWrites(run, report)).toEqual([
      { update: { PK: 'DOMAIN#finance', SK: 'QUALITY#r1-1' }, set: { ...kept, datasets } },
      { update: { PK: 'DOMAIN#risk', SK: 'QUALITY#r1-1' }, set: kept },
    ])
  })

  test('names twenty checks, those that hold a build back first, and nothing where none were scored', () => {
    const many = (name: string) => Array.from({ length: 15 }, (_, place) => failedTest(`${name}${place}`))
    const [write] = qualityWrites(run, {
      ...report,
      ...{ failed_tests: many('e'), waived_tests: undefined, warned_tests: many('w') },
    })
    const { failed } = (write as unknown as { set: { failed: { test: string; severity: string }[] } }).set
    expect([failed.length, failed[14]?.test, failed[15]]).toEqual([
      ...[20, 'e14', { test: 'w0', model: 'm', severity: 'warn' }],
    ])
    expect(qualityWrites(run, { ...report, scores: undefined })).toEqual([])
  })
})

describe('the arrival of what a run takes in', () => {
  const waits = (time: string, input = {}) => ({
    ...{ PK: 'LANE#x', SK: `WAIT#${String(Date.parse(time)).padStart(13, '0')}#FILE#a` },
    ...{ owner: 'FILE#a', input },
  })

  test('is when its oldest and its newest entry joined, or when the data behind them had landed', () => {
    const entries = [
      waits('2026-03-02T07:05:00.000Z'),
      waits('2026-03-02T07:06:00.000Z', {
        arrivedAt: '2026-03-02T06:00:00.000Z',
        newestAt: '2026-03-02T06:30:00.000Z',
      }),
    ]
    expect(arrivals(entries)).toEqual({
      arrivedAt: '2026-03-02T06:00:00.000Z',
      newestAt: '2026-03-02T07:05:00.000Z',
    })
    expect(arrivals([])).toEqual({})
  })

  test('is unknown of what says nothing readable, and known of what says one time only', () => {
    const { input: _, ...bare } = waits('2026-03-02T07:05:00.000Z')
    const joined = '2026-03-02T07:05:00.000Z'
    expect(arrivals([bare])).toEqual({ arrivedAt: joined, newestAt: joined })
    for (const SK of ['WAIT#1#FILE#a', 'x#WAIT#1772435100000#', 'WAIT#1772435100000x'])
      expect(arrivals([{ ...bare, SK }])).toEqual({})
    const older = { arrivedAt: '2026-03-02T06:00:00.000Z' }
    expect(arrivals([{ ...bare, SK: 'WAIT#1#a', input: older }])).toEqual(older)
    expect(arrivals([waits(joined, older)])).toEqual({ ...older, newestAt: joined })
  })

  test('is carried as far as it is known, and of two the later counts', () => {
    expect(arrived({ arrivedAt: undefined, newestAt: '' })).toEqual({})
    expect(arrived({ arrivedAt: 'a', newestAt: 'b' })).toEqual({ arrivedAt: 'a', newestAt: 'b' })
    expect([later('a', 'b'), later('b', 'a'), later('a', undefined), later(undefined, 'b')]).toEqual([
      ...['b', 'b', 'a', 'b'],
    ])
    expect(later(undefined, undefined)).toBeUndefined()
  })

  test('goes from the file to the edition', async () => {
    const { chain, run } = await built('passed')
    const landed = chain.parts.bronze.versions[0]?.landedAt
    const edition = await chain.parts.ledger.get({ PK: 'DOMAIN#finance', SK: `EDITION#${run?.runId}-1` })
    expect(edition).toMatchObject({ arrivedAt: landed, newestAt: landed })
    const head = await chain.parts.ledger.get({ PK: 'SILVER#market_data', SK: 'HEAD' })
    expect(head).toMatchObject({ newestAt: landed, rows: { in: 10, out: 10, duplicates: 0, rejected: 0 } })
  })
})

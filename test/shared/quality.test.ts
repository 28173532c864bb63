import { describe, expect, test } from 'vitest'
import { arrivals } from '../../shared/arrivals.js'
import { buildStateKey } from '../../shared/build.js'
import { qualityKey, scoreOf } from '../../shared/quality.js'
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

  test('goes from the file to the edition', async () => {
    const { chain, run } = await built('passed')
    const landed = chain.parts.bronze.versions[0]?.landedAt
    const edition = await chain.parts.ledger.get({ PK: 'DOMAIN#finance', SK: `EDITION#${run?.runId}-1` })
    expect(edition).toMatchObject({ arrivedAt: landed, newestAt: landed })
    const head = await chain.parts.ledger.get({ PK: 'SILVER#market_data', SK: 'HEAD' })
    expect(head).toMatchObject({ newestAt: landed, rows: { in: 10, out: 10, duplicates: 0, rejected: 0 } })
  })
})

import { expect, test } from 'vitest'
import { main } from '../../cli/main.js'
import { terminal } from './answering.js'

const at = terminal()

test('health says what is bad in sentences, and then all in a table', async () => {
  const source = { kind: 'source', subject: 'lake.prices', level: 'error', measured: 90_000, limit: 86_400 }
  const findings = [
    { ...source, unit: 'seconds', reason: 'it is 1,530 min old; 1,440 min are allowed', since: 'T1' },
    {
      kind: 'rows',
      subject: 'finance/daily',
      level: 'ok',
      measured: 1_200,
      limit: 1_600,
      unit: 'rows',
      reason: '',
    },
    { kind: 'lag', subject: 'finance', level: 'ok', measured: 30, limit: null, unit: 'seconds', reason: '' },
  ]
  at.answer.body = { at: 'T2', healthy: false, degraded: 1, findings }
  expect(await main(['health'])).toBe(0)
  expect(at.asked[0]?.path).toBe('/health')
  for (const words of [
    /1 finding degraded\n {2}error: it is 1 d 2 h old; 1 d are allowed, since T1\n/,
    /source +lake\.prices +error +1 d 1 h +1 d\n/,
    /rows +finance\/daily +ok +1,200 +1,600/,
    /lag +finance +ok +30 s +-/,
  ])
    expect(at.out).toMatch(words)
})

test.each([
  [['ok', 'ok'], '  all is well\n'],
  [
    ['ok', 'unknown'],
    '  all that could be measured is well; 1 of 2 findings is unknown: nothing has come there yet',
  ],
  [['unknown', 'unknown'], '  2 of 2 findings are unknown: nothing has come there yet'],
])('health of %j says well only what was measured', async (levels, words) => {
  const findings = levels.map((level) => ({
    kind: 'lag',
    subject: 's',
    level,
    measured: null,
    limit: null,
    unit: '',
  }))
  at.answer.body = { at: 'T2', healthy: true, degraded: 0, findings }
  await main(['health'])
  expect(at.out.startsWith(words)).toBe(true)
})

test('quality shows each build with its score, and each entity with what is processed', async () => {
  const tally = { passed: 9, failed: 1 }
  const build = {
    ...{ runId: 'r1', begunAt: 'T1', verdict: 'passed', score: { all: 0.95, error: 1, warn: null } },
    ...{ tests: { error: { passed: 9, failed: 0 }, warn: tally }, failed: [{ test: 'unique' }] },
    datasets: [{ dataset: 'daily', version: 1, rows: 1_200, anomalous: true }],
  }
  const rows = { in: 100, out: 90, duplicates: 5, rejected: 5, share: 0.947 }
  const entities = [{ entity: 'prices', runs: { expected: 3, processed: 2, held: 1 }, rows }]
  at.answer.body = {
    domain: 'finance',
    builds: [build],
    completeness: { complete: false, entities },
    next: 'm',
  }
  expect(await main(['quality', 'finance', '--limit', '5'])).toBe(0)
  expect(at.asked[0]?.path).toBe('/quality/finance?limit=5')
  for (const words of [
    /T1 +passed +95\.0 % +100\.0 % +- +0 +1 +1,200 +daily: unusual rows, unique +r1/,
    /prices +3 +2 +1 +100 +90 +5 +5 +94\.7 %/,
    /more: --next m/,
  ])
    expect(at.out).toMatch(words)
  await main(['quality', 'finance', '--json'])
  expect(at.out).toContain('"domain": "finance"')
})

import { expect, test } from 'vitest'
import { type Look, news } from '../../../tools/start/later.js'

const run = (runId: string, state: string) => ({
  ...{ runId, state, kind: 'cleanse' as const, subject: 'prices', attempt: 1 },
  ...{ createdAt: '2026-03-02T07:00:00.000Z', seconds: 1, reason: '2 of 3 rows rejected' },
})
const incident = (incidentId: string, state: string) => ({ incidentId, state, priority: 'P3', title: 'held' })
const before: Look = {
  domains: [
    { domain: 'finance', edition: 'e1' },
    { domain: 'risk', edition: null },
    { domain: 'shop', edition: 'e4' },
  ],
  runs: [run('r1', 'PARKED'), run('r2', 'RUNNING')],
  incidents: [incident('i1', 'open'), incident('i2', 'open')],
}

test('what has not changed is no news', () => {
  expect(news(before, before, 9)).toEqual([])
})

test('a publication, a rollback, a failure and an incident are a line each', () => {
  const rollback = { from: 'e4', by: 'ada', why: 'it is\nwrong' }
  const now: Look = {
    domains: [
      { domain: 'finance', edition: 'e2' },
      { domain: 'risk', edition: null },
      { domain: 'shop', edition: 'e3', rollback },
    ],
    runs: [run('r3', 'COMMITTED'), run('r2', 'PARKED'), run('r1', 'PARKED')],
    incidents: [incident('i3', 'open'), incident('i2', 'closed'), incident('i1', 'open')],
  }
  expect(news(before, now, 61.24)).toEqual([
    '   61.2 s  cleanse   prices          parked      2 of 3 rows rejected  npx sluice show r2',
    '   61.2 s  incident  P3              closed      held  npx sluice why i2',
    '   61.2 s  incident  P3              opened      held  npx sluice why i3',
    '   61.2 s  gold      finance         published   edition e2',
    '   61.2 s  gold      shop            back to     e3, by ada: it is wrong',
  ])
})

import { expect, test } from 'vitest'
import { dashboardKey, dashboardsOf, declaredAs, etagOf, warmedKey } from '../../shared/dashboards.js'
import type { Dashboard } from '../../shared/declared.js'
import { testProject } from '../fakes/project.js'

const overview: Dashboard = {
  ...{ dashboard: 'overview', label: 'Overview', domain: 'finance' },
  reads: [{ dataset: 'daily_summary', order: 'summary_date', limit: 20 }],
}
const others: Dashboard[] = [
  { ...overview, dashboard: 'other' },
  { ...overview, label: 'Other' },
  { ...overview, domain: 'risk' },
  { ...overview, reads: [] },
]

test('a dashboard of an edition is known by all that is declared of it, and by nothing else', () => {
  const key = dashboardKey(overview, 'e1')
  expect(key).toMatch(/^dashboards\/domain=finance\/edition=e1\/overview-[0-9a-f]{8}\.json$/)
  const digest = key.slice(-13, -5)
  expect(etagOf(overview, 'e1')).toBe(`"e1-${digest}"`)
  expect(dashboardKey({ ...overview, note: 'x' } as Dashboard, 'e1')).toBe(key)
  const tags = [overview, ...others].map((one) => etagOf(one, 'e1'))
  expect(new Set(tags).size).toBe(5)
  const all = [[overview], [overview, overview], ...others.map((one) => [one])].map(declaredAs)
  expect(new Set(all).size).toBe(6)
})

test('the dashboards of a project are those of all its lanes', () => {
  const [lane] = testProject.lanes
  if (!lane) throw new Error('no lane')
  const lanes = [{ ...lane, dashboards: [overview] }, lane, { ...lane, dashboards: others }]
  expect(dashboardsOf({ lanes })).toEqual([overview, ...others])
  expect(warmedKey('finance', 'e1')).toEqual({ PK: 'DOMAIN#finance', SK: 'WARMED#e1' })
})

import { expect, test } from 'vitest'
import type { Health, Quality } from '../../cli/health.js'
import type { DashboardRows } from '../../shared/dashboards.js'
import { sluice } from './gate.case.js'
import { invoke, ledgerItem, setItem } from './operator.js'
import { until } from './poll.js'
import type { World } from './world.js'

const SECONDS_MAX = 60
const LONG_AGO = '2026-01-01T00:00:00.000Z'

/** How the data is, measured and told, and what dashboards read of it. */
export function healthCase(world: () => World): void {
  const dashboard = (headers: Record<string, string> = {}) =>
    fetch(`${process.env.SLUICE_API_URL}/dashboards/portfolio_overview`, {
      headers: { authorization: `Bearer ${process.env.SLUICE_API_TOKEN}`, ...headers },
    })

  test('what a dashboard reads is precomputed when gold is published, and equals gold', async () => {
    const warm = async () => {
      const answer = await dashboard()
      return answer.headers.get('x-cache') === 'hit' && answer
    }
    const answer = await until('the dashboard is precomputed', warm, { seconds: SECONDS_MAX })
    const { edition, reads } = (await answer.json()) as DashboardRows
    expect(edition).toBe((await world().chain.editions()).finance)
    const gold = await world().chain.gold('finance', 'daily_portfolio_summary', {
      order: '-summary_date,account_id',
    })
    expect(reads[0]?.rows).toEqual(gold.slice(0, 500))
    const again = await dashboard({ 'if-none-match': String(answer.headers.get('etag')) })
    expect([again.status, await again.text()]).toEqual([304, ''])
  })

  test('each build has a score, and all that came is processed', async () => {
    const { builds, completeness } = JSON.parse(await sluice('quality', 'finance', '--json')) as Quality
    expect(builds[0]).toMatchObject({ verdict: 'passed', score: { error: 1 } })
    expect(builds[0]?.tests.error.passed).toBeGreaterThan(10)
    expect(completeness.complete).toBe(true)
    for (const { rows } of completeness.entities)
      expect(rows.out + rows.duplicates + rows.rejected).toBe(rows.in)
  })

  test('a source that stays away opens an incident, which closes when it has come', async () => {
    const look = () =>
      invoke('check-health', {
        ...{ id: `look-${performance.now()}`, time: new Date().toISOString(), source: 'aws.events' },
        ...{ 'detail-type': 'Scheduled Event', detail: {} },
      })
    const incident = async (state: string) => {
      const told = await sluice('incidents', '--state', state)
      return told.includes('lake.transactions is stale') && told
    }
    const head = await ledgerItem('SILVER#transactions', 'HEAD')
    await setItem('SILVER#transactions', 'HEAD', 'newestAt', LONG_AGO)
    await look()
    expect(await until('people are told', () => incident('open'), { seconds: SECONDS_MAX })).toContain('P3')
    const { findings } = JSON.parse(await sluice('health', '--json')) as Health
    expect(findings[0]).toMatchObject({ kind: 'source', subject: 'lake.transactions', level: 'warn' })
    await setItem('SILVER#transactions', 'HEAD', 'newestAt', String(head?.newestAt))
    await look()
    await until('people are told of its end', () => incident('closed'), { seconds: SECONDS_MAX })
  })
}

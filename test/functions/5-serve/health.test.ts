import { beforeEach, describe, expect, test } from 'vitest'
import type { ApiEffects } from '../../../functions/5-serve/api/api.js'
import { checkHealth } from '../../../functions/operate/check-health/check-health.js'
import * as shapes from '../../../tools/openapi/answers.js'
import { Chain } from '../../fakes/chain.js'
import { testProject } from '../../fakes/project.js'
import { buildPlan, buildReportOf } from '../../fakes/work.js'
import { apiOn, ask } from './asking.js'

const tests = { error: { passed: 9, failed: 0 }, warn: { passed: 0, failed: 1 } }
const freshness = [
  { source: 'lake', table: 'market_data', warnSeconds: 3_600, errorSeconds: null, page: false },
]
const project = {
  ...testProject,
  lanes: testProject.lanes.map((lane) => ({ ...lane, freshness, lagSeconds: 600 })),
}

let chain: Chain
beforeEach(() => {
  const report = (plan: unknown) => {
    if ((plan as { kind: string }).kind !== 'build') return undefined
    const warned_tests = [{ test: 'not_null', model: 'daily_summary', failures: 1 }]
    return { ...buildReportOf(buildPlan(plan)), scores: [{ domain: 'finance', tests }], warned_tests }
  }
  chain = new Chain({ report, rejected: () => 0 })
})
const get = (path: string) => ask({ ...apiOn(chain.parts), project } as ApiEffects, path)
const land = async (file: string) => {
  await chain.record(chain.land(file))
  await chain.drain()
}

describe('the health', () => {
  test('is measured as it is asked, the worst first, with the time at which the stage saw it', async () => {
    await land('a.json')
    chain.parts.clock.advance(3_601)
    const { body } = await get('/health')
    expect(shapes.health.parse(body)).toMatchObject({
      ...{ healthy: false, degraded: 2 },
      findings: [
        { kind: 'source', subject: 'lake.market_data', level: 'warn', measured: 3_601, limit: 3_600 },
        { kind: 'tests', subject: 'finance', level: 'warn', measured: 1, unit: 'tests', priority: 'P3' },
        { kind: 'lag', subject: 'finance+risk', level: 'ok', measured: 0 },
        { kind: 'tests', subject: 'risk', level: 'unknown' },
        { kind: 'rows', subject: 'finance/daily_summary', level: 'unknown', measured: 7, unit: 'rows' },
      ],
    })
    const { ledger, clock, bus } = chain.parts
    await checkHealth({ ledger, clock, project, publish: bus.publish })
    const since = new Date(clock.now()).toISOString()
    expect((await get('/health')).body.findings[0].since).toBe(since)
  })
})

describe('the quality of a domain', () => {
  test('is a score for each build, newest first, with rows against those before', async () => {
    for (let place = 0; place < 9; place += 1) await land(`${place}.json`)
    const { body } = await get('/quality/finance?limit=2')
    const { builds, next } = shapes.quality.parse(body)
    expect(builds).toHaveLength(2)
    expect(builds[0]).toMatchObject({
      ...{ verdict: 'passed', score: { all: 0.9, error: 1, warn: 0 } },
      failed: [{ test: 'not_null', model: 'daily_summary', severity: 'warn' }],
      datasets: [{ dataset: 'daily_summary', rows: 7, anomalous: false, usual: { from: 5, to: 10 } }],
      artifacts: `runs/${builds[0]?.runId}/attempt=1/`,
    })
    const second = await get(`/quality/finance?limit=200&next=${next}`)
    expect(second.body.builds).toHaveLength(7)
    expect(second.body.builds.at(-1).datasets[0]).toMatchObject({ anomalous: null, usual: null })
  })

  test('says what is processed of what is expected', async () => {
    await land('a.json')
    const whole = (await get('/quality/finance')).body.completeness
    expect(whole).toMatchObject({
      complete: true,
      entities: [
        { entity: 'market_data', runs: { expected: 1, processed: 1, held: 0 }, rows: { in: 10, share: 1 } },
        { entity: 'transactions', runs: { expected: 0 }, rows: { share: null } },
      ],
    })
    chain = new Chain({ rejected: () => 9 })
    await land('bad.json')
    const { complete, entities } = (await get('/quality/finance')).body.completeness
    expect([complete, entities[0].runs]).toEqual([false, { expected: 0, processed: 0, held: 1 }])
  })

  test('of a domain that nobody knows is none', async () => {
    expect((await get('/quality/nothing')).status).toBe(404)
  })
})

import { beforeEach, describe, expect, test } from 'vitest'
import { checkHealth } from '../../../functions/operate/check-health/check-health.js'
import { alerted } from '../../../functions/operate/raise-alert/raise-alert.js'
import type { Declared } from '../../../shared/declared.js'
import { type HealthState, healthKey } from '../../../shared/health/finding.js'
import { qualityKey } from '../../../shared/quality.js'
import { Chain } from '../../fakes/chain.js'
import { incidents } from '../../fakes/failed-runs.js'
import { testProject } from '../../fakes/project.js'
import { buildPlan, buildReportOf } from '../../fakes/work.js'

const HOUR = 3_600
const project: Declared = {
  ...testProject,
  lanes: testProject.lanes.map((lane) => ({
    ...lane,
    lagSeconds: HOUR,
    freshness: [
      {
        ...{ source: 'lake', table: 'transactions', page: false },
        ...{ warnSeconds: 6 * HOUR, errorSeconds: 12 * HOUR },
      },
      { source: 'raw', table: 'ads', warnSeconds: 2 * HOUR, errorSeconds: null, page: true },
    ],
    objectives: [{ name: 'overview', class: 'executive', domains: ['finance'], seconds: 4 * HOUR }],
  })),
}
const clean = { error: { passed: 9, failed: 0 }, warn: { passed: 1, failed: 0 } }

let chain: Chain
let report: Record<string, unknown>
beforeEach(() => {
  report = { scores: [{ domain: 'finance', tests: clean }] }
  const changed = (plan: unknown) =>
    (plan as { kind: string }).kind === 'build' ? { ...buildReportOf(buildPlan(plan)), ...report } : undefined
  chain = new Chain({ report: changed })
})

const check = async () => {
  const { ledger, clock, bus } = chain.parts
  const did = await checkHealth({ ledger, clock, project, publish: bus.publish })
  await chain.drain()
  return did
}
const stateOf = async (finding: string) =>
  (await chain.parts.ledger.get(healthKey(finding))) as HealthState | undefined
const told = (name: 'Health Degraded' | 'Health Recovered') => chain.parts.bus.details(name).length
const land = async (source: string) => {
  await chain.record(chain.land(`${chain.parts.clock.now()}.json`, { source }))
  await chain.drain()
}
const later = (seconds: number) => chain.parts.clock.advance(seconds)

describe('a source', () => {
  test('of which nothing ever came is not stale', async () => {
    later(1_000 * HOUR)
    expect(await check()).toBe('6 looked at, 0 degraded; told of 0, and of 0 recovered')
    expect(chain.parts.ledger.all('HEALTH')).toEqual([])
  })

  test('that stays away is told of at its warning and at its error, each once, and closed when it comes', async () => {
    await land('trades')
    later(6 * HOUR)
    await check()
    expect(incidents(chain.parts)).toEqual([])
    later(1)
    await check()
    await check()
    expect(incidents(chain.parts)).toMatchObject([
      { cause: 'stale:trades:warn', priority: 'P3', state: 'open' },
    ])
    later(6 * HOUR)
    await check()
    await check()
    expect(incidents(chain.parts)).toMatchObject([
      { cause: 'stale:trades:warn', state: 'closed' },
      { cause: 'stale:trades:error', priority: 'P2', state: 'open' },
    ])
    await land('trades')
    await check()
    expect(incidents(chain.parts).map(({ state }) => state)).toEqual(['closed', 'closed'])
    expect([told('Health Degraded'), told('Health Recovered')]).toEqual([2, 2])
    expect(await stateOf('source:lake.transactions')).toMatchObject({
      ...{ state: 'ok', expiresAt: expect.any(Number) },
    })
    expect(chain.parts.told).toHaveLength(4)
  })

  test('of a warehouse is as new as dbt found it, and may page at its warning', async () => {
    const at = new Date(chain.parts.clock.now()).toISOString()
    report.loaded = [{ source: 'raw', table: 'ads', at }]
    await land('trades')
    later(2 * HOUR + 1)
    await check()
    expect(incidents(chain.parts)).toMatchObject([{ cause: 'stale:raw.ads:warn', priority: 'P2' }])
  })
})

describe('a build that does not come', () => {
  const stuck = async () => {
    await chain.record(chain.land('a.json', { source: 'trades' }))
    const isBuilding = () => chain.parts.tasks.running().some(({ request }) => request.container === 'dbt')
    for (let step = 0; step < 50 && !isBuilding(); step += 1) {
      const event = chain.parts.bus.take()
      if (event) await chain.deliver(event)
      else await chain.endOneJob()
    }
  }

  test('makes its lane late, and then what was promised of it, in one incident', async () => {
    await stuck()
    later(HOUR + 1)
    const { ledger, clock, bus } = chain.parts
    await checkHealth({ ledger, clock, project, publish: bus.publish })
    expect(chain.parts.bus.details('Health Degraded')).toMatchObject([
      { finding: 'lag:finance+risk', cause: 'late:finance+risk', priority: 'P2', level: 'error' },
    ])
    await chain.deliverNext()
    later(3 * HOUR)
    await checkHealth({ ledger, clock, project, publish: bus.publish })
    expect((await stateOf('objective:overview'))?.cause).toBe('late:finance+risk')
    expect(incidents(chain.parts)).toHaveLength(1)
    await chain.drain()
    later(1)
    await check()
    // The lane has caught up; that readers waited for more than four hours stays told for a day.
    expect(incidents(chain.parts)).toMatchObject([
      { cause: 'late:finance+risk', state: 'closed' },
      { cause: 'objective:finance+risk', priority: 'P3', state: 'open' },
    ])
    later(24 * HOUR)
    report.scores = []
    await check()
    expect(incidents(chain.parts).filter(({ cause }) => cause.startsWith('objective'))).toMatchObject([
      { state: 'closed' },
    ])
  })
})

describe('checks and rows', () => {
  test('that a gate holds back are told of with the gate’s incident only', async () => {
    const tests = { ...clean, error: { passed: 8, failed: 1 } }
    const failed_tests = [{ test: 'unique', model: 'daily_summary', failures: 3 }]
    const held = { verdict: 'tests_failed', failed_tests, datasets: [], database: null }
    Object.assign(report, held, { scores: [{ domain: 'finance', tests }] })
    await land('trades')
    await check()
    const [gate, health] = incidents(chain.parts)
    expect(gate).toMatchObject({ cause: 'build:finance+risk:gate', state: 'open' })
    expect(health).toMatchObject({ cause: 'tests:finance+risk:error', under: gate?.incidentId })
    expect(health?.reason).toContain('1 of 10 checks failed')
    expect(chain.parts.told).toHaveLength(1)
  })

  test('are told of as a warning when they do not hold anything back', async () => {
    report.scores = [{ domain: 'finance', tests: { ...clean, warn: { passed: 0, failed: 1 } } }]
    await land('trades')
    await check()
    const told = { cause: 'tests:finance+risk:warn', priority: 'P3', state: 'open' }
    expect(incidents(chain.parts)).toMatchObject([told])
    const none = { passed: 0, failed: 0 }
    report.scores = [{ domain: 'finance', tests: { error: none, warn: none } }]
    await land('trades')
    await check()
    // A build that ran no check does not make them good.
    expect(incidents(chain.parts)).toMatchObject([told])
  })

  const past = async (...rows: number[]) => {
    for (const [place, count] of rows.entries()) {
      const edition = `a${String(place).padStart(25, '0')}-1`
      const datasets = [{ dataset: 'daily_summary', version: 1, rows: count }]
      const kept = { runId: edition.slice(0, -2), edition, tests: clean, failed: [], datasets }
      await chain.parts.ledger.write({ put: { ...qualityKey('finance', edition), ...kept } })
    }
  }

  test('that are far from what is usual are told of until an edition is as it should be', async () => {
    await past(...Array.from({ length: 9 }, () => 7_000))
    await land('trades')
    await check()
    expect(incidents(chain.parts)).toMatchObject([
      { cause: 'rows:finance+risk', reason: expect.stringContaining('daily_summary has 7 rows; from') },
    ])
    const datasets = buildReportOf({
      run_id: '',
      attempt: 1,
      edition: '',
      database_out: '',
      silver: {},
    }).datasets
    report.datasets = datasets.map((one) => ({ ...one, rows: 7_100 }))
    await land('trades')
    await check()
    expect(incidents(chain.parts)).toMatchObject([{ state: 'closed' }])
  })

  test('are not judged by editions that came later than the one that is shown', async () => {
    await land('trades')
    const [shown] = chain.parts.ledger.all('DOMAIN#finance').filter(({ SK }) => SK.startsWith('QUALITY#'))
    for (let place = 0; place < 9; place += 1) {
      const edition = `z${place}-1`
      const item = { ...shown, ...qualityKey('finance', edition), edition }
      await chain.parts.ledger.write({
        put: { ...item, datasets: [{ dataset: 'daily_summary', version: 1, rows: 9e6 }] },
      })
    }
    await check()
    expect(incidents(chain.parts)).toEqual([])
  })
})

describe('a check', () => {
  const stale = async () => {
    await land('trades')
    later(7 * HOUR)
  }
  const effects = () => {
    const { ledger, clock, bus } = chain.parts
    return { ledger, clock, project, publish: bus.publish }
  }

  test('that died before it told is made good by the next one', async () => {
    await stale()
    const dying = { ...effects(), publish: () => Promise.reject(new Error('the bus is away')) }
    await expect(checkHealth(dying)).rejects.toThrow('the bus is away')
    expect((await stateOf('source:lake.transactions'))?.state).toBe('degraded')
    await check()
    expect(incidents(chain.parts)).toMatchObject([{ cause: 'stale:trades:warn', state: 'open' }])
  })

  test('that two make at once tells once', async () => {
    await stale()
    await Promise.all([checkHealth(effects()), checkHealth(effects())])
    expect(told('Health Degraded')).toBe(1)
  })

  test('is believed before an event that comes late: what has recovered opens nothing', async () => {
    await stale()
    await checkHealth(effects())
    const event = chain.parts.bus.take()
    await land('trades')
    await check()
    if (event) await alerted(chain.parts.alert, { 'detail-type': event.name, detail: event.detail } as never)
    expect(incidents(chain.parts)).toEqual([])
  })

  test('whose recovery is lost is closed by the look at all open incidents', async () => {
    await stale()
    await check()
    await land('trades')
    await checkHealth({ ...effects(), publish: async () => undefined })
    expect(incidents(chain.parts)).toMatchObject([{ state: 'open' }])
    await alerted(chain.parts.alert, { 'detail-type': 'Scheduled Event' })
    expect(incidents(chain.parts)).toMatchObject([{ state: 'closed' }])
  })

  test('drops what nobody declares any more', async () => {
    await stale()
    await check()
    await checkHealth({ ...effects(), project: { ...project, lanes: [] } })
    await chain.drain()
    expect(incidents(chain.parts)).toMatchObject([{ state: 'closed' }])
  })

  test('reads as much of a long past as of a short one', async () => {
    const reads = async () => {
      const { ledger } = chain.parts
      const count = { calls: 0, items: 0 }
      const counting = {
        write: ledger.write.bind(ledger),
        get: async (key: never) => {
          count.calls += 1
          return ledger.get(key)
        },
        query: async (pk: string, query: never) => {
          const page = await ledger.query(pk, query)
          count.calls += 1
          count.items += page.items.length
          return page
        },
      }
      await checkHealth({ ...effects(), ledger: counting as never })
      return count
    }
    for (let place = 0; place < 25; place += 1) await land('trades')
    const before = await reads()
    for (let place = 0; place < 30; place += 1) await land('trades')
    expect(await reads()).toEqual(before)
  })
})

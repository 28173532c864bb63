import { describe, expect, test } from 'vitest'
import { chooseEngine } from '../../shared/engines.js'
import { Chain } from '../fakes/chain.js'

describe('the engine of a batch', () => {
  const settings = (engine: 'auto' | 'duckdb' | 'spark') => ({ engine, sparkFromBytes: 1_000 })
  test.each([
    ['auto', 'auto', 999, 'duckdb'],
    ['auto', 'auto', 1_000, 'spark'],
    ['auto', 'spark', 1, 'spark'],
    ['auto', 'duckdb', 5_000, 'duckdb'],
    ['spark', 'duckdb', 1, 'spark'],
    ['duckdb', 'spark', 5_000, 'duckdb'],
  ] as const)('stage %s, contract %s, %i bytes: %s', (stage, contract, bytes, engine) => {
    expect(chooseEngine(settings(stage), contract, bytes)).toBe(engine)
  })

  test('follows from the size of the whole batch, not of one file', async () => {
    const chain = new Chain()
    const files = ['a', 'b'].map((name) => chain.land(`${name}.json`, { bytes: 600_000 }))
    await chain.record(...files)
    await chain.deliverNext()
    expect(chain.parts.jobs.runs).toHaveLength(1)
    expect(chain.parts.tasks.tasks).toEqual([])
  })
})

describe('the plan of a cleanse', () => {
  test('tells the job everything, and the container three variables', async () => {
    const chain = new Chain()
    await chain.record(chain.land('a b+c.json'))
    await chain.deliverNext()
    const { runId = '', correlationId } = chain.parts.bus.details('Batch Ready')[0] ?? {}
    const uri = `s3://artifacts/runs/${runId}/attempt=1/plan.json`
    expect(chain.parts.artifacts.at(uri)).toEqual({
      version: 1,
      kind: 'cleanse',
      run_id: runId,
      attempt: 1,
      correlation_id: correlationId,
      entity: 'market_data',
      engine: 'duckdb',
      inputs: [
        {
          bucket: 'bronze',
          key: 'source=prices/year=2026/month=03/day=02/hour=07/run_id=x/a b+c.json',
          version_id: 'v1',
          bytes: 100,
          landed_at: '2026-03-02T07:00:00.000Z',
          source: 'prices',
        },
      ],
      silver_bucket: 'silver',
      quarantine_bucket: 'quarantine',
      artifacts_bucket: 'artifacts',
      pending_prefix: `_pending/run=${runId}/attempt=1/`,
      quarantine_prefix_tail: `run=${runId}/attempt=1/`,
      stage: 'dev',
      report_uri: `s3://artifacts/runs/${runId}/attempt=1/report.json`,
      contract_version: '1.0.0',
    })
    const [request] = chain.parts.tasks.requests
    expect(request?.environment).toEqual({ RUN_ID: runId, PLAN_URI: uri, CORRELATION_ID: correlationId })
    expect(request?.clientToken).toMatch(/^[\x21-\x7e]{1,64}$/)
    expect(request?.startedBy).toMatch(/^[\w/-]{1,128}$/)
  })

  test('of a further attempt writes to a place of its own', async () => {
    const chain = new Chain({
      job: (_, attempt) =>
        attempt > 1 ? { ok: true } : { ok: false, reason: 'exit code 1', failureClass: 'crashed' },
    })
    await chain.record(chain.land('a.json'))
    await chain.rest()
    const plans = chain.parts.artifacts.keys('runs/').filter((key) => key.endsWith('plan.json'))
    const prefixes = plans.map(
      (key) => (chain.parts.artifacts.objects.get(key) as { pending_prefix: string }).pending_prefix,
    )
    expect(new Set(prefixes.filter(Boolean)).size).toBe(2)
  })
})

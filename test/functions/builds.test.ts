import { describe, expect, test } from 'vitest'
import { planBuild } from '../../functions/3-transform/plan-build/plan-build.js'
import { type BuildReport, buildReport } from '../../shared/build-report.js'
import { claim } from '../../shared/claim.js'
import { join, NEW_LANE_SECONDS, registerLane } from '../../shared/lane.js'
import type { Run } from '../../shared/run.js'
import { Chain } from '../fakes/chain.js'
import { buildPlan, buildReportOf } from '../fakes/work.js'

const LANE = 'build:finance+risk'
const SILVER = { runId: 's1', entity: 'market_data', rows: { in: 1, out: 1, duplicates: 0, rejected: 0 } }
const runs = (chain: Chain) =>
  chain.parts.ledger.all('RUN#').filter(({ SK, kind }) => SK === 'META' && kind === 'build') as Run[]
const plansOf = (chain: Chain) =>
  chain.parts.artifacts
    .keys('runs/')
    .filter((key) => key.endsWith('plan.json'))
    .map((key) => chain.parts.artifacts.objects.get(key))
    .filter((plan) => (plan as { kind: string }).kind === 'build') as Record<string, unknown>[]

describe('planning a build', () => {
  test('lets new silver join the lane of the domains that read it, as a selector', async () => {
    const chain = new Chain()
    const did = await planBuild(chain.parts.landing, SILVER)
    expect(did).toMatch(/^build \w{26} takes source:lake.market_data\+$/)
    expect(chain.parts.bus.details('Build Ready')).toHaveLength(1)
  })

  test('hears one silver run once, however often it is told', async () => {
    const chain = new Chain()
    await planBuild(chain.parts.landing, SILVER)
    await planBuild(chain.parts.landing, SILVER)
    expect(chain.parts.ledger.all('ENTRY#')).toHaveLength(1)
    expect(runs(chain)).toHaveLength(1)
  })

  test('says that a selector waits while a build is under way', async () => {
    const chain = new Chain()
    await planBuild(chain.parts.landing, SILVER)
    const did = await planBuild(chain.parts.landing, { ...SILVER, runId: 's2' })
    expect(did).toBe('source:lake.market_data+ waits for the build under way')
  })

  test('ends where no model reads the entity', async () => {
    const chain = new Chain()
    expect(await planBuild(chain.parts.landing, { ...SILVER, entity: 'notes' })).toBe(
      'no dbt model reads notes',
    )
    expect(chain.parts.ledger.all()).toEqual([])
  })
})

describe('starting a build', () => {
  test('merges the selectors that waited, and lists each silver run once, with its files', async () => {
    const chain = new Chain()
    await chain.record(chain.land('a.json'), chain.land('t.csv', { source: 'trades' }))
    await chain.rest()
    const plans = plansOf(chain)
    expect(plans[0]).toMatchObject({ database: null, mode: 'standard', lane: 'finance+risk' })
    for (const plan of plans)
      expect(Object.keys(buildPlan(plan).silver)).toEqual(['market_data', 'transactions'])
    const files = plans.flatMap((plan) =>
      Object.values(buildPlan(plan).silver).flatMap((list) => list.flatMap((run) => run.files)),
    )
    expect(files.sort()).toEqual(chain.parts.silver.keys('entity=').map((key) => `s3://silver/${key}`))
  })

  test('starts from the state that the last good build left', async () => {
    const chain = new Chain()
    await chain.record(chain.land('a.json'))
    await chain.rest()
    await chain.record(chain.land('b.json'))
    await chain.rest()
    const [first, second] = plansOf(chain)
    expect(second).toMatchObject({ database: { uri: first?.database_out } })
    expect(second?.database_out).not.toBe(first?.database_out)
  })

  test('starts no container when nothing is new since the last good build, and frees the lane', async () => {
    const chain = new Chain()
    await chain.record(chain.land('a.json'))
    await chain.rest()
    const started = chain.parts.tasks.tasks.length
    await join(chain.parts.world, LANE, {
      owner: { PK: `ENTRY#${LANE}#again`, SK: 'META' },
      input: { selector: 'source:lake.market_data+' },
      bytes: 0,
    })
    await claim(chain.parts.world, LANE)
    await chain.rest()
    expect(chain.parts.tasks.tasks).toHaveLength(started)
    const last = runs(chain).at(-1)
    expect(last).toMatchObject({
      state: 'COMMITTED',
      unchanged: 'nothing new since the last good build',
      attempt: 0,
    })
    expect(last?.duePk).toBeUndefined()
    expect(chain.parts.bus.details('Gold Built')).toHaveLength(1)
    expect(chain.parts.ledger.all(`LANE#${LANE}`).find(({ SK }) => SK === 'HOLD')?.holder).toBeUndefined()
  })

  test('builds again after a build that failed, though no silver came meanwhile', async () => {
    let fails = true
    const chain = new Chain({
      job: (_, __, kind) =>
        kind === 'build' && fails
          ? { ok: false, reason: 'exit code 3', failureClass: 'crashed' as const }
          : { ok: true },
    })
    await chain.record(chain.land('a.json'))
    await chain.rest()
    fails = false
    await chain.record(chain.land('b.json'))
    await chain.rest()
    expect(runs(chain).map(({ state }) => state)).toEqual(['PARKED', 'COMMITTED'])
    const { silver } = buildPlan(plansOf(chain).at(-1))
    expect(silver.market_data).toHaveLength(2)
  })

  test('refuses a lane of whose domains this deployment’s graph has none', async () => {
    const { starts, clock } = new Chain().parts
    const gone = { runId: clock.newId(), subject: 'old+lane', lane: 'build:old+lane' } as Run
    await expect(starts.build.prepare(gone, 1)).rejects.toThrow('no dbt lane "old+lane"')
  })

  test('of a lane that a deployment renamed hands its work to the lane that has the domains now', async () => {
    const chain = new Chain()
    const { world, ledger, clock } = chain.parts
    await registerLane(world, 'build:risk')
    await join(world, 'build:risk', {
      owner: { PK: 'ENTRY#build:risk#silver:s1', SK: 'META' },
      input: { selector: 'source:lake.market_data+', entity: 'market_data' },
      bytes: 0,
    })
    await claim(world, 'build:risk')
    clock.advance(NEW_LANE_SECONDS + 1)
    await chain.record(chain.land('a.json'))
    await chain.rest()
    expect(runs(chain).map(({ lane, unchanged }) => [lane, unchanged])).toContainEqual([
      'build:risk',
      'its domains are built in build:finance+risk now',
    ])
    expect(ledger.all('ENTRY#build:finance+risk#moved')).toHaveLength(1)
    expect(runs(chain).every(({ state }) => state === 'COMMITTED')).toBe(true)
  })
})

describe('finishing a build', () => {
  const failing = (plan: unknown): BuildReport => ({
    ...buildReportOf(buildPlan(plan)),
    verdict: 'tests_failed',
    tests: { passed: 2, warned: 0, failed: 2 },
    failed_tests: [
      { test: 'not_null', model: 'daily_summary', failures: 3 },
      { test: 'unit', model: 'var_calculations', failures: null },
    ],
    datasets: [],
    database: null,
  })
  const reporting = (report: (plan: unknown) => BuildReport) =>
    new Chain({
      report: (plan) => ((plan as { kind: string }).kind === 'build' ? report(plan) : undefined),
    })

  test('holds at the gate what failed its tests, and names each with its rows; gold stays as it was', async () => {
    const chain = reporting(failing)
    await chain.record(chain.land('a.json'))
    await chain.rest()
    expect(runs(chain)[0]).toMatchObject({
      state: 'PARKED',
      gate: 'failed',
      reason: 'failed tests: not_null on daily_summary (3 rows), unit on var_calculations',
      failedTests: [{ test: 'not_null', failures: 3 }, { test: 'unit' }],
    })
    expect(chain.parts.ledger.all('DOMAIN#')).toEqual([])
    expect(chain.parts.ledger.all(`LANE#${LANE}`).filter(({ SK }) => SK === 'STATE')).toEqual([])
  })

  test('records the lane’s new state and an edition for each domain with the end of the run', async () => {
    const chain = new Chain()
    await chain.record(chain.land('a.json'))
    await chain.rest()
    const [run] = runs(chain)
    const edition = `${run?.runId}-1`
    const editions = chain.parts.ledger.all('DOMAIN#').filter(({ SK }) => SK === `EDITION#${edition}`)
    expect(editions.map(({ PK }) => PK)).toEqual(['DOMAIN#finance', 'DOMAIN#risk'])
    expect(editions[0]).toMatchObject({
      ordinal: 1,
      state: 'passed',
      datasets: [{ dataset: 'daily_summary', rows: 7 }],
    })
    expect(chain.parts.bus.details('Gold Built')).toEqual([
      { runId: run?.runId, correlationId: run?.correlationId, domains: ['finance', 'risk'], edition },
    ])
  })

  test('never puts an older state over a newer one', async () => {
    const chain = new Chain()
    await chain.record(chain.land('a.json'))
    await chain.rest()
    const [run] = runs(chain)
    const { writes } = await chain.parts.ends.build.commit(run as Run)
    // The state of the lane, and what each of the two domains calls its newest edition.
    expect(await chain.parts.ledger.write(...writes)).toEqual({ done: false, refused: [0, 2, 4] })
  })

  test('keeps the current and the previous database, and deletes the one before', async () => {
    const chain = new Chain()
    for (const name of ['a', 'b', 'c', 'd']) {
      await chain.record(chain.land(`${name}.json`))
      await chain.rest()
    }
    const uris = plansOf(chain).map((plan) => String(plan.database_out).replace('s3://artifacts/', ''))
    expect(chain.parts.artifacts.removed).toEqual([uris[0], uris[1]])
  })
})

test('a build’s report without its datasets’ files is no report', () => {
  const plan = { run_id: 'r', attempt: 1, edition: 'r-1', database_out: 's3://a/b', silver: {} }
  const report = buildReportOf(plan)
  expect(buildReport.safeParse(report).success).toBe(true)
  const bare = report.datasets.map(({ files: _, ...rest }) => rest)
  expect(buildReport.safeParse({ ...report, datasets: bare }).success).toBe(false)
})

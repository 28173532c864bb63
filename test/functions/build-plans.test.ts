import { beforeEach, describe, expect, test } from 'vitest'
import { type BuildReport, buildReport } from '../../shared/build-report.js'
import { retry } from '../../shared/put-back.js'
import type { Run } from '../../shared/run.js'
import { startRun } from '../../shared/start-run.js'
import { Chain } from '../fakes/chain.js'
import { buildPlan, buildReportOf } from '../fakes/work.js'

type Plan = ReturnType<typeof buildPlan> & { retry_of?: string; selectors: string[] }
let chain: Chain
const builds = () =>
  chain.parts.ledger.all('RUN#').filter(({ SK, kind }) => SK === 'META' && kind === 'build') as Run[]
const plansOf = () =>
  chain.parts.artifacts
    .keys('runs/')
    .filter((key) => key.endsWith('plan.json'))
    .map((key) => chain.parts.artifacts.objects.get(key) as Plan & { kind: string })
    .filter(({ kind }) => kind === 'build')
const land = async (file: string, source = 'prices') => {
  await chain.record(chain.land(file, { source }))
  await chain.rest()
}
const counts = ({ silver }: Plan) =>
  Object.fromEntries(Object.entries(silver).map(([entity, runs]) => [entity, runs.length]))

describe('the silver of a plan', () => {
  beforeEach(() => {
    chain = new Chain()
  })

  test('is what came after the last good build, whatever there was before', async () => {
    for (const file of ['a', 'b', 'c']) await land(`${file}.json`)
    await land('t.csv', 'trades')
    expect(plansOf().map(counts)).toEqual([
      { market_data: 1, transactions: 0 },
      { market_data: 1, transactions: 0 },
      { market_data: 1, transactions: 0 },
      { market_data: 0, transactions: 1 },
    ])
    expect(builds().at(-1)?.silverRuns).toEqual({ market_data: 3, transactions: 1 })
  })

  test('numbers its edition after the newest that was built, though no pointer shows that one yet', async () => {
    const { ledger } = chain.parts
    await land('a.json')
    const newest = () => ledger.all('DOMAIN#finance').find(({ SK }) => SK === 'NEWEST')?.ordinal
    expect(newest()).toBe(1)
    // Built by a lane that a deployment took away, and not published yet.
    const update = { PK: 'DOMAIN#finance', SK: 'NEWEST' }
    await ledger.write({ update, set: { ordinal: 7 } })
    await land('b.json')
    expect(builds().at(-1)?.base).toBe(7)
    expect(newest()).toBe(8)
    expect(ledger.all('DOMAIN#finance').find(({ SK }) => SK === 'GOLD')?.ordinal).toBe(8)
  })

  test('costs as many reads after many runs as after one', async () => {
    const { ledger } = chain.parts
    await land('a.json')
    const item = ledger.all('SILVER#market_data').at(-1)
    for (let n = 2; n <= 2_000; n += 1) {
      const SK = `RUN#${String(n).padStart(10, '0')}`
      await ledger.write({ put: { ...item, PK: 'SILVER#market_data', SK, ordinal: n } })
    }
    const state = { PK: 'LANE#build:finance+risk', SK: 'STATE' }
    await ledger.write({ update: { PK: 'SILVER#market_data', SK: 'HEAD' }, set: { count: 2_000 } })
    await ledger.write({ update: state, set: { silverRuns: { market_data: 2_000, transactions: 0 } } })
    let read = 0
    const { query } = ledger
    ledger.query = async (...args) => {
      const page = await query.apply(ledger, args)
      if (args[0].startsWith('SILVER#')) read += page.items.length
      return page
    }
    await land('b.json')
    expect(read).toBe(1)
    expect(counts(plansOf().at(-1) as Plan)).toEqual({ market_data: 1, transactions: 0 })
  })

  test('is what the intent promised, though more was committed before a dead starter’s work is taken up', async () => {
    chain = new Chain({ retried: false })
    const { faults, starts, clock, ledger } = chain.parts
    await chain.record(chain.land('a.json'))
    while (!chain.parts.bus.seen.some(({ name }) => name === 'Silver Updated'))
      if (!(await chain.endOneJob())) await chain.deliverNext()
    await chain.deliverNext()
    faults.crashAtEffect('artifacts.writeOnce', 'before')
    await chain.deliverNext()
    faults.revive()
    const [build] = builds()
    expect(build).toMatchObject({ state: 'RUNNING', silverRuns: { market_data: 1 } })
    const item = ledger.all('SILVER#market_data').at(-1)
    await ledger.write({ put: { ...item, PK: 'SILVER#market_data', SK: 'RUN#0000000002', ordinal: 2 } })
    clock.advance(121)
    await startRun(starts.build, build?.runId ?? '')
    expect(counts(plansOf()[0] as Plan)).toEqual({ market_data: 1, transactions: 0 })
  })
})

test('a promised attempt whose lane a deployment took away starts no job, and its run ends', async () => {
  chain = new Chain({ retried: false })
  const { starts, clock, ledger, tasks, faults } = chain.parts
  await chain.record(chain.land('a.json'))
  while (!chain.parts.bus.seen.some(({ name }) => name === 'Build Ready'))
    if (!(await chain.endOneJob())) await chain.deliverNext()
  faults.crashAtEffect('artifacts.writeOnce', 'before')
  await chain.deliverNext()
  faults.revive()
  const [build] = builds()
  const started = tasks.tasks.length
  await ledger.write({
    update: { PK: `RUN#${build?.runId}`, SK: 'META' },
    set: { subject: 'finance', lane: build?.lane as string },
  })
  clock.advance(121)
  expect(await startRun(starts.build, build?.runId ?? '')).toContain('its domains are built in')
  expect(tasks.tasks).toHaveLength(started)
  await chain.rest()
  expect(builds()[0]).toMatchObject({ state: 'COMMITTED', failures: [{ failureClass: 'never_started' }] })
  expect(builds().at(-1)).toMatchObject({ state: 'COMMITTED', silverRuns: { market_data: 1 } })
})

describe('a build after a failed one', () => {
  const failing = (plan: unknown, partial: boolean): BuildReport => ({
    ...buildReportOf(buildPlan(plan)),
    verdict: 'error',
    error: 'a model failed',
    datasets: [],
    database: null,
    failure: { transient: true, message: 'the disk was full' },
    partial_database: partial ? 's3://artifacts/x/partial.duckdb' : null,
  })
  /** Builds fail until told otherwise. */
  function breaking({ partial = true }: { partial?: boolean } = {}) {
    const control = { fails: true }
    chain = new Chain({
      report: (plan) =>
        (plan as { kind: string }).kind === 'build' && control.fails ? failing(plan, partial) : undefined,
    })
    return control
  }
  const prefix = (run: Run | undefined, attempt: number) =>
    `s3://artifacts/runs/${run?.runId}/attempt=${attempt}/`

  test('of the same run repeats only what failed, when that left its results', async () => {
    breaking()
    await land('a.json')
    const [build] = builds()
    expect(build).toMatchObject({ state: 'PARKED', failureClass: 'reported_transient', tries: 2 })
    expect(plansOf().map(({ retry_of }) => retry_of)).toEqual([undefined, prefix(build, 1)])
  })

  test('that left none builds everything', async () => {
    breaking({ partial: false })
    await land('a.json')
    expect(plansOf().map(({ retry_of }) => retry_of)).toEqual([undefined, undefined])
  })

  test('that was put back repeats what the parked run’s last attempt failed on', async () => {
    const control = breaking()
    await land('a.json')
    control.fails = false
    const [parked] = builds()
    await retry(chain.parts.world, parked as Run, { by: 'ada' })
    await chain.rest()
    expect(builds().map(({ state }) => state)).toEqual(['REPLAYED', 'COMMITTED'])
    expect(plansOf().at(-1)?.retry_of).toBe(prefix(parked, 2))
    expect(chain.parts.artifacts.removed).toEqual(['x/partial.duckdb'])
  })

  test('builds everything when silver came in between, or the image changed', async () => {
    const control = breaking()
    await land('a.json')
    const [parked] = builds()
    await land('b.json')
    expect(plansOf().at(-2)?.retry_of).toBeUndefined()
    control.fails = false
    const key = { PK: `RUN#${parked?.runId}`, SK: 'META' }
    const request = { ...(parked?.request as object), taskDefinition: 'sluice-dbt:0' }
    await chain.parts.ledger.write({ update: key, set: { request } })
    await retry(chain.parts.world, parked as Run, { by: 'ada' })
    await chain.rest()
    expect(plansOf().at(-1)?.retry_of).toBeUndefined()
    expect(builds().at(-1)).toMatchObject({ state: 'COMMITTED', silverRuns: { market_data: 2 } })
  })
})

test('a build’s report may say what failed beside the data, and need not', () => {
  const report = buildReportOf({
    run_id: 'r',
    attempt: 1,
    edition: 'e',
    database_out: 's3://a/b',
    silver: {},
  })
  expect(buildReport.safeParse(report).success).toBe(true)
  expect(buildReport.safeParse({ ...report, failure: null, partial_database: null }).success).toBe(true)
  expect(buildReport.safeParse({ ...report, failure: { message: 'x' } }).success).toBe(false)
})

import { beforeEach, describe, expect, test } from 'vitest'
import { planRequest } from '../../functions/3-transform/plan-build/plan-build.js'
import type { BuildReport } from '../../shared/build-report.js'
import type { Edition, Pointer } from '../../shared/editions.js'
import { retry } from '../../shared/put-back.js'
import type { Run } from '../../shared/run.js'
import { Chain } from '../fakes/chain.js'
import { buildPlan, buildReportOf } from '../fakes/work.js'

const LANE = 'LANE#build:finance+risk'
let chain: Chain
/** Which builds fail their tests. */
let fails: (mode?: string) => boolean
const failing = (plan: unknown): BuildReport => ({
  ...buildReportOf(buildPlan(plan)),
  verdict: 'tests_failed',
  tests: { passed: 0, warned: 0, failed: 1 },
  failed_tests: [{ test: 'unique', model: 'daily_summary', failures: 2 }],
  datasets: [],
  database: null,
})
beforeEach(() => {
  fails = () => false
  chain = new Chain({
    report: (plan) => {
      const { kind, mode } = plan as { kind: string; mode: string }
      return kind === 'build' && fails(mode) ? failing(plan) : undefined
    },
  })
})
const ask = (requestId: string, mode: 'fast' | 'ci' | 'standard' | 'full-refresh' = 'fast') =>
  planRequest(chain.parts.landing, { domain: 'risk', requestId, mode, by: 'ada' })
const land = async (file: string) => {
  await chain.record(chain.land(file))
  await chain.rest()
}
const runs = () =>
  chain.parts.ledger.all('RUN#').filter(({ SK, kind }) => SK === 'META' && kind === 'build') as Run[]
const plans = () =>
  runs().flatMap(({ runId, attempt }) => {
    const plan = chain.parts.artifacts.objects.get(`runs/${runId}/attempt=${attempt}/plan.json`)
    return plan ? [plan as { [name: string]: unknown }] : []
  })
const state = () => chain.parts.ledger.all(LANE).find(({ SK }) => SK === 'STATE')
const editions = () =>
  chain.parts.ledger.all('DOMAIN#finance').filter(({ SK }) => SK.startsWith('EDITION#')) as Edition[]
const pointer = () =>
  chain.parts.ledger.all('DOMAIN#finance').find(({ SK }) => SK === 'GOLD') as unknown as Pointer

describe('a fast build', () => {
  test('is published before its tests ran, and passes once they have', async () => {
    await land('a.json')
    const before = state()
    await ask('1')
    while (!chain.parts.bus.details('Gold Built')[1])
      if (!(await chain.endOneJob())) await chain.deliverNext()
    expect(editions().map((edition) => edition.state)).toEqual(['passed', 'pending'])
    await chain.rest()
    expect(plans().map(({ mode }) => mode)).toEqual(['standard', 'fast', 'test'])
    expect(plans()[1]).toMatchObject({ selectors: ['+tag:dashboard'] })
    const { database_out, edition } = plans()[1] as { database_out: string; edition: string }
    expect(plans()[2]).toMatchObject({ database: { uri: database_out }, tested_edition: edition })
    expect(pointer().edition).toBe(edition)
    expect(editions().map((one) => one.state)).toEqual(['passed', 'passed'])
    expect(state()).toEqual(before)
    expect(chain.parts.artifacts.removed).toContain(database_out.replace('s3://artifacts/', ''))
    expect(chain.parts.bus.details('Gold Built')).toHaveLength(2)
  })

  test('whose tests fail is rolled back, in every domain, and people are told', async () => {
    await land('a.json')
    fails = (mode) => mode === 'test'
    await ask('1')
    await chain.rest()
    const [good, bad] = editions()
    expect(bad).toMatchObject({ state: 'failed', failedAt: expect.any(String), ordinal: 2 })
    expect(pointer()).toMatchObject({ edition: good?.SK.slice('EDITION#'.length), ordinal: 1 })
    expect(pointer().rollback).toMatchObject({ by: 'finish-build', why: expect.stringContaining('unique') })
    expect(chain.parts.bus.details('Rollback Requested').map(({ domain }) => domain)).toEqual([
      'finance',
      'risk',
    ])
    expect(runs().at(-1)).toMatchObject({ state: 'PARKED', gate: 'failed', mode: 'test' })
    await land('b.json')
    expect(pointer().ordinal).toBe(3)
  })

  test('after another one, of which neither passes, gives way to the last good one', async () => {
    await land('a.json')
    fails = (mode) => mode === 'test'
    await ask('1')
    while (plans().length < 2) await chain.deliverNext()
    await ask('2')
    await chain.rest()
    expect(plans().map(({ mode }) => mode)).toEqual(['standard', 'fast', 'fast', 'test', 'test'])
    expect(editions().map((one) => one.state)).toEqual(['passed', 'failed', 'failed'])
    expect(pointer()).toMatchObject({ ordinal: 1, rollback: { holds: false } })
  })

  test('whose request to go back was lost is asked for again until each domain has an answer', async () => {
    await land('a.json')
    fails = (mode) => mode === 'test'
    await ask('1')
    for (let step = 0; step < 50; step += 1) {
      const event = chain.parts.bus.take()
      if (event?.name === 'Rollback Requested') continue
      if (event) await chain.deliver(event)
      else if (!(await chain.endOneJob())) break
    }
    expect(pointer().ordinal).toBe(2)
    await chain.rest()
    expect(pointer().ordinal).toBe(1)
    expect(chain.parts.ledger.all('ROLLBACK#').map(({ state }) => state)).toEqual(['done', 'done'])
  })

  test('whose publisher is late is not shown any more once its tests have failed', async () => {
    await land('a.json')
    fails = (mode) => mode === 'test'
    await ask('1')
    const late = []
    for (let step = 0; step < 50; step += 1) {
      const event = chain.parts.bus.take()
      if (event?.name === 'Gold Built') late.push(event)
      else if (event) await chain.deliver(event)
      else if (!(await chain.endOneJob())) break
    }
    for (const event of late) await chain.deliver(event)
    expect(pointer().ordinal).toBe(1)
    expect(editions().map((edition) => edition.state)).toEqual(['passed', 'failed'])
  })

  test('goes before what waited longer, and its tests right after it', async () => {
    await land('a.json')
    await ask('1', 'full-refresh')
    await ask('2', 'full-refresh')
    await ask('3')
    await chain.rest()
    expect(plans().map(({ mode }) => mode)).toEqual([
      'standard',
      'full_refresh',
      'fast',
      'test',
      'full_refresh',
    ])
  })

  test('of the first edition ever has nothing to go back to, and says that its tests failed', async () => {
    fails = (mode) => mode === 'test'
    await ask('1')
    await chain.rest()
    expect(editions()).toMatchObject([{ state: 'failed', ordinal: 1 }])
    expect(pointer().ordinal).toBe(1)
    const records = chain.parts.ledger.all('ROLLBACK#')
    expect(records).toMatchObject([
      { domain: 'finance', refused: 'finance has no good edition to show in its place' },
      { domain: 'risk', state: 'refused' },
    ])
    expect(runs().at(-1)?.dueAt).toBeUndefined()
    expect(runs().at(-1)).toMatchObject({ state: 'PARKED', gate: 'failed' })
  })

  test('whose tests are put back runs just those again', async () => {
    await land('a.json')
    fails = (mode) => mode === 'test'
    await ask('1')
    await chain.rest()
    fails = () => false
    await chain.record(chain.land('b.json'))
    await retry(chain.parts.world, runs().at(-1) as Run, { by: 'ada' })
    await chain.rest()
    expect(plans().filter(({ mode }) => mode === 'test')).toHaveLength(2)
    expect(plans().filter(({ mode }) => mode === 'standard')).toHaveLength(2)
  })
})

describe('a build of CI', () => {
  test('starts from the promoted state, compares with its manifest, and leaves nothing behind', async () => {
    await land('a.json')
    const before = chain.parts.ledger.all('DOMAIN#')
    const [good] = runs()
    await ask('1', 'ci')
    await chain.rest()
    expect(plans()[1]).toMatchObject({
      ...{ mode: 'ci', selectors: ['state:modified+'] },
      database: { uri: plans()[0]?.database_out },
      state_uri: `s3://artifacts/runs/${good?.runId}/attempt=1/`,
    })
    expect(chain.parts.ledger.all('DOMAIN#')).toEqual(before)
    expect(state()?.builtBy).toBe(good?.runId)
    expect(runs().at(-1)).toMatchObject({ state: 'COMMITTED', mode: 'ci' })
  })

  test('has nothing to compare with before the first build', async () => {
    await ask('1', 'ci')
    await chain.rest()
    expect(runs()).toMatchObject([{ unchanged: 'no build has left a manifest yet', attempt: 0 }])
  })
})

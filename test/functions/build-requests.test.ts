import { beforeEach, describe, expect, test } from 'vitest'
import { Chain } from '../fakes/chain.js'
import { testProject } from '../fakes/project.js'
import { ads, lane } from './warehouse.js'

const project = {
  ...testProject,
  sources: {
    ...testProject.sources,
    google_ads: ads(['stg_google', 'marts+']),
    facebook_ads: ads(['stg_facebook', 'marts+']),
  },
}
let chain: Chain
beforeEach(() => {
  chain = new Chain()
  chain.parts.landing.project = project
})
const { sync, request, plans, runs } = lane(() => chain)
const land = async (file: string) => {
  await chain.record(chain.land(file))
  await chain.rest()
}

describe('a finished sync of a warehouse source', () => {
  test('builds its models in their order, though no silver is new', async () => {
    expect(await sync('google_ads')).toMatch(/^build \w{26} takes stg_google marts\+$/)
    await chain.rest()
    expect(plans()).toMatchObject([
      {
        mode: 'source',
        selectors: ['marts+', 'stg_google'],
        order: [['stg_google', 'marts+']],
        silver: { market_data: [], transactions: [] },
      },
    ])
    expect(runs()[0]?.state).toBe('COMMITTED')
  })

  test('is heard once, and its entry tells of which sync it is', async () => {
    for (const _ of [1, 2, 3]) await sync('google_ads')
    await chain.rest()
    expect(plans()).toHaveLength(1)
    expect(chain.parts.ledger.all('ENTRY#build:finance+risk#sync:')).toMatchObject([
      { source: 'google_ads', syncId: 'a'.repeat(32), run: runs()[0]?.runId },
    ])
  })

  test('waits for the build under way, and all that waited are one build', async () => {
    await sync('google_ads', 'a')
    for (const [at, source] of ['google_ads', 'facebook_ads', 'google_ads'].entries())
      expect(await sync(source, String(at))).toContain('waits for the build under way')
    await chain.rest()
    expect(plans()).toHaveLength(2)
    expect(plans()[1]).toMatchObject({
      selectors: ['marts+', 'stg_facebook', 'stg_google'],
      order: [
        ['stg_google', 'marts+'],
        ['stg_facebook', 'marts+'],
      ],
    })
  })

  test('of a source that feeds files, or is gone, or whose domain is gone, builds nothing', async () => {
    expect(await sync('prices')).toBe('prices feeds no warehouse')
    expect(await sync('constructor')).toBe('constructor feeds no warehouse')
    chain.parts.landing.project = { ...project, lanes: [] }
    expect(await sync('google_ads')).toBe('no dbt lane has the domain risk')
  })
})

describe('a request', () => {
  test('for a full refresh builds the whole lane anew, and what waited with it', async () => {
    await land('a.json')
    await sync('google_ads')
    await sync('facebook_ads', 'b')
    await request('daily:1', { mode: 'full-refresh' })
    await chain.rest()
    expect(plans()).toHaveLength(3)
    expect(plans()[2]).toMatchObject({ mode: 'full_refresh', selectors: ['+group:finance', '+group:risk'] })
    expect(plans()[2]?.order).toBeUndefined()
  })

  test('for a full refresh of some models leaves new silver to the build that stays incremental', async () => {
    await land('a.json')
    await sync('google_ads')
    await request('1', { mode: 'full-refresh', selectors: ['stg_google'] })
    await chain.record(chain.land('b.json'))
    await chain.rest()
    const silver = plans().map((plan) => [plan.mode, plan.silver.market_data?.length])
    expect(silver).toEqual([
      ['standard', 1],
      ['source', 0],
      ['full_refresh', 0],
      ['standard', 1],
    ])
  })

  test('has one effect, however often it is made', async () => {
    for (const _ of [1, 2]) await request('1')
    await chain.rest()
    await request('1')
    await chain.rest()
    expect(plans()).toHaveLength(1)
  })

  test('for an unknown domain ends there', async () => {
    expect(await request('1', { domain: 'nobody' })).toBe('no dbt lane has the domain nobody')
  })
})

describe('a request for new data only', () => {
  const hourly = (requestId: string) => request(requestId, { onlyIfNew: true })
  beforeEach(() => {
    // Nobody loads anything into a warehouse here, so the ledger knows all.
    const { models: _, ...sources } = testProject.sources
    chain.parts.landing.project = { ...testProject, sources }
  })

  test('is recorded where there is none, and starts nothing', async () => {
    await land('a.json')
    expect(await hourly('hourly:1')).toBe('no new data since the last good build')
    expect(await hourly('hourly:1')).toBe('known already: no new data since the last good build')
    await chain.rest()
    expect(plans()).toHaveLength(1)
    expect(chain.parts.ledger.all('ENTRY#build:finance+risk#request:')).toMatchObject([
      { did: 'no new data since the last good build', by: 'ada', expiresAt: expect.any(Number) },
    ])
  })

  test('joins the lane while silver is there that no good build has read, and is built with it', async () => {
    await land('a.json')
    const state = { PK: 'LANE#build:finance+risk', SK: 'STATE' }
    await chain.parts.ledger.write({
      update: state,
      set: { silverRuns: { market_data: 0, transactions: 0 } },
    })
    expect(await hourly('hourly:1')).toMatch(/^build \w{26} takes all of its domains$/)
    await chain.rest()
    expect(plans()).toHaveLength(2)
  })

  test('asks the container where others load into a warehouse, and ends unchanged when that finds nothing', async () => {
    await land('a.json')
    chain.parts.landing.project = testProject
    const editions = chain.parts.ledger.all('DOMAIN#')
    expect(await hourly('hourly:1')).toMatch(/^build \w{26} takes all of its domains$/)
    await chain.rest()
    expect(plans()[0]).toMatchObject({ refresh_columns: ['_airbyte_extracted_at'] })
    expect(plans()[1]).toMatchObject({ mode: 'standard', silver: { market_data: [], transactions: [] } })
    expect(runs().at(-1)).toMatchObject({
      ...{ state: 'COMMITTED', unchanged: 'no model reads anything new', notBuiltCount: 1 },
      notBuilt: [{ model: 'daily_summary', why: 'nothing that it reads has changed' }],
    })
    expect(chain.parts.ledger.all('DOMAIN#')).toEqual(editions)
    expect(await hourly('hourly:2')).toMatch(/^build /)
  })
})

describe('a request where nothing is new', () => {
  beforeEach(async () => {
    // Nobody loads anything into a warehouse here, so the ledger knows all.
    const { models: _, ...sources } = testProject.sources
    chain = new Chain({ project: { ...testProject, sources } })
    await land('a.json')
  })

  test('starts no container, and its run says why', async () => {
    const started = chain.parts.tasks.tasks.length
    await request('1')
    await chain.rest()
    expect(chain.parts.tasks.tasks).toHaveLength(started)
    expect(runs().at(-1)).toMatchObject({ unchanged: 'nothing new since the last good build', attempt: 0 })
  })

  test('builds all the same when it is forced, and the plan says so', async () => {
    await request('1', { force: true })
    await chain.rest()
    expect(plans()).toHaveLength(2)
    expect(plans()[1]).toMatchObject({ mode: 'standard', force: true })
    expect(plans()[0]).not.toHaveProperty('force')
  })

  test('starts one after a deployment of another image, whose project may have changed', async () => {
    const update = { PK: 'LANE#build:finance+risk', SK: 'STATE' }
    await chain.parts.ledger.write({ update, set: { taskDefinition: 'sluice-dbt:0' } })
    await request('1')
    await chain.rest()
    expect(runs().at(-1)).toMatchObject({ unchanged: 'no model reads anything new', attempt: 1 })
    await request('2')
    await chain.rest()
    expect(runs().at(-1)).toMatchObject({ unchanged: 'nothing new since the last good build', attempt: 0 })
  })
})

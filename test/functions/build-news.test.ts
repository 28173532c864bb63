import { beforeEach, describe, expect, test } from 'vitest'
import type { BuildReport } from '../../shared/build-report.js'
import type { BuildLane, Declared } from '../../shared/declared.js'
import type { Value } from '../../shared/ledger.js'
import { countNews, LOOK_AGAIN_SECONDS, newsKey, whyLook } from '../../shared/news.js'
import { Chain } from '../fakes/chain.js'
import { testProject } from '../fakes/project.js'
import { buildReportOf } from '../fakes/work.js'
import { ads, lane, type Plan } from './warehouse.js'

const STATE = { PK: 'LANE#build:finance+risk', SK: 'STATE' }
const projectOf = (more: Declared['sources'] = {}): Declared => {
  const { models: _, ...files } = testProject.sources
  const google = ads(['stg_google', 'marts+'], true)
  const facebook = ads(['stg_facebook', 'marts+'], true)
  return { ...testProject, sources: { ...files, google, facebook, ...more } }
}

let chain: Chain
/** What a build's report says in place of what it would. */
let said: Partial<BuildReport>
const begin = async (more?: Declared['sources']) => {
  said = {}
  const report = (plan: unknown) => ({ ...buildReportOf(plan as Plan), ...said })
  chain = new Chain({ project: projectOf(more), report })
  await sync('google', 'a')
  await chain.rest()
}
beforeEach(() => begin())
const { sync, request, plans, runs } = lane(() => chain)
const hourly = (requestId: string) => request(requestId, { onlyIfNew: true })
const asked = async (requestId: string, what: Parameters<typeof request>[1] = {}) => {
  await request(requestId, what)
  await chain.rest()
  return runs().at(-1)
}
const taken = async () => (await chain.parts.ledger.get(STATE))?.news

describe('a request of a lane that others load', () => {
  test('starts no container while its sources told of nothing, and says whose silence it trusts', async () => {
    for (const mode of ['standard', 'source', 'fast'] as const)
      for (const selectors of [undefined, ['marts+']]) {
        const run = await asked(`${mode}:${selectors}`, { mode, ...(selectors && { selectors }) })
        expect(run).toMatchObject({ state: 'COMMITTED', attempt: 0 })
        expect(run?.unchanged).toMatch(
          /^nothing new since the last good build: facebook, google told of no sync since 2026-03-02T07:/,
        )
      }
    expect(plans()).toHaveLength(1)
    expect(await hourly('1')).toMatch(/^no new data since the last good build: facebook, google told of no/)
  })

  test('builds when it is forced, refreshes in full, or comes after another image', async () => {
    expect(await asked('1', { force: true })).toMatchObject({ state: 'COMMITTED', attempt: 1 })
    expect(await asked('2', { mode: 'full-refresh' })).toMatchObject({ attempt: 1 })
    await chain.parts.ledger.write({ update: STATE, set: { taskDefinition: 'sluice-dbt:0' } })
    expect(await asked('3')).toMatchObject({ attempt: 1 })
    expect(await asked('4')).toMatchObject({ attempt: 0 })
  })

  test('has a container look after a day without news, and from then on for another day', async () => {
    const { lookedAt } = (await chain.parts.ledger.get(STATE)) as unknown as { lookedAt: string }
    const { clock } = chain.parts
    clock.advance((Date.parse(lookedAt) - clock.now()) / 1_000 + LOOK_AGAIN_SECONDS - 60)
    expect(await asked('1')).toMatchObject({ attempt: 0 })
    clock.advance((Date.parse(lookedAt) - clock.now()) / 1_000 + LOOK_AGAIN_SECONDS)
    expect(await hourly('2')).toMatch(/^build /)
    await chain.rest()
    const look = { attempt: 1, looksBecause: `no container has looked since ${lookedAt}` }
    expect(runs().at(-1)).toMatchObject({ ...look, unchanged: 'no model reads anything new' })
    expect(await asked('3')).toMatchObject({ attempt: 0 })
  })

  test('asks the container where one of its sources may be silent, however much was built', async () => {
    await begin({ other: ads(['stg_other'], false) })
    for (const id of ['1', '2']) {
      expect(await hourly(id)).toMatch(/^build /)
      await chain.rest()
    }
    expect(runs().at(-1)).toMatchObject({
      attempt: 1,
      looksBecause: 'others may have loaded something for other without a word',
    })
  })

  test('asks the container where a source was declared that it has never looked into', async () => {
    chain.parts.landing.project = projectOf({ other: ads(['stg_other'], true) })
    expect(await hourly('1')).toMatch(/^build /)
  })

  test('never looks for the sake of looking where nobody loads anything', async () => {
    const { google: _, facebook: __, ...files } = projectOf().sources
    chain = new Chain({ project: { ...testProject, sources: files } })
    await chain.record(chain.land('a.json'))
    await chain.rest()
    chain.parts.clock.advance(2 * LOOK_AGAIN_SECONDS)
    expect((await asked('1'))?.unchanged).toBe('nothing new since the last good build')
    expect(await hourly('2')).toBe('no new data since the last good build')
  })

  test('trusts no silence of which nobody knows since when', () => {
    const news = { facebook: 0, google: 1 }
    const [lane] = projectOf().lanes as [BuildLane]
    const known = { state: { news }, news, now: 0 }
    expect(whyLook(projectOf(), lane, known)).toBe('no container has looked yet')
  })

  test('is about its own domains: what another lane’s source tells is no news here', async () => {
    const elsewhere = ads(['stg_x'], false)
    Object.assign(elsewhere.warehouse as object, { domain: 'elsewhere' })
    await begin({ elsewhere })
    expect(await hourly('1')).toMatch(/^no new data/)
  })
})

describe('what a build has not taken in', () => {
  test('is the news that came after it had begun', async () => {
    await sync('google', 'b')
    await countNews(chain.parts.landing, 'google', 'lost')
    await chain.deliverNext()
    await countNews(chain.parts.landing, 'google', 'late')
    await chain.rest()
    expect(await taken()).toEqual({ facebook: 0, google: 3 })
    expect(await asked('1')).toMatchObject({
      attempt: 1,
      looksBecause: 'no good build has taken in all that there is of google',
    })
    expect(await taken()).toEqual({ facebook: 0, google: 4 })
    expect(await asked('2')).toMatchObject({ attempt: 0 })
  })

  test('is all of it, when its container leaves a model behind', async () => {
    said = { behind: ['fct_other'] }
    await sync('google', 'b')
    await chain.rest()
    expect(await taken()).toEqual({ facebook: 0, google: 1 })
    said = {}
    expect(await asked('1')).toMatchObject({ attempt: 1 })
    expect(await taken()).toEqual({ facebook: 0, google: 2 })
  })

  test('is what a build of chosen models left behind, though nobody told of anything', async () => {
    said = { behind: ['fct_other'] }
    await asked('1', { force: true, selectors: ['stg_google'] })
    said = {}
    const looksBecause = 'the last build left something new to fct_other'
    expect(await hourly('2')).toMatch(/^build /)
    await chain.rest()
    expect(runs().at(-1)).toMatchObject({ attempt: 1, looksBecause })
    expect(await asked('3')).toMatchObject({ attempt: 0 })
  })

  test('is unknown when its image says nothing of it, and when a build failed', async () => {
    said = { behind: null }
    await sync('google', 'b')
    await chain.rest()
    said = { verdict: 'tests_failed', failed_tests: [{ test: 't', model: 'm', failures: 1 }] }
    await sync('facebook', 'c')
    await chain.rest()
    expect(runs().map(({ state }) => state)).toEqual(['COMMITTED', 'COMMITTED', 'PARKED'])
    expect(await taken()).toEqual({ facebook: 0, google: 1 })
    said = {}
    expect(await asked('1')).toMatchObject({ attempt: 1 })
    expect(await taken()).toEqual({ facebook: 1, google: 2 })
  })

  test('is what a fast build read, for its tests are still to come', async () => {
    await countNews(chain.parts.landing, 'google', 'lost')
    expect(await asked('1', { mode: 'fast' })).toMatchObject({ mode: 'test' })
    expect(await taken()).toEqual({ facebook: 0, google: 1 })
  })
})

describe('a finished sync', () => {
  test('that a build has taken in which began after it starts no container, and says which did', async () => {
    await request('full', { mode: 'full-refresh' })
    await sync('facebook', 'b')
    await sync('google', 'c')
    const before = plans().length
    await chain.rest()
    const [, full, late] = runs()
    expect(full).toMatchObject({ mode: 'full-refresh', news: { facebook: 1, google: 2 } })
    expect(late).toMatchObject({ attempt: 0, state: 'COMMITTED' })
    expect(late?.unchanged).toBe(
      `run ${full?.runId} began after these syncs had come, and has taken in what they brought`,
    )
    expect(plans().length - before).toBe(1)
  })

  test('builds only its own models when the sync that waited with it is taken in already', async () => {
    await request('full', { mode: 'full-refresh' })
    await sync('facebook', 'b')
    await chain.deliverNext()
    await sync('google', 'c')
    await chain.rest()
    expect(runs()).toHaveLength(3)
    expect(plans()[2]).toMatchObject({
      selectors: ['marts+', 'stg_google'],
      order: [['stg_google', 'marts+']],
    })
  })

  test('is counted once, and told again it is no news', async () => {
    await sync('google', 'a')
    await chain.rest()
    expect(runs()).toHaveLength(1)
    expect(await chain.parts.ledger.get(newsKey('google'))).toMatchObject({ number: 1 })
    expect(await asked('1')).toMatchObject({ attempt: 0 })
  })

  test('of before there were numbers builds as it always did', async () => {
    const { ledger } = chain.parts
    await request('full', { mode: 'full-refresh' })
    await sync('google', 'b')
    for (const { PK, SK, input } of ledger.all('LANE#')) {
      if (!SK.startsWith('WAIT#')) continue
      const { news: _, ...old } = input as { [name: string]: Value }
      await ledger.write({ update: { PK, SK }, set: { input: old } })
    }
    await chain.rest()
    expect(runs().at(-1)).toMatchObject({ attempt: 1 })
  })
})

test('news are counted one by one, however many count at once', async () => {
  const numbers = await Promise.all(
    ['a', 'b', 'c', 'd'].map((id) => countNews(chain.parts.landing, 'facebook', id)),
  )
  expect(numbers.sort()).toEqual([1, 2, 3, 4])
})

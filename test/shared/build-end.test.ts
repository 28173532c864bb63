import { beforeEach, describe, expect, test } from 'vitest'
import { buildEnd, buildStateKey, editionKey, newestEditionKey } from '../../shared/build.js'
import type { BuildReport } from '../../shared/build-report.js'
import type { Item, Write } from '../../shared/ledger.js'
import type { Run } from '../../shared/run.js'
import { FakeClock } from '../fakes/clock.js'
import { FakeLedger } from '../fakes/ledger.js'

const LANE = 'build:finance+risk'
const PATH = 'runs/b1/attempt=3/'
const dataset = (domain: string, name: string) => ({
  ...{ domain, dataset: name, version: 2, rows: 7, location: `s3://gold/${name}/` },
  ...{ columns: [{ name: 'a', glue_type: 'int' }], files: [] },
})
const tally = { passed: 1, failed: 0 }
const report: BuildReport = {
  ...{ run_id: 'b1', attempt: 3, edition: 'b1-3', verdict: 'passed', error: null },
  ...{ tests: { passed: 3, warned: 0, failed: 0 }, failed_tests: [], warned_tests: [] },
  datasets: [dataset('finance', 'orders'), dataset('risk', 'limits')],
  database: { uri: 's3://artifacts/new.duckdb', bytes: 1 },
  scores: [{ domain: 'finance', tests: { error: tally, warn: tally } }],
  loaded: [{ source: 'raw', table: 'ads', at: 't2' }],
}
const state = {
  ...{ ordinal: 4, databaseUri: 's3://artifacts/old.duckdb', previousUri: 's3://artifacts/older.duckdb' },
  ...{ silverRuns: { trades: 1 }, builtBy: 'b0', loadedAt: { 'raw.ads': 't1', 'raw.mail': 't0' } },
}
const run = (set: object = {}) =>
  ({
    ...{ runId: 'b1', attempt: 3, lane: LANE, mode: 'standard', domains: ['finance', 'risk'], base: 4 },
    ...{
      silverRuns: { trades: 2 },
      request: { taskDefinition: 'dbt:7' },
      createdAt: '2026-03-02T07:00:00.000Z',
    },
    ...{ edition: 'b1-3', correlationId: 'k1', arrivedAt: 'a', newestAt: 'n', ...set },
  }) as unknown as Run

let ledger: FakeLedger
let removed: string[]
let reports: Record<string, unknown>
beforeEach(() => {
  ledger = new FakeLedger()
  removed = []
  reports = { [`${PATH}report.json`]: report }
})
const put = (item: Item) => ledger.write({ put: item })
const end = (away = false) =>
  buildEnd({
    ...{ ledger, clock: new FakeClock() },
    reports: {
      read: async (key) => {
        if (away && !key.startsWith(PATH)) throw new Error('S3 is away')
        return reports[key]
      },
    },
    removeDatabase: async (uri) => {
      removed.push(uri)
      if (away) throw new Error('S3 is away')
    },
  })
const commit = async (of: Run, away = false) => {
  const { writes = [] } = await end(away).commit(of)
  return writes as Write[]
}
const commits = async (of: Run, away = false) => ledger.write(...(await commit(of, away)))
const stateNow = () => ledger.get(buildStateKey(LANE))
const editionNow = (domain: string) => ledger.get(editionKey(domain, 'b1-3'))

describe('the commit of a build', () => {
  test('leaves an edition of each domain, its number, its score and the state of its lane', async () => {
    await put({ ...buildStateKey(LANE), ...state })
    expect((await commits(run({ compactions: { trades: 1 } }))).done).toBe(true)
    expect(await editionNow('risk')).toEqual({
      ...editionKey('risk', 'b1-3'),
      ...{ ordinal: 5, runId: 'b1', attempt: 3, begunAt: '2026-03-02T07:00:00.000Z', state: 'passed' },
      ...{ arrivedAt: 'a', newestAt: 'n' },
      datasets: [
        {
          ...{ dataset: 'limits', version: 2, rows: 7, location: 's3://gold/limits/' },
          columns: [{ name: 'a', glueType: 'int' }],
        },
      ],
    })
    expect((await editionNow('finance'))?.datasets).toMatchObject([{ dataset: 'orders' }])
    expect(await ledger.get(newestEditionKey('risk'))).toMatchObject({ ordinal: 5 })
    expect(ledger.all('DOMAIN#finance').map(({ SK }) => SK)).toContain('QUALITY#b1-3')
    expect(await stateNow()).toEqual({
      ...buildStateKey(LANE),
      ...{ ordinal: 5, databaseUri: 's3://artifacts/new.duckdb', previousUri: 's3://artifacts/old.duckdb' },
      ...{ silverRuns: { trades: 2 }, builtBy: 'b1', builtAt: PATH, taskDefinition: 'dbt:7' },
      ...{ compactions: { trades: 1 }, loadedAt: { 'raw.ads': 't2', 'raw.mail': 't0' } },
    })
    expect(removed).toEqual(['s3://artifacts/older.duckdb'])
  })

  test('of a lane’s first build follows nobody, and names its waiver', async () => {
    reports[`${PATH}report.json`] = { ...report, loaded: undefined }
    await commits(run({ base: 0, request: undefined, waiver: { by: 'ada', why: 'known' } }))
    expect(await stateNow()).toMatchObject({
      ...{ ordinal: 1, previousUri: null, taskDefinition: null, compactions: {}, loadedAt: {} },
    })
    expect(await editionNow('risk')).toMatchObject({ waiver: { by: 'ada', why: 'known' } })
    expect(removed).toEqual([])
  })

  test('takes nothing back from a build that was newer, nor its database', async () => {
    await put({ ...buildStateKey(LANE), ...state, ordinal: 5 })
    expect((await commits(run())).done).toBe(false)
    expect(removed).toEqual([])
  })

  test('is refused where a domain has a newer edition', async () => {
    await put({ ...newestEditionKey('risk'), ordinal: 5 })
    expect((await commits(run())).done).toBe(false)
  })

  test('removes what its failed attempts left, each once, and goes on where that cannot be removed', async () => {
    const left = (name: string) => ({ partial_database: `s3://artifacts/${name}.duckdb` })
    reports['runs/b1/attempt=1/report.json'] = left('one')
    reports['runs/b1/attempt=2/report.json'] = { partial_database: null }
    reports['runs/b0/attempt=2/report.json'] = left('before')
    reports['runs/b1/attempt=4/report.json'] = left('later')
    await commits(run({ retryPath: 'runs/b0/attempt=2/' }))
    expect(removed).toEqual(['s3://artifacts/one.duckdb', 's3://artifacts/before.duckdb'])
    await put({ ...buildStateKey(LANE), ...state })
    expect(await commit(run(), true)).toHaveLength(6)
  })

  test('needs a database', async () => {
    for (const content of [undefined, { ...report, database: null }]) {
      reports[`${PATH}report.json`] = content
      await expect(commit(run())).rejects.toThrow('run b1 is committing, but its report names no database')
    }
  })

  test('says what of the news is taken in: all of it, or what was left', async () => {
    const told = { news: { ads: 3 }, lookedAt: 'l1' }
    await commits(run({ ...told, behind: [] }))
    expect(await stateNow()).toMatchObject({ behind: [], ...told, lookedBy: 'b1' })
    await commits(run({ base: 5, news: { ads: 4 }, behind: ['stg_mail'] }))
    expect(await stateNow()).toMatchObject({ ordinal: 6, behind: ['stg_mail'], ...told })
    await commits(run({ base: 6, behind: [] }))
    expect(await stateNow()).toMatchObject({ behind: [], news: {}, lookedAt: null })
  })
})

describe('the commit of a build that publishes no tested edition', () => {
  const tested = { edition: 'f1-1', database: 's3://artifacts/fast.duckdb', domains: ['risk'], before: {} }

  test('of CI is nothing', async () => {
    expect(await commit(run({ mode: 'ci' }))).toEqual([])
  })

  test('with nothing new says so of its image, where there is a database', async () => {
    const unchanged = run({ unchanged: 'no model reads anything new', behind: [] })
    expect((await commits(unchanged)).done).toBe(false)
    await put({ ...buildStateKey(LANE), ...state, taskDefinition: 'dbt:6' })
    expect((await commits(unchanged)).done).toBe(true)
    expect(await stateNow()).toMatchObject({ ...state, taskDefinition: 'dbt:7', lookedBy: 'b1' })
  })

  test('of a fast one is pending, and its tests wait; the lane’s state stays', async () => {
    await put({ ...buildStateKey(LANE), ...state })
    await commits(run({ mode: 'fast' }))
    expect(await editionNow('risk')).toMatchObject({ state: 'pending', ordinal: 5 })
    const [waits] = ledger.all(`LANE#${LANE}`).filter(({ SK }) => SK.startsWith('WAIT#'))
    const database = 's3://artifacts/new.duckdb'
    expect(waits).toMatchObject({ input: { mode: 'test', tested: { edition: 'b1-3', database } } })
    expect(await stateNow()).toMatchObject(state)
    expect(removed).toEqual([])
  })

  test.each([[undefined], ['no test reads what was built']])(
    'of tests is their word: %s',
    async (unchanged) => {
      await commits(run({ mode: 'test', tested, ...(unchanged && { unchanged }) }))
      expect(await ledger.get(editionKey('risk', 'f1-1'))).toMatchObject({ state: 'passed', testedBy: 'b1' })
      expect(ledger.all('DOMAIN#finance').map(({ SK }) => SK)).toEqual(['QUALITY#f1-1'])
      expect([removed, await stateNow()]).toEqual([['s3://artifacts/fast.duckdb'], undefined])
      reports = {}
      expect(await commit(run({ mode: 'test', tested }), true)).toHaveLength(1)
      expect(await commit(run({ mode: 'test', tested: { ...tested, database: '' } }))).toHaveLength(1)
      expect(removed).toHaveLength(2)
    },
  )
})

describe('the end of a build', () => {
  test('held back at its gate keeps its score, but not that of a trial', async () => {
    reports[`${PATH}report.json`] = { ...report, verdict: 'tests_failed', datasets: [], database: null }
    const held = { pass: false, writes: [{ update: { SK: 'QUALITY#b1-3' } }] }
    expect(await end().judge(run())).toMatchObject(held)
    expect(await end().judge(run({ mode: 'ci' }))).toMatchObject({ pass: false, writes: [] })
    reports = {}
    expect(await end().judge(run())).toBeUndefined()
  })

  test('passed, or failed beside its data, brings no score before its commit', async () => {
    expect(await end().judge(run())).not.toHaveProperty('writes')
    reports[`${PATH}report.json`] = { ...report, verdict: 'error', error: 'x' }
    expect(await end().judge(run())).not.toHaveProperty('writes')
  })

  test('is told to the publisher where there is something to publish', () => {
    const detail = { runId: 'b1', domains: ['finance', 'risk'], edition: 'b1-3', correlationId: 'k1' }
    for (const mode of ['standard', 'fast', 'full-refresh'])
      expect(end().outcome(run({ mode }))).toEqual({ name: 'Gold Built', detail })
    for (const none of [{ mode: 'ci' }, { mode: 'test' }, { unchanged: 'nothing' }])
      expect(end().outcome(run(none))).toBeUndefined()
  })
})

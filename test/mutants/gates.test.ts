import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, test } from 'vitest'
import { buildStateKey } from '../../shared/build.js'
import { judge as judgeRows } from '../../shared/cleanse-gate.js'
import { inputsOf } from '../../shared/inputs.js'
import type { LedgerReader } from '../../shared/ledger.js'
import { POLICIES } from '../../shared/policies.js'
import { replayFile, replayRejected, retry } from '../../shared/put-back.js'
import { moveRun, type Run } from '../../shared/run.js'
import { type Parts, parts } from '../fakes/parts.js'
import { testProject } from '../fakes/project.js'
import { buildReportOf, cleanseReportOf } from '../fakes/work.js'
import { ID, LANE, now, runAt } from './under-way.js'

/** What single mutants of gates, commits and put-backs would break, and no story of the other tests has told. */
let own: Parts
beforeEach(() => {
  own = parts()
})

describe('the gate of a build', () => {
  const base = { run_id: ID, attempt: 1, edition: `${ID}-1`, database_out: 's3://artifacts/d', silver: {} }
  const waiver = { by: 'me', why: 'known' }
  const verdict = async (report: object, values: object = {}) => {
    const run = await runAt(own, { kind: 'build', lane: 'build:finance+risk', ...values })
    own.artifacts.put(`runs/${ID}/attempt=1/report.json`, { ...buildReportOf(base), ...report })
    return own.ends.build.judge(run)
  }
  const failedTest = { test: 't', model: 'm', failures: 2 }
  const failing = { verdict: 'tests_failed', failed_tests: [failedTest] }

  test('lets failed tests pass by a waiver, and nothing else by it', async () => {
    expect(await verdict(failing, { waiver })).toMatchObject({ pass: true })
    expect(await verdict(failing)).toMatchObject({ pass: false, reason: 'failed tests: t on m (2 rows)' })
    expect(await verdict({ ...failing, database: null }, { waiver })).toMatchObject({ pass: false })
    expect(await verdict({ verdict: 'error', error: 'no' }, { waiver })).toMatchObject({ failed: 'no' })
  })

  test('names three failed tests', async () => {
    const failed_tests = ['a', 'b', 'c', 'd'].map((name) => ({ ...failedTest, test: name, failures: null }))
    expect(await verdict({ ...failing, failed_tests })).toMatchObject({
      reason: 'failed tests: a on m, b on m, c on m',
    })
  })

  test.each([
    [
      { failure: { transient: true, message: 'busy' }, error: 'other' },
      { failed: 'busy', transient: true },
    ],
    [
      { failure: null, error: 'other' },
      { failed: 'other', transient: false },
    ],
    [{ error: null }, { failed: 'dbt failed and gave no reason', transient: false }],
  ])('takes the reason of an error from %o', async (report, expected) => {
    expect(await verdict({ verdict: 'error', ...report })).toMatchObject(expected)
  })

  test('commits nothing without a report or a database', async () => {
    const run = await runAt(own, { kind: 'build', attempt: 1, domains: [] })
    const missing = `run ${ID} is committing, but its report names no database`
    await expect(own.ends.build.commit(run)).rejects.toThrow(missing)
    own.artifacts.put(`runs/${ID}/attempt=1/report.json`, { ...buildReportOf(base), database: null })
    await expect(own.ends.build.commit(run)).rejects.toThrow(missing)
  })

  test.each([
    [4, ['s3://artifacts/stale']],
    [5, []],
  ])(
    'removes the database before the last one unless a newer build than %i has it',
    async (ordinal, gone) => {
      const run = await runAt(own, { kind: 'build', domains: [], base: 4, lane: 'build:finance' })
      own.artifacts.put(`runs/${ID}/attempt=1/report.json`, buildReportOf(base))
      const state = { ...buildStateKey('build:finance'), ordinal, databaseUri: 'x' }
      await own.ledger.write({ put: { ...state, previousUri: 's3://artifacts/stale' } })
      own.artifacts.put('stale', {})
      await own.ends.build.commit(run)
      expect(own.artifacts.objects.has('stale')).toBe(gone.length === 0)
    },
  )
})

describe('the gate of a cleanse', () => {
  const plan = {
    run_id: ID,
    attempt: 1,
    entity: 'market_data',
    pending_prefix: '_pending/',
    inputs: [{ key: 'a' }],
  }

  test('says how a batch does not add up', () => {
    const report = { ...cleanseReportOf(plan), rows: { in: 9, out: 1, duplicates: 2, rejected: 3 } }
    expect(judgeRows(report, 5)).toMatchObject({
      reason: '9 rows in are not 1 out + 2 duplicates + 3 rejected',
    })
  })

  test('lists a run with rejected rows under its own time and id', async () => {
    const run = await runAt(own, { createdAt: 'then' })
    own.artifacts.put(`runs/${ID}/attempt=1/report.json`, cleanseReportOf(plan, { rejected: 1 }))
    const shown = { quarantinedPk: 'all', quarantinedAt: `then#${ID}` }
    expect(await own.ends.cleanse.judge(run)).toMatchObject({ shown })
  })

  test.each([
    ['year', '20261'],
    ['year', '12026'],
    ['month', '031'],
    ['month', '103'],
    ['day', '021'],
    ['day', '102'],
  ])('takes no report whose file has the %s %s', async (name, value) => {
    const report = cleanseReportOf(plan)
    const files = report.files.map((file) => ({ ...file, [name]: value }))
    own.artifacts.put(`runs/${ID}/attempt=1/report.json`, { ...report, files })
    await expect(own.ends.cleanse.judge(await runAt(own))).rejects.toThrow(name)
  })

  test('numbers a run’s files by their keys, in whatever order the report has them', async () => {
    const report = cleanseReportOf(plan, { files: 3 })
    own.artifacts.put(`runs/${ID}/attempt=1/report.json`, { ...report, files: [...report.files].reverse() })
    for (const { key } of report.files) own.silver.put(key, key)
    await own.ends.cleanse.commit(await runAt(own))
    const placed = own.silver.keys('entity=').sort()
    expect(placed.map((key) => own.silver.objects.get(key))).toEqual(report.files.map(({ key }) => key))
  })

  test('commits nothing without a report', async () => {
    const run = await runAt(own)
    await expect(own.ends.cleanse.commit(run)).rejects.toThrow(
      `run ${ID} is committing, but its report is gone`,
    )
  })
})

describe('putting back', () => {
  const who = { by: 'me' }
  const waits = () => own.ledger.all(`LANE#${LANE}`).filter(({ SK }) => SK.startsWith('WAIT#'))
  const hold = () => own.ledger.write({ put: { PK: `LANE#${LANE}`, SK: 'HOLD', holder: 'another' } })
  const listed = { quarantinedPk: 'all', quarantinedAt: 'x' }

  test('a run takes it out of the list of what is in quarantine, whole', async () => {
    await retry(own.world, await runAt(own, { state: 'PARKED', ...listed }), who)
    expect([(await now(own)).quarantinedPk, (await now(own)).quarantinedAt]).toEqual([undefined, undefined])
  })

  test('writes over nothing that waits in its place', async () => {
    const run = await runAt(own, { state: 'PARKED' })
    const SK = `WAIT#${own.clock.now()}#RUN#${ID}`
    await own.ledger.write({ put: { PK: `LANE#${LANE}`, SK, owner: 'other' } })
    expect(await retry(own.world, run, who)).toBe(false)
    expect((await now(own)).state).toBe('PARKED')
  })

  test('rejected rows go once, with their size, their reason and the list without them', async () => {
    const quarantine = [{ key: 'a', bytes: 7 }, { key: 'b' }, { key: 'c', bytes: 5 }]
    const run = await runAt(own, { state: 'COMMITTED', quarantine, ...listed })
    await hold()
    expect(await replayRejected(own.world, run, who)).toBe(true)
    const waiver = { by: 'me', why: `replay of the rows that run ${ID} rejected` }
    expect(waits()).toMatchObject([{ bytes: 12, waiver, input: { rejectedOf: ID } }])
    expect([(await now(own)).quarantinedPk, (await now(own)).quarantinedAt]).toEqual([undefined, undefined])
    await runAt(own, { state: 'COMMITTED', quarantine, ...listed })
    own.clock.advance(1)
    expect(await replayRejected(own.world, run, who)).toBe(false)
    expect(waits()).toHaveLength(1)
  })

  test('a file goes once, and nothing is left of its quarantine', async () => {
    const place = { PK: 'FILE#f', SK: 'META', key: 'source=prices/a.json', bucket: 'bronze', versionId: 'v' }
    const file = {
      ...place,
      bytes: 3,
      landedAt: 'then',
      quarantined: 'unknown_source',
      reason: 'x',
      ...listed,
    }
    await own.ledger.write({ put: file })
    await hold()
    expect(await replayFile(own.world, testProject, file, who)).toEqual({ lane: LANE, done: true })
    const after = (await own.ledger.get(place)) as Record<string, unknown>
    for (const name of ['quarantined', 'reason', 'quarantinedPk', 'quarantinedAt'])
      expect(after[name]).toBeUndefined()
    for (const again of [file, { ...file, lane: LANE }]) {
      await own.ledger.write({ put: again === file ? { ...place, lane: LANE } : again })
      own.clock.advance(1)
      expect(await replayFile(own.world, testProject, file, who)).toEqual({ lane: LANE, done: false })
    }
  })

  test('a file whose key names no source stays where it is', async () => {
    const file = { PK: 'FILE#f', SK: 'META', key: 'drop/a.json' }
    expect(await replayFile(own.world, testProject, file, who)).toBeUndefined()
  })
})

describe('the inputs of a run', () => {
  test('are bounded, and the refusal says which bound', async () => {
    const page = Array.from({ length: 1_000 }, (_, place) => ({ PK: 'RUN#r', SK: `IN#${place}`, bytes: 1 }))
    const reader = (pages: number): LedgerReader => {
      let asked = 0
      const query = async () => {
        asked += 1
        return { items: page, ...(asked < pages && { next: 'more' }) }
      }
      return { ...own.ledger, get: async () => undefined, index: async () => ({ items: [] }), query }
    }
    expect(await inputsOf(reader(10), 'r')).toHaveLength(10_000)
    await expect(inputsOf(reader(12), 'r')).rejects.toThrow('run r has more than 10000 inputs')
    const nested = { PK: 'RUN#r', SK: 'IN#RUN#r', input: { run: 'r' } }
    const query = async () => ({ items: [nested] })
    await expect(inputsOf({ ...reader(1), query }, 'r')).rejects.toThrow('nests more than 20 put-back runs')
  })
})

describe('a run’s history', () => {
  test('says each step with its attempt and reason, where it has them', async () => {
    await runAt(own)
    const at = new Date(own.clock.now()).toISOString()
    const move = async (state: Run['state'], set?: Record<string, string | number>) =>
      own.ledger.write(moveRun(own.clock, ID, state, { ...(set && { set }), when: [] }))
    await move('READY')
    await move('PARKED', { attempt: 2, reason: 'why' })
    expect((await now(own)).history).toEqual([
      { at, state: 'READY' },
      { at, state: 'PARKED', attempt: 2, reason: 'why' },
    ])
    expect((await now(own)).dueAt).toBeDefined()
    await move('REPLAYED')
    expect([(await now(own)).duePk, (await now(own)).dueAt]).toEqual([undefined, undefined])
  })
})

test('the page on failures says what the table says', () => {
  const page = readFileSync(fileURLToPath(new URL('../../docs/failures.md', import.meta.url)), 'utf8')
  for (const { means, person } of Object.values(POLICIES))
    for (const words of [means, person]) {
      expect(words).not.toBe('')
      expect(page).toContain(words)
    }
})

import { describe, expect, test } from 'vitest'
import { type BuildReport, buildReport, judge, readReport } from '../../shared/build-report.js'
import { TerminalError } from '../../shared/errors.js'
import type { Run } from '../../shared/run.js'

const dataset = (domain: string, name: string) => ({
  ...{ domain, dataset: name, version: 1, rows: 7, location: `s3://gold/${name}/` },
  ...{ columns: [{ name: 'a', glue_type: 'int' }], files: [{ key: 'k', rows: 7, bytes: 9 }] },
})
const report = (set: Partial<BuildReport> = {}): BuildReport => ({
  ...{ run_id: 'r1', attempt: 1, edition: 'r1-1', verdict: 'passed', error: null },
  ...{ tests: { passed: 3, warned: 0, failed: 0 }, failed_tests: [], warned_tests: [] },
  datasets: [dataset('finance', 'orders'), dataset('finance', 'returns'), dataset('risk', 'limits')],
  ...{ database: { uri: 's3://artifacts/one.duckdb', bytes: 1 }, ...set },
})
const run = (set: object = {}) => ({ runId: 'r1', attempt: 1, ...set }) as Run
const failedTest = (place: number, failures: number | null = null) => ({
  ...{ test: `t${place}`, model: `m${place}`, failures },
})
const many = (count: number) => Array.from({ length: count }, (_, place) => failedTest(place))

describe('a build that passed', () => {
  test('shows its tests and what it exported', () => {
    expect(judge(report({ warned_tests: [failedTest(1, 2)] }), run())).toEqual({
      pass: true,
      shown: {
        ...{ notBuilt: [], notBuiltCount: 0, tests: { passed: 3, warned: 0, failed: 0 } },
        ...{
          failedTests: [],
          warnedTests: [failedTest(1, 2)],
          edition: 'r1-1',
          domains: ['finance', 'risk'],
        },
        datasets: [
          { domain: 'finance', dataset: 'orders', rows: 7 },
          { domain: 'finance', dataset: 'returns', rows: 7 },
          { domain: 'risk', dataset: 'limits', rows: 7 },
        ],
      },
    })
  })

  test('names no edition where it exported nothing', () => {
    const judged = judge(report({ datasets: [] }), run())
    expect(judged).toMatchObject({ pass: true, shown: { domains: [] } })
    expect(judged).not.toHaveProperty('shown.edition')
  })

  test('shows its order, and of the models that were left as they were the first 50 and their number', () => {
    const not_built = Array.from({ length: 51 }, (_, place) => ({ model: `m${place}`, why: 'unchanged' }))
    expect(judge(report({ order: ['a', 'b'], not_built }), run())).toMatchObject({
      shown: { order: ['a', 'b'], notBuilt: not_built.slice(0, 50), notBuiltCount: 51 },
    })
    const behind = not_built.map(({ model }) => model)
    expect(judge(report({ behind }), run())).toMatchObject({ shown: { behind: behind.slice(0, 50) } })
  })

  test('shows twenty tests of each kind', () => {
    const judged = judge(report({ failed_tests: many(21), warned_tests: many(22) }), run())
    expect(judged).toMatchObject({ shown: { failedTests: many(20), warnedTests: many(20) } })
  })
})

test.each([
  ['standard', 'no model reads anything new'],
  ['ci', 'nothing differs from the promoted manifest'],
  ['test', 'no test reads what was built'],
])('a build of mode %s with nothing to do says so, and has no edition', (mode, unchanged) => {
  const judged = judge(report({ verdict: 'unchanged', order: ['a'] }), run({ mode }))
  const shown = { order: ['a'], notBuilt: [], notBuiltCount: 0, unchanged }
  expect(judged).toEqual({ pass: true, shown })
})

describe('a build whose tests failed', () => {
  const held = { verdict: 'tests_failed' as const, datasets: [], database: null }

  test('is held with the first three of them', () => {
    const failed_tests = [failedTest(1, 9), failedTest(2), failedTest(3, 0), failedTest(4, 1)]
    expect(judge(report({ ...held, failed_tests }), run())).toMatchObject({
      ...{ pass: false, shown: { failedTests: failed_tests } },
      reason: 'failed tests: t1 on m1 (9 rows), t2 on m2, t3 on m3 (0 rows)',
    })
  })

  test('passes where a person let it through and it left its database, else not', () => {
    const waived = run({ waiver: { by: 'ada', why: 'known' } })
    const failed_tests = many(1)
    const exported = report({ verdict: 'tests_failed', failed_tests })
    expect(judge(exported, waived)).toMatchObject({ pass: true, shown: { failedTests: failed_tests } })
    expect(judge(exported, run())).toMatchObject({ pass: false })
    expect(judge(report({ ...held, failed_tests }), waived)).toMatchObject({ pass: false })
    expect(judge(report({ verdict: 'error' }), waived)).toMatchObject({ fromReport: true })
  })
})

test.each([
  [{ failure: { transient: true, message: 'the disk is full' }, error: 'x' }, 'the disk is full', true],
  [{ error: 'Compilation Error' }, 'Compilation Error', false],
  [{ error: null, failure: null }, 'dbt failed and gave no reason', false],
])('a build that went wrong with %j has failed: %s', (set, failed, transient) => {
  const judged = judge(report({ verdict: 'error', ...set }), run())
  expect(judged).toEqual({ failed, fromReport: true, transient })
})

describe('a report', () => {
  const reading = (content: unknown) => {
    const keys: string[] = []
    const reports = {
      read: async (key: string) => {
        keys.push(key)
        return content
      },
    }
    return { keys, read: readReport(reports, run({ attempt: 2 })) }
  }

  test('is read of the current attempt, and may be missing', async () => {
    const { keys, read } = reading(report())
    expect(await read).toEqual(report())
    expect(keys).toEqual(['runs/r1/attempt=2/report.json'])
    expect(await reading(undefined).read).toBeUndefined()
  })

  test('that is not one is refused', async () => {
    await expect(reading({ verdict: 'passed' }).read).rejects.toThrow(TerminalError)
    expect(buildReport.safeParse({ ...report(), verdict: 'perhaps' }).success).toBe(false)
  })

  test.each([
    [{ attempt: -1 }],
    [{ tests: { passed: 1.5, warned: 0, failed: 0 } }],
    [{ failed_tests: [{ test: 't', model: 'm', failures: -1 }] }],
    [{ datasets: [{ ...dataset('finance', 'orders'), version: 1.5 }] }],
    [{ datasets: [{ ...dataset('finance', 'orders'), columns: [{ name: 'a' }] }] }],
    [{ datasets: [{ ...dataset('finance', 'orders'), files: [{ key: 'k' }] }] }],
    [{ database: { uri: 's3://x' } }],
    [{ failure: { message: 'x' } }],
    [{ order: [1] }],
    [{ not_built: [{ model: 'm' }] }],
    [{ scores: [{ domain: 'finance' }] }],
    [{ scores: [{ domain: 'finance', tests: { error: { passed: 1 } } }] }],
    [{ loaded: [{ source: 'lake' }] }],
  ])('with %j is none', (wrong) => {
    expect(buildReport.safeParse(report()).success).toBe(true)
    expect(buildReport.safeParse({ ...report(), ...wrong }).success).toBe(false)
  })
})

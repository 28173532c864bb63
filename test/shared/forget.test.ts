import { beforeEach, describe, expect, test } from 'vitest'
import { TerminalError } from '../../shared/errors.js'
import {
  afterForget,
  awaitCompaction,
  deletionUnderWay,
  forgetDone,
  forgetEntry,
  forgetPlan,
  forgettingOf,
  judgeForget,
} from '../../shared/forget.js'
import { holdKey } from '../../shared/lane.js'
import type { Value } from '../../shared/ledger.js'
import { inputKey, type Run } from '../../shared/run.js'
import { FakeClock } from '../fakes/clock.js'
import { FakeLedger } from '../fakes/ledger.js'
import { testProject } from '../fakes/project.js'

const E = 'market_data'
const asked = { requestId: 'q1', column: 'symbol', dryRun: false, by: 'ada' }
const input = { forget: 'q1', column: 'symbol', dryRun: false, by: 'ada' }
const run = (set: object = {}) => ({ runId: 'f1', attempt: 2, subject: E, ...set }) as Run

describe('the deletion that an entity’s lane is held by', () => {
  let ledger: FakeLedger
  beforeEach(async () => {
    ledger = new FakeLedger()
    await ledger.write({ put: { ...holdKey(`cleanse:${E}`), holder: 'f1' } })
  })
  const took = (runId: string, what: { [name: string]: Value }) =>
    ledger.write({ put: { ...inputKey(runId, 'X#1'), input: what } })
  const underWay = () => deletionUnderWay(ledger, E)

  test('is the run whose input is a request', async () => {
    await took('f1', input)
    expect(await underWay()).toBe('f1')
  })

  test('is the run that was put back, however often; within the bound of put-backs', async () => {
    const chain = async (length: number) => {
      for (let place = 0; place < length; place += 1)
        await took(place === 0 ? 'f1' : `p${place}`, { run: `p${place + 1}` })
      await took(`p${length}`, input)
    }
    await chain(19)
    expect(await underWay()).toBe('f1')
    await chain(20)
    expect(await underWay()).toBeUndefined()
  })

  test('is none where a batch holds it, or nobody does', async () => {
    expect(await underWay()).toBeUndefined()
    await took('f1', { bucket: 'bronze' })
    expect(await underWay()).toBeUndefined()
    await took('', input)
    await took('undefined', input)
    await ledger.write({ update: holdKey(`cleanse:${E}`), remove: ['holder'] })
    expect(await underWay()).toBeUndefined()
    await ledger.write({ remove: holdKey(`cleanse:${E}`) })
    expect(await underWay()).toBeUndefined()
  })

  test('is asked of what the run took, not of what else it has', async () => {
    await ledger.write({ put: { PK: 'RUN#f1', SK: 'A', input: { bucket: 'bronze' } } })
    await took('f1', input)
    expect(await underWay()).toBe('f1')
  })
})

test('a deletion waits while a compaction of its entity is under way', async () => {
  const ledger = new FakeLedger()
  await expect(awaitCompaction(ledger, E)).resolves.toBeUndefined()
  await ledger.write({ put: { ...holdKey(`compact:${E}`), note: 'nobody' } })
  await expect(awaitCompaction(ledger, E)).resolves.toBeUndefined()
  await ledger.write({ put: { ...holdKey(`compact:${E}`), holder: 'c1' } })
  await expect(awaitCompaction(ledger, E)).rejects.toThrow(`a compaction of ${E} is under way`)
})

test('a request waits alone, with who asked, when and why', () => {
  const clock = new FakeClock()
  const detail = { ...asked, entity: E, why: 'letter 17', correlationId: 'k1' } as never
  expect(forgetEntry(clock, detail)).toEqual({
    owner: {
      ...{ PK: 'FORGET#q1', SK: 'META', ...asked, entity: E, why: 'letter 17' },
      at: new Date(clock.now()).toISOString(),
    },
    input: { ...input, correlationId: 'k1' },
    ...{ bytes: 0, alone: true },
  })
})

test('an input is a request, or none', () => {
  expect(forgettingOf(input)).toEqual(asked)
  expect(forgettingOf({ ...input, dryRun: true })).toMatchObject({ dryRun: true })
  expect(forgettingOf({ ...input, dryRun: 'true' })).toMatchObject({ dryRun: false })
  const others: Parameters<typeof forgettingOf>[0][] = [undefined, {}, { forget: 1 }]
  for (const none of others) expect(forgettingOf(none)).toBeUndefined()
})

test('the plan of an attempt says where the subject stands, and where the report goes', () => {
  const buckets = { silverBucket: 'silver', quarantineBucket: 'rejected', artifactsBucket: 'artifacts' }
  expect(forgetPlan(buckets, run({ correlationId: 'k1' }), 2, { ...asked, dryRun: true })).toEqual({
    ...{ version: 1, kind: 'forget', run_id: 'f1', attempt: 2, correlation_id: 'k1', entity: E },
    ...{ column: 'symbol', dry_run: true, silver_bucket: 'silver', quarantine_bucket: 'rejected' },
    subject_uri: 's3://artifacts/forgets/q1.json',
    report_uri: 's3://artifacts/runs/f1/attempt=2/report.json',
  })
})

describe('the proof of a deletion', () => {
  const file = { key: 'a', rows: 9, found: 3, removed: 2, left: 1 }
  const proof = (left: number, dry_run = false) => ({
    ...{ dry_run, rows: { found: 3, removed: 3 - left, left } },
    ...{ silver: [file, file], quarantine: [file], bronze: ['x', 'y'] },
  })

  test('passes where nothing is left, or nothing was to be changed', () => {
    const forgotten = { found: 3, removed: 3, left: 0, filesRead: 3, rawFiles: 2 }
    expect(judgeForget(proof(0))).toEqual({ pass: true, shown: { forgotten } })
    expect(judgeForget(proof(3, true))).toMatchObject({ pass: true, shown: { forgotten: { left: 3 } } })
  })

  test('is no success where rows are left', () => {
    const failed = '1 rows of the subject are left'
    expect(judgeForget(proof(1))).toEqual({ failed, fromReport: true })
  })

  test.each([
    [{ dry_run: 'no' }],
    [{ rows: { found: 1 } }],
    [{ rows: { found: 1, removed: 2, left: -1 } }],
    [{ silver: [{ key: 'a' }] }],
    [{ quarantine: ['a'] }],
    [{ bronze: [1] }],
  ])('with %j is none', (wrong) => {
    expect(() => judgeForget({ ...proof(0), ...wrong })).toThrow(TerminalError)
  })

  test('is named by its request', () => {
    const clock = new FakeClock()
    expect(forgetDone(run({ forgotten: { found: 3 } }), asked, clock)).toEqual({
      update: { PK: 'FORGET#q1', SK: 'META' },
      set: {
        ...{ doneAt: new Date(clock.now()).toISOString(), forgotten: { found: 3 } },
        report: 'runs/f1/attempt=2/report.json',
      },
    })
  })
})

test('who reads the entity is built anew, unless nothing was changed or nobody reads it', () => {
  const detail = { domain: 'finance', requestId: 'forget:q1', mode: 'full-refresh', by: 'ada' }
  expect(afterForget(testProject, run(), asked)).toEqual({ name: 'Build Requested', detail })
  expect(afterForget(testProject, run(), { ...asked, dryRun: true })).toBeUndefined()
  expect(afterForget(testProject, run({ subject: 'notes' }), asked)).toBeUndefined()
})

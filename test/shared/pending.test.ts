import { describe, expect, test } from 'vitest'
import { rollbacksOf, testedBy, testsOf, testsPassed, testsToFollow } from '../../shared/pending.js'
import type { Run } from '../../shared/run.js'
import { FakeClock } from '../fakes/clock.js'
import { FakeLedger } from '../fakes/ledger.js'

const tested = {
  ...{ edition: 'r1-1', database: 's3://artifacts/fast.duckdb', domains: ['finance', 'risk'] },
}
const run = (set: object) => ({ runId: 'r2', attempt: 1, lane: 'build:finance+risk', ...set }) as Run

describe('the tests of an edition that is shown before them', () => {
  test('wait in its lane', async () => {
    const ledger = new FakeLedger()
    const built = { edition: tested.edition, database: tested.database }
    const fast = run({ domains: tested.domains, correlationId: 'c1' })
    const writes = testsToFollow(new FakeClock(), fast, built)
    await ledger.write(...writes)
    const [waiting] = ledger.all('LANE#build:finance+risk').filter(({ SK }) => SK.startsWith('WAIT#'))
    const owner = 'ENTRY#build:finance+risk#tests:r1-1'
    expect(waiting).toMatchObject({ owner, input: { mode: 'test', tested, correlationId: 'c1' } })
    expect(await ledger.get({ PK: owner, SK: 'META' })).toMatchObject({ mode: 'test', tested })
    // A repeat of the transaction finds them there.
    expect((await ledger.write(...writes)).done).toBe(false)
  })

  test('say in every domain that they passed', () => {
    expect(testsPassed(run({ tested }))).toEqual(
      ['finance', 'risk'].map((domain) => ({
        update: { PK: `DOMAIN#${domain}`, SK: 'EDITION#r1-1' },
        set: { state: 'passed', testedBy: 'r2' },
        remove: ['failedAt'],
      })),
    )
  })

  test('keep who let them pass', () => {
    const waiver = { by: 'ada', why: 'it is known' }
    const [write] = testsPassed(run({ tested, waiver }))
    expect(write).toMatchObject({ set: { state: 'passed', waiver } })
  })

  test('go on in each lane that a deployment gave the domains, which then share the tables', () => {
    expect(testsOf(tested, ['risk', 'words'])).toEqual({ ...tested, domains: ['risk'], shared: true })
    expect(testsOf(tested, ['words', 'risk', 'finance'])).toEqual(tested)
    expect(testsOf(tested, ['words'])).toBeUndefined()
  })

  test('that fail ask to take the edition away, in each domain', () => {
    const reason = 'failed tests: unique on orders'
    const detail = { from: 'r1-1', to: 'r1-1', by: 'finish-build', failed: true, why: reason }
    expect(rollbacksOf(run({ tested, gate: 'failed', reason }))).toEqual(
      ['finance', 'risk'].map((domain) => ({
        name: 'Rollback Requested',
        detail: { ...detail, domain, requestId: `tests:r1-1:${domain}` },
      })),
    )
  })

  test('give a reason that an event can carry', () => {
    const [asked] = rollbacksOf(run({ tested, gate: 'failed', reason: 'x'.repeat(1_001) }))
    expect(asked).toMatchObject({ detail: { why: 'x'.repeat(1_000) } })
  })

  test('ask for nothing where they passed, and no other run does', () => {
    expect(rollbacksOf(run({ tested, reason: 'r' }))).toEqual([])
    expect(rollbacksOf(run({ gate: 'failed', reason: 'r' }))).toEqual([])
    expect(testedBy(run({}))).toBeUndefined()
  })
})

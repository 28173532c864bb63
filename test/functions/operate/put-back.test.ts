import { beforeEach, describe, expect, test } from 'vitest'
import { putBack, type Request } from '../../../functions/operate/put-back/put-back.js'
import type { Run } from '../../../shared/run.js'
import { type Behaviour, Chain } from '../../fakes/chain.js'
import { checkRest } from '../../fakes/invariants.js'
import { drop, testProject } from '../../fakes/project.js'
import { buildPlan, buildReportOf, cleansePlan, cleanseReportOf } from '../../fakes/work.js'

let chain: Chain
const runs = () => chain.parts.ledger.all('RUN#').filter(({ SK }) => SK === 'META') as Run[]
const of = (kind: string) => runs().filter((run) => run.kind === kind)
const last = (kind = 'cleanse') => of(kind).at(-1) as Run
const ask = (request: Request) => putBack({ ...chain.parts.world, project: testProject }, request)
const retry = (runId: string) => ask({ 'detail-type': 'Retry Requested', detail: { runId, by: 'ada' } })
const approve = (runId: string) =>
  ask({ 'detail-type': 'Run Approved', detail: { runId, by: 'ada', why: 'the feed is thin today' } })
const replay = (runId: string) => ask({ 'detail-type': 'Replay Requested', detail: { runId, by: 'ada' } })
const replayFile = (fileId: string) =>
  ask({ 'detail-type': 'Replay Requested', detail: { fileId, by: 'ada' } })
const planOf = ({ runId, attempt }: Run) =>
  chain.parts.artifacts.objects.get(`runs/${runId}/attempt=${attempt}/plan.json`) as Record<string, unknown>

async function landed(behaviour: Behaviour, ...files: string[]): Promise<void> {
  chain = new Chain(behaviour)
  await chain.record(...files.map((file) => chain.land(file)))
  await chain.rest()
}
/** A report whose rejected rows lie in quarantine. */
const rejecting = (rejected: () => number) => (plan: unknown) => {
  if ((plan as { kind: string }).kind !== 'cleanse') return undefined
  const report = cleanseReportOf(cleansePlan(plan), { rejected: rejected() })
  const key = `entity=market_data/reason=close_missing/run=${report.run_id}/attempt=1/rejected.ndjson`
  const quarantine = rejected() > 0 ? [{ reason: 'close_missing', key, rows: rejected(), bytes: 77 }] : []
  return { ...report, quarantine }
}

describe('a retry', () => {
  beforeEach(() =>
    landed({ job: () => ({ ok: false, reason: 'somebody stopped it', failureClass: 'stopped' }) }, 'a.json'),
  )

  test('lets a new run take the inputs of the parked one, once, and records who asked', async () => {
    const { runId } = last()
    expect(await retry(runId)).toEqual({ runId, did: 'put back by ada' })
    expect(await retry(runId)).toEqual({ runId, did: 'put back before' })
    const [old, next] = of('cleanse')
    expect(old).toMatchObject({ state: 'REPLAYED', into: next?.runId, putBack: { as: 'retry', by: 'ada' } })
    expect(of('cleanse')).toHaveLength(2)
  })

  test.each([1, 2, 3, 4, 5])('whose stage dies after effect %i is done by its repeat', async (call) => {
    const { runId } = last()
    chain.parts.faults.crashFromNow(call, 'after')
    await retry(runId).catch(() => undefined)
    chain.parts.faults.revive()
    await retry(runId)
    expect(of('cleanse')).toHaveLength(2)
    expect(last().state).toBe('READY')
  })

  test('of what cannot be retried is refused with the reason', async () => {
    const { runId } = last()
    expect(await retry('nobody')).toEqual({ did: 'refused: there is no run nobody' })
    expect((await approve(runId)).did).toBe(
      'refused: the run cannot be approved, no gate held it back: retry it',
    )
    await retry(runId)
    expect((await retry(last().runId)).did).toBe('refused: the run is READY, not PARKED')
    expect((await approve(last().runId)).did).toBe('refused: the run cannot be approved, it is READY')
    expect((await approve(runId)).did).toBe('put back before')
  })
})

describe('an approval', () => {
  beforeEach(() => landed({ report: rejecting(() => 9) }, 'a.json'))

  test('lets the held batch alone pass its gate, and says who waived it', async () => {
    const held = last()
    expect(held).toMatchObject({ state: 'PARKED', gate: 'failed', quarantinedPk: 'all' })
    await chain.record(chain.land('b.json'))
    expect((await approve(held.runId)).did).toBe('approved by ada: the feed is thin today')
    await chain.rest()
    const [, beside, waived] = of('cleanse')
    expect(beside).toMatchObject({ state: 'PARKED' })
    expect(beside?.waiver).toBeUndefined()
    expect(waived).toMatchObject({ state: 'COMMITTED', waiver: { by: 'ada', why: 'the feed is thin today' } })
    expect(cleansePlan(planOf(waived as Run)).inputs.map(({ key }) => key.slice(-6))).toEqual(['a.json'])
    expect(runs().find(({ runId }) => runId === held.runId)?.quarantinedPk).toBeUndefined()
  })

  test('of a build exports what failed its tests, and the edition carries the waiver', async () => {
    await landed(
      {
        report: (plan) => {
          const { kind, waive_tests } = plan as { kind: string; waive_tests?: boolean }
          if (kind !== 'build') return undefined
          const report = buildReportOf(buildPlan(plan))
          const failed_tests = [{ test: 'unique', model: 'm', failures: 2 }]
          const held = { ...report, verdict: 'tests_failed' as const, failed_tests }
          return waive_tests ? held : { ...held, database: null, datasets: [] }
        },
      },
      'a.json',
    )
    await approve(last('build').runId)
    await chain.rest()
    expect(last('build')).toMatchObject({ state: 'COMMITTED', failedTests: [{ test: 'unique' }] })
    const editions = chain.parts.ledger.all('DOMAIN#').filter(({ SK }) => SK.startsWith('EDITION#'))
    expect(editions.map(({ state, waiver }) => [state, waiver])).toEqual(
      Array(2).fill(['passed', { by: 'ada', why: 'the feed is thin today' }]),
    )
  })
})

describe('a replay of rejected rows', () => {
  let rejected = 0
  beforeEach(async () => {
    rejected = 2
    await landed({ report: rejecting(() => rejected) }, 'a.json', 'b.json', 'c.json', 'd.json', 'e.json')
  })

  test('gives the objects that hold them to a run of its own, past the share but not past the sum', async () => {
    const { runId, createdAt } = last()
    expect(last()).toMatchObject({ state: 'COMMITTED', quarantinedPk: 'all' })
    expect((await replay(runId)).did).toBe('rejected rows put back by ada')
    expect((await replay(runId)).did).toBe('put back before')
    await chain.rest()
    const key = `entity=market_data/reason=close_missing/run=${runId}/attempt=1/rejected.ndjson`
    expect(planOf(last())).toMatchObject({
      inputs: [
        {
          kind: 'rejected',
          bucket: 'quarantine',
          key,
          version_id: null,
          bytes: 77,
          of_run: runId,
          landed_at: createdAt,
        },
      ],
    })
    expect(last()).toMatchObject({ state: 'COMMITTED', waiver: { by: 'ada' }, quarantinedPk: 'all' })
    expect(runs().find((run) => run.runId === runId)?.quarantinedPk).toBeUndefined()
    expect(of('cleanse')).toHaveLength(2)
  })

  test('can be replayed again by the run that rejected them again', async () => {
    await replay(last().runId)
    await chain.rest()
    rejected = 0
    await replay(last().runId)
    await chain.rest()
    expect(of('cleanse').map(({ quarantinedPk }) => quarantinedPk)).toEqual([undefined, undefined, undefined])
    expect((await replay(last().runId)).did).toBe('refused: the run has no rejected rows')
  })

  test('is refused for a build, and for a run that is parked as a whole', async () => {
    expect((await replay(last('build').runId)).did).toBe('refused: only a cleanse rejects rows')
    await landed({ report: rejecting(() => 9) }, 'a.json')
    expect((await replay(last().runId)).did).toContain('the whole run is parked')
  })
})

describe('a file of an unknown source', () => {
  test('joins its lane once a source declares it, and is refused until then', async () => {
    chain = new Chain()
    await chain.record(chain.land('a.json', { source: 'later' }))
    const [file] = chain.parts.ledger.all('FILE#')
    const id = String(file?.PK).slice('FILE#'.length)
    expect((await replayFile(id)).did).toContain('refused: still no file sources/later.yaml')
    expect((await replayFile('0')).did).toBe('refused: there is no file 0')
    testProject.sources.later = drop('later', 'market_data')
    expect((await replayFile(id)).did).toBe('put into cleanse:market_data by ada')
    expect((await replayFile(id)).did).toBe('the file is in cleanse:market_data already')
    await chain.rest()
    delete testProject.sources.later
    await checkRest(chain)
    expect(chain.parts.ledger.all('FILE#')[0]).toMatchObject({
      entity: 'market_data',
      putBack: { by: 'ada' },
    })
    expect(chain.parts.ledger.all('FILE#')[0]?.quarantinedPk).toBeUndefined()
  })
})

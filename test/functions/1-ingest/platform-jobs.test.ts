import { beforeEach, describe, expect, test } from 'vitest'
import { reconcile } from '../../../functions/operate/reconcile/reconcile.js'
import { JOB_ASKED_SECONDS, JOB_SECONDS_MAX, UNKNOWN_SECONDS } from '../../../shared/bounds.js'
import { platformIdentity, syncIdOf } from '../../../shared/doors/heard.js'
import { recordSync, syncKey } from '../../../shared/doors/sync.js'
import { extractState, requestExtract } from '../../../shared/extract.js'
import type { Run } from '../../../shared/run.js'
import { Chain } from '../../fakes/chain.js'

/** Jobs of the dbt platform as work of another engine: started, awaited and asked after, on the fakes. */
let chain: Chain
beforeEach(() => {
  chain = new Chain({ errorsKept: true })
})

const asked = (requestId = 'r1') => {
  const { starts, landing } = chain.parts
  return requestExtract({ ...starts.extract, project: landing.project }, { source: 'models', requestId })
}
const run = () => chain.parts.ledger.all('RUN#').find(({ SK }) => SK === 'META') as Run
const job = () => chain.parts.platform.runs[0]
const pass = () => reconcile(chain.parts.reconcile)
const ended = (ok: boolean, platformRunId = job()?.id ?? '', reason = 'it failed') =>
  chain.deliver({ name: 'Platform Job Ended', detail: { source: 'models', platformRunId, ok, reason } })
const syncId = () => syncIdOf('models', platformIdentity(job()?.id ?? '', true))

async function started(): Promise<void> {
  await asked()
  await chain.drain()
}

describe('a job of the dbt platform', () => {
  test('is started with the declared ids and a cause that names the run', async () => {
    await started()
    expect(job()?.request).toEqual({
      url: 'https://cloud.getdbt.com',
      accountId: '1',
      jobId: '123',
      secret: 'sluice/models',
      cause: `Sluice ${run().runId}/1`,
    })
    expect(run()).toMatchObject({ kind: 'extract', state: 'RUNNING', engine: 'dbt-platform', job: job()?.id })
  })

  test('ends its run by its notice, and is a sync of its source', async () => {
    await started()
    await ended(true)
    await chain.drain()
    expect(run()).toMatchObject({ state: 'COMMITTED', requestIds: ['r1'] })
    const sync = await chain.parts.ledger.get(syncKey(syncId()))
    expect(sync).toMatchObject({ source: 'models', outcome: 'finished', job: job()?.id })
    expect(chain.parts.bus.details('Sync Finished')).toMatchObject([{ syncId: syncId(), source: 'models' }])
    expect(chain.parts.bus.details('Extract Finished')).toMatchObject([
      { source: 'models', requestIds: ['r1'] },
    ])
    expect((await extractState(chain.parts.ledger, 'models'))?.ordinal).toBe(1)
  })

  test('whose notice was recorded by the door is the same sync', async () => {
    await started()
    const { world, landing } = chain.parts
    const heard = { outcome: 'finished' as const, identity: platformIdentity(job()?.id ?? '', true) }
    await recordSync({ ...world, project: landing.project }, { source: 'models', heard })
    await ended(true)
    await chain.drain()
    expect(chain.parts.ledger.all('SYNC#')).toHaveLength(1)
  })

  test('is asked after when its notice never comes', async () => {
    await started()
    chain.parts.platform.end(job()?.id ?? '', { ok: true })
    chain.parts.clock.advance(JOB_ASKED_SECONDS + 1)
    await pass()
    expect(run().state).toBe('COMMITTED')
    expect(chain.parts.bus.details('Sync Finished')).toHaveLength(1)
  })

  test('that runs on is asked after again, and cancelled beyond its time', async () => {
    await started()
    chain.parts.clock.advance(JOB_ASKED_SECONDS + 1)
    await pass()
    expect(run()).toMatchObject({ state: 'RUNNING', attempt: 1 })
    chain.parts.clock.advance(JOB_SECONDS_MAX['dbt-platform'])
    await pass()
    expect(chain.parts.platform.stopped).toEqual([job()?.id])
    expect(run()).toMatchObject({ state: 'READY', lastFailure: expect.stringContaining('time limit') })
  })

  test('of a platform that says nothing any more is given up when its time is over', async () => {
    await started()
    const { reconcile: effects } = chain.parts
    const silent = () => Promise.reject(new Error('401 Invalid token.'))
    const mute = { ...effects, platform: { get: silent } }
    chain.parts.clock.advance(JOB_ASKED_SECONDS + 1)
    await expect(reconcile(mute)).rejects.toThrow('401 Invalid token.')
    expect(run()).toMatchObject({ state: 'RUNNING', attempt: 1 })
    chain.parts.clock.advance(JOB_SECONDS_MAX['dbt-platform'])
    await reconcile(mute)
    expect(run()).toMatchObject({ state: 'READY', tries: 1 })
  })

  test('that the platform does not know any more is lost, and started again', async () => {
    await started()
    chain.parts.platform.runs.length = 0
    for (const seconds of [JOB_ASKED_SECONDS, UNKNOWN_SECONDS]) {
      chain.parts.clock.advance(seconds + 1)
      await pass()
    }
    await chain.drain()
    expect(run()).toMatchObject({ state: 'RUNNING', attempt: 2, tries: 1 })
  })

  test('that failed parks its run with what the platform says, and moves nothing', async () => {
    await started()
    await ended(false, undefined, 'model stg_ads failed')
    await chain.drain()
    expect(run()).toMatchObject({
      state: 'PARKED',
      failureClass: 'reported',
      reason: 'the dbt platform says error: model stg_ads failed',
    })
    expect(chain.parts.ledger.all('SYNC#')).toEqual([])
    expect(await extractState(chain.parts.ledger, 'models')).toBeUndefined()
    expect(chain.parts.told).toEqual(['[P2] extract of models: the job failed'])
  })

  test('that others started, or an earlier one, ends nothing', async () => {
    await ended(true, '5')
    await started()
    await ended(true, '5')
    expect(run().state).toBe('RUNNING')
  })
})

describe('a start whose answer was lost', () => {
  test('is found by its cause, and not begun a second time', async () => {
    chain.parts.faults.crashAtEffect('platform.start', 'after')
    await started()
    expect(run()).toMatchObject({ state: 'RUNNING', attempt: 1 })
    expect(run().job).toBeUndefined()
    chain.parts.clock.advance(121)
    await pass()
    expect(chain.parts.platform.runs).toHaveLength(1)
    expect(run().job).toBe(job()?.id)
  })

  test('that never happened is made once more, with another attempt', async () => {
    chain.parts.faults.crashAtEffect('platform.start', 'before')
    await started()
    chain.parts.clock.advance(121)
    await pass()
    await chain.drain()
    expect(chain.parts.platform.runs.map(({ request }) => request.cause)).toEqual([`Sluice ${run().runId}/2`])
  })
})

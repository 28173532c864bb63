import { beforeEach, describe, expect, test } from 'vitest'
import { claim } from '../../shared/claim.js'
import { finishRun, settle } from '../../shared/end-run.js'
import { retry } from '../../shared/put-back.js'
import type { Run } from '../../shared/run.js'
import { startRun } from '../../shared/start-run.js'
import type { Ended } from '../../shared/work.js'
import { type Behaviour, Chain } from '../fakes/chain.js'
import { checkRest, fateOf } from '../fakes/invariants.js'

const WHO = { by: 'ada' }
const OK: Ended = { ok: true }
const FAILED: Ended = { ok: false, reason: 'exit code 1', failureClass: 'crashed' }
let chain: Chain
let runId: string

/** One landed file whose run is RUNNING and linked. */
async function running(behaviour: Behaviour = {}, source = 'prices'): Promise<void> {
  chain = new Chain(behaviour)
  await chain.record(chain.land('a.json', { source }))
  runId = chain.parts.bus.details('Batch Ready')[0]?.runId ?? ''
  await chain.deliverNext()
}
beforeEach(() => running())

const run = (id = runId) => chain.parts.ledger.all(`RUN#${id}`).find(({ SK }) => SK === 'META') as Run
const finish = (attempt: number, ended: Ended) => finishRun(chain.parts.ends.cleanse, runId, attempt, ended)
const holder = () => chain.parts.ledger.all('LANE#cleanse').find(({ SK }) => SK === 'HOLD')?.holder
const names = () => chain.parts.bus.seen.map(({ name }) => name)
/** Lets the job leave its report and files without announcing its end. */
async function work(attempt = 1): Promise<void> {
  await chain.leaveReport(runId, attempt)
}

describe('the end of an attempt', () => {
  test('that passes the gate commits the run, tells the next stage and frees the lane', async () => {
    await work()
    expect(await finish(1, OK)).toBe('committed')
    expect(run()).toMatchObject({ state: 'COMMITTED', gate: 'passed', rows: { in: 10, out: 10 } })
    expect(holder()).toBeUndefined()
    expect(chain.parts.bus.details('Silver Updated')).toEqual([
      {
        ...{ arrivedAt: '2026-03-02T07:00:00.000Z', newestAt: '2026-03-02T07:00:00.000Z' },
        runId,
        correlationId: run().correlationId,
        entity: 'market_data',
        rows: { in: 10, out: 10, duplicates: 0, rejected: 0 },
      },
    ])
  })

  test('takes what arrived meanwhile into the next run at once', async () => {
    await chain.record(chain.land('late.json'))
    await work()
    await finish(1, OK)
    expect(names()).toEqual(['Batch Ready', 'Run Started', 'Silver Updated', 'Batch Ready'])
    expect(holder()).not.toBe(runId)
  })

  test('that failed is tried again, and parked with its reason after the last try', async () => {
    expect(await finish(1, FAILED)).toBe('attempt 1 failed and is tried again: exit code 1')
    expect(run()).toMatchObject({ state: 'READY', tries: 1 })
    expect(run().job).toBeUndefined()
    await startRun(chain.parts.starts.cleanse, runId)
    expect(await finish(2, FAILED)).toBe('parked after 2 failures: exit code 1')
    expect(run()).toMatchObject({ state: 'PARKED', reason: 'exit code 1', gate: 'not reached' })
    expect(holder()).toBeUndefined()
    expect(chain.parts.bus.details('Stage Failed')).toEqual([
      {
        runId,
        correlationId: run().correlationId,
        kind: 'cleanse',
        subject: 'market_data',
        lane: 'cleanse:market_data',
        reason: 'exit code 1',
        failureClass: 'crashed',
      },
    ])
  })

  test('that failed is announced again when its announcement was lost', async () => {
    await finish(1, FAILED)
    await finish(1, FAILED)
    expect(chain.parts.bus.details('Batch Ready').map((said) => said.runId)).toEqual([runId, runId, runId])
    expect(run()).toMatchObject({ tries: 1 })
  })

  test('that left no report is a failure, whatever its exit code was', async () => {
    await finish(1, OK)
    expect(run()).toMatchObject({ state: 'READY', lastFailure: 'the job ended well but left no report' })
  })

  test('that left an unreadable report is a failure, and does not hold the lane for ever', async () => {
    await running({ errorsKept: true, report: () => ({ version: 99 }) })
    await chain.rest()
    expect(run().state).toBe('PARKED')
    expect(holder()).toBeUndefined()
  })

  test('that is held at the gate parks the run without another try', async () => {
    await running({ rejected: () => 6 })
    await chain.rest()
    expect(run()).toMatchObject({ state: 'PARKED', gate: 'failed', attempt: 1, rows: { rejected: 6 } })
    expect(chain.parts.silver.keys('entity=')).toEqual([])
    expect(chain.parts.bus.details('Gate Failed')).toHaveLength(1)
  })
})

describe('ends that come at the wrong time', () => {
  test('an early end event before the link commits', async () => {
    chain = new Chain()
    await chain.record(chain.land('a.json', { source: 'notes' }))
    runId = chain.parts.bus.details('Batch Ready')[0]?.runId ?? ''
    const { starts } = chain.parts
    const launch = starts.cleanse.launch
    starts.cleanse.launch = async (...args) => {
      const started = await launch(...args)
      await work()
      await finish(1, OK)
      return started
    }
    expect(await startRun(starts.cleanse, runId)).toBe('attempt 1 is under way')
    expect(run()).toMatchObject({ state: 'COMMITTED' })
    expect(chain.parts.jobs.stopped).toEqual([])
  })

  test.each([OK, FAILED])('a late end of an old attempt changes nothing: %o', async (late) => {
    await finish(1, FAILED)
    await startRun(chain.parts.starts.cleanse, runId)
    await work(1)
    const before = run()
    await finish(1, late)
    expect(run()).toEqual(before)
    expect(chain.parts.silver.keys('entity=')).toEqual([])
  })

  test.each([OK, FAILED])('a repeated end of a committed run changes nothing: %o', async (again) => {
    await work()
    await finish(1, OK)
    const before = run()
    await finish(1, again)
    expect(run()).toEqual(before)
  })

  test('a success that comes after the run was parked puts nothing into silver', async () => {
    await finish(1, FAILED)
    await startRun(chain.parts.starts.cleanse, runId)
    await finish(2, FAILED)
    await work(2)
    await finish(2, OK)
    expect(run().state).toBe('PARKED')
    expect(chain.parts.silver.keys('entity=')).toEqual([])
  })

  test('an end of a run that nobody knows is ignored', async () => {
    expect(await finishRun(chain.parts.ends.cleanse, 'nobody', 1, OK)).toBe('no such run')
  })
})

describe('settling', () => {
  test.each(['before', 'after'] as const)(
    'repeated at every crash point, %s the effect, gives one commit, one outcome heard and one free lane',
    async (when) => {
      await work()
      await finish(1, OK)
      for (let call = 1; call <= 40; call += 1) {
        await running()
        await work()
        chain.parts.faults.crashFromNow(call, when)
        await finish(1, OK).catch(() => undefined)
        chain.parts.faults.revive()
        await chain.rest()
        await checkRest(chain)
        expect(run(), `call ${call}`).toMatchObject({ state: 'COMMITTED', attempt: 1 })
        expect(chain.parts.ledger.all('ENTRY#build'), `call ${call}`).toHaveLength(1)
      }
    },
  )

  test('by many at once gives the same', async () => {
    await work()
    await Promise.all([finish(1, OK), finish(1, OK), settle(chain.parts.ends.cleanse, runId)])
    await chain.rest()
    await checkRest(chain)
    expect(chain.parts.silver.keys('entity=')).toHaveLength(2)
  })
})

describe('putting a parked run back', () => {
  test('moves its inputs into a new run, once', async () => {
    await running({ rejected: (id) => (id === runId ? 6 : 0) })
    await chain.rest()
    const { world } = chain.parts
    const both = await Promise.all([retry(world, run(), WHO), retry(world, run(), WHO)])
    expect(both.filter(Boolean)).toHaveLength(1)
    await chain.record(chain.land('new.json'))
    await chain.rest()
    await checkRest(chain)
    expect(run()).toMatchObject({ state: 'REPLAYED' })
    expect(chain.parts.ledger.all('FILE#').map((file) => fateOf(chain, file))).toEqual([
      'COMMITTED',
      'COMMITTED',
    ])
  })

  test('moves the inputs of a run that was itself put back', async () => {
    let bad = true
    await running({ rejected: () => (bad ? 6 : 0) })
    await chain.rest()
    await retry(chain.parts.world, run(), WHO)
    await chain.rest()
    const second = String(run().into)
    expect(run(second).state).toBe('PARKED')
    bad = false
    expect(await retry(chain.parts.world, run(second), WHO)).toBe(true)
    await chain.rest()
    await checkRest(chain)
    expect(chain.parts.ledger.all('FILE#').map((file) => fateOf(chain, file))).toEqual(['COMMITTED'])
  })

  test('does nothing to a run that is not parked', async () => {
    expect(await retry(chain.parts.world, run(), WHO)).toBe(false)
    expect(await claim(chain.parts.world, 'cleanse:market_data')).toBeUndefined()
  })
})

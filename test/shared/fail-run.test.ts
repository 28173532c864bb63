import { beforeEach, describe, expect, test } from 'vitest'
import type { FailureClass } from '../../events/catalog.js'
import { driveRun } from '../../functions/operate/reconcile/drive-run.js'
import { finishRun } from '../../shared/end-run.js'
import type { Run } from '../../shared/run.js'
import { startRun } from '../../shared/start-run.js'
import type { Ended } from '../../shared/work.js'
import { Chain } from '../fakes/chain.js'

let chain: Chain
let runId: string
const failed = (failureClass: FailureClass): Ended => ({ ok: false, reason: 'it broke', failureClass })
const runOf = (id: string) => chain.parts.ledger.all(`RUN#${id}`).find(({ SK }) => SK === 'META') as Run
const run = () => runOf(runId)
const start = (id = runId) => startRun(chain.parts.starts.cleanse, id)
const end = (ended: Ended) => finishRun(chain.parts.ends.cleanse, runId, run().attempt, ended)
const ready = () => chain.parts.bus.details('Batch Ready').length
const leave = (report: unknown) =>
  chain.parts.artifacts.put(`runs/${runId}/attempt=${run().attempt}/report.json`, report)

async function running(source = 'prices'): Promise<void> {
  chain = new Chain()
  await chain.record(chain.land('a.json', { source }))
  runId = chain.parts.bus.details('Batch Ready')[0]?.runId ?? ''
  await chain.deliverNext()
}
beforeEach(() => running())

describe('a failed attempt', () => {
  test('of a class that rests is started by the reconciler when it is due, and by nobody before', async () => {
    expect(await end(failed('capacity'))).toBe('attempt 1 failed and is tried again in 60 s: it broke')
    expect(ready()).toBe(1)
    await end(failed('capacity'))
    expect(ready()).toBe(1)
    expect(await start()).toBe(`the run rests until ${run().notBefore}`)
    expect(await driveRun(chain.parts.reconcile, runId)).toBe('not late any more')
    chain.parts.clock.advance(60)
    expect(await driveRun(chain.parts.reconcile, runId)).toBe('started attempt 2 on duckdb')
    expect(run().notBefore).toBeUndefined()
  })

  test('is kept with its class, reason and time, and counted', async () => {
    await end(failed('lost'))
    await start()
    await end(failed('spot'))
    const at = '2026-03-02T07:00:00.000Z'
    expect(run()).toMatchObject({ tries: 2, lastFailure: 'it broke' })
    expect(run().failures).toEqual([
      { attempt: 1, failureClass: 'lost', reason: 'it broke', at },
      { attempt: 2, failureClass: 'spot', reason: 'it broke', at },
    ])
  })

  test('taken back by AWS is repeated on demand, and stays there', async () => {
    await end(failed('spot'))
    await start()
    await end(failed('lost'))
    await start()
    expect(chain.parts.tasks.requests.map(({ capacity }) => capacity)).toEqual([
      'spot',
      'on demand',
      'on demand',
    ])
  })

  test('out of memory gets the next size once, then the run is parked', async () => {
    await end(failed('out_of_memory'))
    await start()
    expect(chain.parts.tasks.requests.map(({ size }) => size)).toEqual([
      undefined,
      { cpu: 4_096, memory: 16_384 },
    ])
    expect(await end(failed('out_of_memory'))).toBe('parked after 2 failures: it broke')
    expect(run()).toMatchObject({ state: 'PARKED', failureClass: 'out_of_memory', tries: 2 })
  })

  test('out of memory on Glue gets a larger worker', async () => {
    await running('notes')
    await end(failed('out_of_memory'))
    await start()
    expect(chain.parts.jobs.runs.map(({ request }) => request.workerType)).toEqual([undefined, 'G.2X'])
  })

  test('whose image cannot be pulled is parked as an error of configuration in the end', async () => {
    for (let attempt = 1; attempt < 4; attempt += 1) {
      await end(failed('image_pull'))
      chain.parts.clock.advance(900)
      await start()
    }
    await end(failed('image_pull'))
    expect(run()).toMatchObject({
      state: 'PARKED',
      failureClass: 'configuration',
      reason: 'configuration error: it broke',
    })
    expect(chain.parts.bus.details('Stage Failed')[0]).toMatchObject({
      lane: 'cleanse:market_data',
      failureClass: 'configuration',
    })
  })

  test('that a person stopped parks the run at once', async () => {
    await end(failed('stopped'))
    expect(run()).toMatchObject({ state: 'PARKED', failureClass: 'stopped' })
  })

  test('that the reconciler stopped for its time limit is told from one that a person stopped', async () => {
    chain.parts.clock.advance(10_000)
    chain.parts.faults.crashAtEffect('tasks.stop', 'after')
    await driveRun(chain.parts.reconcile, runId).catch(() => undefined)
    chain.parts.faults.revive()
    await end(failed('stopped'))
    expect(run()).toMatchObject({ state: 'READY', failures: [{ failureClass: 'timed_out' }] })
  })
})

describe('what the job itself reports', () => {
  test.each([
    [true, 'READY', 'reported_transient'],
    [false, 'PARKED', 'reported'],
  ])('decides whether it is tried again: transient %s', async (transient, state, failureClass) => {
    await leave({ run_id: runId, attempt: 1, failure: { transient, message: 'S3 was away' } })
    await end(failed('crashed'))
    expect(run()).toMatchObject({ state, failures: [{ failureClass, reason: 'S3 was away' }] })
  })

  test('counts less than what happened to its machine', async () => {
    await leave({ failure: { transient: false, message: 'killed' } })
    await end(failed('spot'))
    expect(run()).toMatchObject({ state: 'READY', failures: [{ failureClass: 'spot' }] })
  })
})

describe('the queue for Glue', () => {
  const waiting = () => chain.parts.ledger.all('WAITING#').map((item) => item.runId)
  /** Two runs that wait for the one that Glue runs. */
  async function full(): Promise<[string, string]> {
    await running('notes')
    const { ledger, jobs, clock, bus } = chain.parts
    jobs.maxConcurrent = 1
    const others: string[] = []
    for (const entity of ['second', 'third']) {
      const id = clock.newId()
      const lane = `cleanse:${entity}`
      const { PK: _, SK: __, job: ___, ...like } = run()
      const key = { PK: `RUN#${id}`, SK: 'META' }
      await ledger.write({ put: { ...like, ...key, runId: id, lane, state: 'READY', attempt: 0 } as never })
      await ledger.write({ put: { PK: `LANE#${lane}`, SK: 'HOLD', holder: id } })
      clock.advance(1)
      await start(id)
      others.push(id)
    }
    while (bus.take());
    return others as [string, string]
  }
  const endFirst = async () => {
    await chain.leaveReport(runId, 1)
    chain.parts.jobs.end('jr_0', { ok: true })
    await end({ ok: true })
  }

  test('wakes the first that waits when any Glue run ends, and no more than one', async () => {
    const [second, third] = await full()
    expect(waiting()).toEqual([second, third])
    await endFirst()
    expect(waiting()).toEqual([third])
    expect(chain.parts.bus.take()).toMatchObject({ name: 'Batch Ready', detail: { runId: second } })
  })

  test('gives a run its old place back that was woken for nothing', async () => {
    const [second, third] = await full()
    await endFirst()
    chain.parts.jobs.maxConcurrent = 0
    await start(second)
    expect(waiting()).toEqual([second, third])
    expect(runOf(second)).toMatchObject({ state: 'READY', tries: 0 })
  })

  test('passes over a run that does not wait any more', async () => {
    const [second, third] = await full()
    const key = { PK: `RUN#${second}`, SK: 'META' }
    await chain.parts.ledger.write({ update: key, set: { state: 'PARKED' } })
    await endFirst()
    expect(waiting()).toEqual([])
    expect(chain.parts.bus.take()).toMatchObject({ name: 'Batch Ready', detail: { runId: third } })
  })

  test('is not all that a run relies on: the reconciler looks after one that nobody woke', async () => {
    const [second] = await full()
    chain.parts.jobs.maxConcurrent = 3
    chain.parts.clock.advance(121)
    expect(await driveRun(chain.parts.reconcile, second)).toBe('started attempt 2 on spark')
    expect(waiting()).not.toContain(second)
  })
})

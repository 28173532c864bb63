import { beforeEach, describe, expect, test } from 'vitest'
import { driveRun } from '../../functions/operate/reconcile/drive-run.js'
import { reconcile } from '../../functions/operate/reconcile/reconcile.js'
import { PASS } from '../../shared/bounds.js'
import { claim } from '../../shared/claim.js'
import { join, registerLane } from '../../shared/lane.js'
import { type Run, runKey } from '../../shared/run.js'
import { type Behaviour, Chain } from '../fakes/chain.js'
import { checkRest } from '../fakes/invariants.js'

const LANE = 'cleanse:market_data'
const LATE = 10_000
let chain: Chain
beforeEach(() => {
  chain = new Chain()
})
const pass = () => reconcile(chain.parts.reconcile)
const late = (seconds = LATE) => chain.parts.clock.advance(seconds)
const runs = () => chain.parts.ledger.all('RUN#').filter(({ SK }) => SK === 'META') as Run[]
const state = () => runs()[0]?.state
const events = () => chain.parts.bus.seen.map(({ name }) => name)
/** A run of one file whose every event was lost so far. */
async function landed(source = 'prices', behaviour: Behaviour = {}): Promise<string> {
  chain = new Chain(behaviour)
  await chain.record(chain.land('a.json', { source }))
  chain.parts.bus.take()
  return runs()[0]?.runId ?? ''
}

describe('what the reconciler sees, and does', () => {
  test('a lane without holder in which an entry waits: it claims', async () => {
    await registerLane(chain.parts.world, LANE)
    const owner = { PK: 'FILE#a', SK: 'META' }
    await join(chain.parts.world, LANE, { owner, input: { key: 'a' }, bytes: 1 })
    expect(await pass()).toMatchObject({ lanes: 1 })
    expect(state()).toBe('READY')
    expect(events()).toEqual(['Batch Ready'])
  })

  test('a held lane in which an entry waits: it leaves it to the holder', async () => {
    await landed()
    await chain.record(chain.land('b.json'))
    expect(await pass()).toMatchObject({ lanes: 0 })
    expect(runs()).toHaveLength(1)
  })

  test('a run that is FILLING late: it seals, and the run keeps what it has', async () => {
    const files = Array.from({ length: 40 }, (_, n) => chain.land(`${n}.json`))
    const { ledger } = chain.parts
    const { write } = ledger
    // The claimer dies between its first page and the second.
    ledger.write = async (...writes) => {
      if (writes.some((one) => 'check' in one)) throw new Error('died')
      return write.apply(ledger, writes)
    }
    await chain.record(...files).catch(() => undefined)
    ledger.write = write
    expect(state()).toBe('FILLING')
    late()
    await pass()
    expect(state()).toBe('READY')
    await chain.rest()
    await checkRest(chain)
  })

  test('a run that is READY late: it starts', async () => {
    await landed()
    late()
    await pass()
    expect(state()).toBe('RUNNING')
    expect(chain.parts.tasks.tasks).toHaveLength(1)
  })

  test('a run that is READY and not late: it leaves it alone', async () => {
    await landed()
    late(30)
    expect(await pass()).toMatchObject({ late: 0 })
    expect(state()).toBe('READY')
  })

  test('an intent whose lease has passed: it takes it up', async () => {
    const runId = await landed('notes')
    chain.parts.faults.crashAtEffect('jobs.start', 'after')
    await chain.deliver({ name: 'Batch Ready', detail: { runId } })
    late(121)
    await pass()
    expect(runs()[0]).toMatchObject({ state: 'RUNNING', job: 'jr_0', attempt: 1 })
  })

  test.each(['prices', 'notes'])(
    'a job of %s that ended though no event said so: it finishes the run',
    async (source) => {
      const runId = await landed(source)
      await chain.deliver({ name: 'Batch Ready', detail: { runId } })
      await chain.leaveReport(runId, 1)
      const job = runs()[0]?.job ?? ''
      chain.parts.tasks.end(job, { ok: true })
      chain.parts.jobs.end(job, { ok: true })
      late()
      await pass()
      expect(state()).toBe('COMMITTED')
    },
  )

  test.each(['prices', 'notes'])(
    'a job of %s beyond its limit: it stops it, and that was a failure',
    async (source) => {
      const runId = await landed(source)
      await chain.deliver({ name: 'Batch Ready', detail: { runId } })
      const job = runs()[0]?.job
      late()
      await pass()
      expect([...chain.parts.tasks.stopped, ...chain.parts.jobs.stopped]).toEqual([job])
      expect(runs()[0]).toMatchObject({
        state: 'READY',
        tries: 1,
        lastFailure: expect.stringContaining('time limit'),
      })
    },
  )

  test('a job within its limit: it leaves it alone', async () => {
    const runId = await landed()
    await chain.deliver({ name: 'Batch Ready', detail: { runId } })
    late(3_599)
    await pass()
    expect(chain.parts.tasks.stopped).toEqual([])
    expect(state()).toBe('RUNNING')
  })

  test('a task that ECS has forgotten: that was a failure', async () => {
    const runId = await landed()
    await chain.deliver({ name: 'Batch Ready', detail: { runId } })
    chain.parts.tasks.tasks.length = 0
    late()
    await pass()
    expect(state()).toBe('RUNNING')
    late()
    await pass()
    expect(runs()[0]).toMatchObject({ lastFailure: expect.stringContaining('no longer knows the job') })
  })

  test('a run that is COMMITTING late: it settles', async () => {
    const runId = await landed('prices', { retried: false })
    await chain.deliver({ name: 'Batch Ready', detail: { runId } })
    chain.parts.faults.crashAtEffect('silver.copy', 'after')
    await chain.endOneJob()
    expect(state()).toBe('COMMITTING')
    chain.parts.faults.revive()
    late()
    await pass()
    expect(state()).toBe('COMMITTED')
  })

  test('a committed run that its consumer has not heard: it announces it again until it has', async () => {
    await landed()
    late()
    await pass()
    await chain.endOneJob()
    const told = () => chain.parts.bus.details('Silver Updated').length
    for (let times = 1; times <= 3; times += 1) {
      expect(told()).toBe(times)
      while (chain.parts.bus.take());
      late()
      await pass()
    }
    await chain.rest()
    const settled = told()
    late()
    await pass()
    expect(told()).toBe(settled)
    expect(runs().every(({ duePk }) => duePk === undefined)).toBe(true)
  })

  test('a parked run of which no incident tells: it announces it again, then forgets it', async () => {
    await landed('prices', { rejected: () => 9 })
    late()
    await pass()
    await chain.endOneJob()
    expect(events().at(-1)).toBe('Gate Failed')
    chain.parts.bus.take()
    late()
    await pass()
    expect(chain.parts.bus.details('Gate Failed')).toHaveLength(2)
    await chain.rest()
    expect(chain.parts.told).toHaveLength(1)
    expect(runs()[0]?.duePk).toBeUndefined()
  })

  test('a file version whose event was lost: it lets it join, also an older version of the same key', async () => {
    const first = chain.land('a.json')
    const again = { ...first.detail.object, 'version-id': 'v9' }
    chain.parts.bronze.land({ key: again.key, versionId: 'v9', bytes: 1, landedAt: first.time })
    await pass()
    expect(
      chain.parts.ledger
        .all('FILE#')
        .map(({ versionId }) => versionId)
        .sort(),
    ).toEqual(['v1', 'v9'])
  })
})

describe('one pass', () => {
  test('changes nothing when nothing is late', async () => {
    await chain.record(chain.land('a.json'))
    await chain.rest()
    const before = chain.parts.ledger.all()
    await pass()
    expect(chain.parts.ledger.all()).toEqual(before)
  })

  test('drives the others when one run cannot be driven, and then says what failed', async () => {
    await landed()
    await chain.record(chain.land('t.csv', { source: 'trades' }))
    const broken = runs().find(({ subject }) => subject === 'market_data')?.runId
    const { prepare } = chain.parts.starts.cleanse
    chain.parts.starts.cleanse.prepare = (run, attempt) =>
      run.runId === broken ? Promise.reject(new Error('S3 is away')) : prepare(run, attempt)
    late()
    await expect(pass()).rejects.toThrow(/could not drive 1: RUN#\w+: S3 is away/)
    expect(runs().find(({ subject }) => subject === 'transactions')?.state).toBe('RUNNING')
  })

  test('reads each find again: a run that somebody drove meanwhile is left alone', async () => {
    const runId = await landed()
    expect(await driveRun(chain.parts.reconcile, runId)).toBe('not late any more')
    expect(await driveRun(chain.parts.reconcile, 'nobody')).toBe('not late any more')
  })

  test('by two reconcilers at once starts one job', async () => {
    await landed('notes')
    late()
    await Promise.all([pass(), pass()])
    expect(chain.parts.jobs.runs).toHaveLength(1)
  })

  test('touches a bounded number of runs; the next pass goes on', async () => {
    const { ledger, clock } = chain.parts
    for (let n = 0; n < PASS.runs + 5; n += 1) {
      await join(chain.parts.world, `cleanse:e${n}`, {
        owner: { PK: `FILE#${n}`, SK: 'META' },
        input: {},
        bytes: 1,
      })
      await claim(chain.parts.world, `cleanse:e${n}`)
    }
    clock.advance(LATE)
    expect(await pass()).toMatchObject({ late: PASS.runs })
    expect(await pass()).toMatchObject({ late: 5 })
    expect((await ledger.get(runKey(runs()[0]?.runId ?? '')))?.state).toBe('RUNNING')
  })
})

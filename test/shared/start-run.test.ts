import { beforeEach, describe, expect, test } from 'vitest'
import { TerminalError } from '../../shared/errors.js'
import type { Run } from '../../shared/run.js'
import { startRun } from '../../shared/start-run.js'
import { Chain } from '../fakes/chain.js'
import { override } from '../fakes/faults.js'

let chain: Chain
let runId: string
beforeEach(() => {
  chain = new Chain()
})

/** A run that is READY: its event is taken from the bus, so that a test starts it as it likes. */
async function ready(source: 'prices' | 'notes'): Promise<string> {
  await chain.record(chain.land('a.json', { source }))
  runId = chain.parts.bus.details('Batch Ready')[0]?.runId ?? ''
  chain.parts.bus.take()
  return runId
}
const run = () => chain.parts.ledger.all(`RUN#${runId}`).find(({ SK }) => SK === 'META') as Run
const start = () => startRun(chain.parts.starts.cleanse, runId)
/** One invocation that dies at the first effect of this name, before or after it. */
async function dieAt(effect: string, when: 'before' | 'after' = 'after'): Promise<void> {
  const { faults } = chain.parts
  faults.crashAtEffect(effect, when)
  await expect(start()).rejects.toThrow(effect)
  faults.revive()
}

describe('starting a run', () => {
  test('writes the plan, starts one job and links it', async () => {
    await ready('prices')
    expect(await start()).toBe('started attempt 1 on duckdb')
    const { tasks, artifacts } = chain.parts
    expect(run()).toMatchObject({ state: 'RUNNING', attempt: 1, engine: 'duckdb', job: tasks.tasks[0]?.job })
    expect(artifacts.at(`s3://artifacts/runs/${runId}/attempt=1/plan.json`)).toMatchObject({ run_id: runId })
    expect(tasks.requests[0]).toEqual(run().request)
  })

  test('starts nothing for a duplicate of the event', async () => {
    await ready('prices')
    await start()
    expect(await start()).toBe('nothing to start: the run is RUNNING')
    expect(chain.parts.tasks.requests).toHaveLength(1)
  })

  test('starts one job when two duplicates come at once', async () => {
    await ready('notes')
    await Promise.all([start(), start(), start()])
    expect(chain.parts.jobs.runs).toHaveLength(1)
  })

  test('does nothing for a run that the ledger does not know', async () => {
    expect(await startRun(chain.parts.starts.cleanse, 'nobody')).toBe('no such run')
  })

  test('keeps the sum of what the job reads on the run', async () => {
    await ready('prices')
    await start()
    expect(run()).toMatchObject({ files: 1, bytes: 100 })
  })
})

describe('a service that does not start the job', () => {
  test('ConcurrentRunsExceeded is no failure: the run waits with its tries, and nothing is parked', async () => {
    await ready('notes')
    chain.parts.jobs.maxConcurrent = 0
    for (let times = 0; times < 5; times += 1)
      expect(await start()).toBe('Glue is at its limit: the run waits for the end of another')
    expect(run()).toMatchObject({ state: 'READY', tries: 0, attempt: 5 })
    expect(run().failures).toBeUndefined()
    chain.parts.jobs.maxConcurrent = 1
    expect(await start()).toBe('started attempt 6 on spark')
    expect(chain.parts.ledger.all('WAITING#')).toEqual([])
    expect(run().waitingSk).toBeUndefined()
  })

  test('RunTask answering with failures and no task is tried again, and then parked with its reason', async () => {
    await ready('prices')
    chain.parts.tasks.failing = Array.from({ length: 4 }, () => 'RESOURCE:ENI')
    await start()
    expect(run()).toMatchObject({ state: 'READY', tries: 1 })
    await chain.rest()
    expect(run()).toMatchObject({
      state: 'PARKED',
      reason: 'ECS started no task: RESOURCE:ENI',
      failureClass: 'network_interface',
      tries: 4,
    })
    expect(chain.parts.told).toHaveLength(1)
    expect(chain.parts.ledger.all('LANE#cleanse').filter(({ holder }) => holder)).toEqual([])
  })

  test('RunTask answering with failures once costs one try', async () => {
    await ready('prices')
    chain.parts.tasks.failing = ['RESOURCE:ENI']
    await start()
    await chain.rest()
    expect(run()).toMatchObject({ state: 'COMMITTED', tries: 1, attempt: 2 })
  })

  test('a service that throws at every call parks the run in the end and frees the lane', async () => {
    chain = new Chain({ errorsKept: true })
    chain.parts.starts.cleanse.launch = () => Promise.reject(new Error('InvalidParameterException'))
    await chain.record(chain.land('a.json'))
    runId = chain.parts.bus.details('Batch Ready')[0]?.runId ?? ''
    await chain.rest()
    expect(run()).toMatchObject({ state: 'PARKED', reason: expect.stringContaining('InvalidParameter') })
    expect(chain.parts.ledger.all('LANE#cleanse').filter(({ holder }) => holder)).toEqual([])
  })

  test('a plan that can never be made parks the run in the end and frees the lane', async () => {
    chain = new Chain({ errorsKept: true })
    chain.parts.starts.cleanse.prepare = () => Promise.reject(new TerminalError('no such entity'))
    await chain.record(chain.land('a.json'))
    runId = chain.parts.bus.details('Batch Ready')[0]?.runId ?? ''
    await chain.rest()
    expect(run()).toMatchObject({ state: 'PARKED', reason: expect.stringContaining('no such entity') })
    expect(chain.parts.ledger.all('LANE#cleanse').filter(({ holder }) => holder)).toEqual([])
  })
})

describe('an intent whose starter died', () => {
  test('is left alone while its lease lasts', async () => {
    await ready('prices')
    await dieAt('tasks.run')
    expect(await start()).toBe('nothing to start: the run is RUNNING')
  })

  test('on ECS is repeated with the identical stored request and token, and finds the first task', async () => {
    await ready('prices')
    await dieAt('tasks.run')
    chain.parts.clock.advance(121)
    await start()
    const { tasks } = chain.parts
    expect(tasks.requests).toHaveLength(2)
    expect(tasks.requests[1]).toEqual(tasks.requests[0])
    expect(tasks.tasks).toHaveLength(1)
    expect(run()).toMatchObject({ state: 'RUNNING', attempt: 1, job: tasks.tasks[0]?.job })
  })

  test('on ECS is repeated as stored even when a deploy has changed the settings', async () => {
    await ready('prices')
    await dieAt('tasks.run', 'before')
    chain.parts.clock.advance(121)
    const { starts } = chain.parts
    const prepared = starts.cleanse.prepare
    starts.cleanse.prepare = async (of, attempt) => {
      const next = await prepared(of, attempt)
      return 'unchanged' in next
        ? next
        : { ...next, request: { ...next.request, taskDefinition: 'sluice-cleanse:2' } }
    }
    await start()
    expect(chain.parts.tasks.requests[0]?.taskDefinition).toBe('sluice-cleanse:1')
  })

  test('on Glue is found in GetJobRuns and linked, and no second job starts', async () => {
    await ready('notes')
    await dieAt('jobs.start')
    chain.parts.clock.advance(121)
    await start()
    expect(chain.parts.jobs.runs).toHaveLength(1)
    expect(run()).toMatchObject({ state: 'RUNNING', attempt: 1, job: 'jr_0' })
    // It may be over already: the next pass asks.
    expect(Date.parse(String(run().dueAt))).toBe(chain.parts.clock.now())
  })

  test('on Glue that shows no job starts another attempt, and one try is spent', async () => {
    await ready('notes')
    await dieAt('jobs.start', 'before')
    chain.parts.clock.advance(121)
    await start()
    expect(run()).toMatchObject({ state: 'RUNNING', attempt: 2, tries: 1, job: 'jr_0' })
  })

  test('on Glue without tries left is parked', async () => {
    await ready('notes')
    for (let times = 0; times < 4; times += 1) {
      await dieAt('jobs.start', 'before')
      chain.parts.clock.advance(121)
    }
    await start()
    expect(run()).toMatchObject({ state: 'PARKED', reason: 'the job never started', attempt: 4, tries: 4 })
    expect(run().failureClass).toBe('never_started')
  })

  test('whose job GetJobRuns does not show yet gets a new attempt, and the old job’s end changes nothing', async () => {
    await ready('notes')
    chain.parts.jobs.stale = true
    await dieAt('jobs.start')
    chain.parts.clock.advance(121)
    await start()
    expect(chain.parts.jobs.runs.map(({ request }) => request.attempt)).toEqual([1, 2])
    await chain.rest()
    expect(run()).toMatchObject({ state: 'COMMITTED', attempt: 2 })
  })
})

test('a starter that comes too late stops its own job', async () => {
  await ready('notes')
  const { starts, jobs, clock, ledger } = chain.parts
  const launch = starts.cleanse.launch
  starts.cleanse.launch = async (...args) => {
    const started = await launch(...args)
    clock.advance(121)
    const stale = override(starts.cleanse, { launch, find: async () => undefined })
    await startRun(stale, runId)
    return started
  }
  expect(await start()).toBe('another attempt took over: stopped this job')
  expect(jobs.stopped).toEqual(['jr_0'])
  expect(await ledger.get({ PK: `RUN#${runId}`, SK: 'META' })).toMatchObject({ attempt: 2, job: 'jr_1' })
})

import { beforeEach, describe, expect, test } from 'vitest'
import { type Prepared, type StartEffects, startRun } from '../../shared/start-run.js'
import { waitForToken, wakeFirst } from '../../shared/tokens.js'
import type { Started } from '../../shared/work.js'
import { type Parts, parts } from '../fakes/parts.js'
import { holder, ID, now, runAt } from './under-way.js'

/** What single mutants of a start would break, and no story of the other tests has told. */
let own: Parts
let stopped: string[]
beforeEach(() => {
  own = parts()
  stopped = []
})
const prepared: Prepared = { engine: 'duckdb', request: { name: 'first' }, plan: {} }
const effects = (own_: Partial<StartEffects> = {}): StartEffects => ({
  ...own.starts.cleanse,
  prepare: async () => prepared,
  launch: async () => ({ job: 'job-1' }),
  find: async () => undefined,
  stop: async (job) => void stopped.push(job),
  ...own_,
})
/** A start during whose launch the run becomes something else. */
const meanwhile = (values: { [name: string]: unknown }, started: Started = { job: 'job-1' }) =>
  effects({
    launch: async () => {
      await runAt(own, values)
      return started
    },
  })
const INTENT = { engine: 'duckdb', request: { name: 'first' } }
const never = { attempt: 1, failureClass: 'never_started' as const, reason: 'x', at: 'x' }

describe('a starter whose answer comes late', () => {
  test.each([
    ['stops its job when another attempt is intended', { attempt: 2 }, ['job-1']],
    ['stops its job when another attempt has ended', { attempt: 2, state: 'COMMITTED' }, ['job-1']],
    ['stops its job when another job was linked', { job: 'job-2' }, ['job-1']],
    ['leaves its job alone when that is linked already', { job: 'job-1' }, []],
    ['leaves its job alone when its end was taken in already', { state: 'COMMITTED', job: 'other' }, []],
  ])('%s: %o', async (_, values, expected) => {
    await runAt(own, { state: 'READY', attempt: 0 })
    const did = await startRun(meanwhile({ attempt: 1, ...values }), ID)
    expect(stopped).toEqual(expected)
    const under = 'attempt 1 is under way'
    expect(did).toBe(expected.length > 0 ? 'another attempt took over: stopped this job' : under)
  })

  test('fails no attempt that has a job by now', async () => {
    await runAt(own, { state: 'READY', attempt: 0 })
    const refused: Started = { failed: 'no', failureClass: 'lost' }
    await startRun(meanwhile({ attempt: 1, job: 'job-2' }, refused), ID)
    expect(await now(own)).toMatchObject({ state: 'RUNNING', job: 'job-2', tries: 0 })
  })

  test('writes no error into an attempt that is not its own any more', async () => {
    await runAt(own, { state: 'READY', attempt: 0 })
    const launch = async (): Promise<never> => {
      await runAt(own, { attempt: 2 })
      throw new Error('no answer')
    }
    await expect(startRun(effects({ launch }), ID)).rejects.toThrow('no answer')
    expect((await now(own)).lastFailure).toBeUndefined()
  })
})

describe('a starter that stands still between its intent and its start', () => {
  const standing = (seconds: number, engine: Prepared['engine']) => {
    let asked = 0
    const own_ = effects({
      prepare: async () => ({ ...prepared, engine }),
      plans: {
        writeOnce: async (path) => {
          own.clock.advance(seconds)
          return path
        },
      },
      launch: async () => {
        asked += 1
        return { job: 'job-1' }
      },
    })
    return { own_, asked: () => asked }
  }

  test.each([
    ['starts nothing that cannot be repeated after 40 s', 'spark', 41, 0],
    ['starts it within 40 s', 'spark', 40, 1],
    ['repeats a task at any time: its token finds the first', 'duckdb', 41, 1],
  ] as const)('%s', async (_, engine, seconds, times) => {
    await runAt(own, { state: 'READY', attempt: 0 })
    const { own_, asked } = standing(seconds, engine)
    await startRun(own_, ID)
    expect(asked()).toBe(times)
    expect(await now(own)).toMatchObject({ state: 'RUNNING', attempt: 1 })
  })
})

describe('an intent', () => {
  test('leaves nothing of the attempt before it', async () => {
    await runAt(own, { state: 'READY', job: 'old', takeUps: 2, notBefore: '2026-01-01T00:00:00.000Z' })
    const launch = async (): Promise<never> => {
      const after = await now(own)
      expect([after.job, after.takeUps, after.notBefore]).toEqual([undefined, undefined, undefined])
      throw new Error('died')
    }
    await expect(startRun(effects({ launch }), ID)).rejects.toThrow('died')
    expect((await now(own)).attempt).toBe(2)
  })

  test('that somebody else has won starts nothing', async () => {
    await runAt(own, { state: 'READY', attempt: 0 })
    const prepare = async () => {
      await runAt(own, { attempt: 1 })
      return prepared
    }
    const launch = async (): Promise<never> => {
      throw new Error('started twice')
    }
    expect(await startRun(effects({ prepare, launch }), ID)).toBe('somebody else starts this attempt')
  })
})

describe('taking up', () => {
  test('begins at the very moment at which the lease is over', async () => {
    await runAt(own, { ...INTENT, dueAt: new Date(own.clock.now()).toISOString() })
    expect(await startRun(effects(), ID)).toBe('started attempt 1 on duckdb')
  })

  test('what a deployment left nothing to do: links the job that runs, else clears the way', async () => {
    const prepare = async () => ({ unchanged: 'the lane is gone' })
    await runAt(own, INTENT)
    await startRun(effects({ prepare, find: async () => 'job-3' }), ID)
    expect(await now(own)).toMatchObject({ state: 'RUNNING', job: 'job-3' })
    await runAt(own, INTENT)
    await startRun(effects({ prepare }), ID)
    expect(await now(own)).toMatchObject({ state: 'READY', lastFailure: 'the lane is gone' })
  })

  test('what a deployment left nothing to do: changes nothing of what has a job by now', async () => {
    const find = async () => {
      await runAt(own, { ...INTENT, job: 'job-2' })
      return undefined
    }
    await runAt(own, INTENT)
    await startRun(effects({ prepare: async () => ({ unchanged: 'gone' }), find }), ID)
    expect(await now(own)).toMatchObject({ state: 'RUNNING', job: 'job-2' })
  })

  test('counts each time, and only one of two does it', async () => {
    await runAt(own, INTENT)
    expect(await startRun(effects(), ID)).toBe('started attempt 1 on duckdb')
    await runAt(own, { ...INTENT, takeUps: 1 })
    await startRun(effects({ launch: async () => ({ busy: true }) as Started }), ID)
    expect((await now(own)).takeUps).toBe(2)
  })

  test.each([
    ['has a job', { job: 'job-2' }],
    ['is of another attempt', { attempt: 2 }],
    ['was taken up by somebody else', { takeUps: 1 }],
    ['ended', { state: 'COMMITTED' }],
  ])('repeats nothing that %s by now', async (_, values) => {
    const read = await runAt(own, INTENT)
    await runAt(own, { ...INTENT, ...values })
    const ledger = Object.assign(Object.create(own.ledger), { get: async () => read })
    expect(await startRun(effects({ ledger }), ID)).toBe('somebody else takes this attempt up')
  })

  test('parks nothing that has a job by now', async () => {
    const spent = { ...INTENT, takeUps: 3 }
    const read = await runAt(own, spent)
    await runAt(own, { ...spent, job: 'job-2' })
    let reads = 0
    const get = async () => {
      reads += 1
      return reads === 1 ? read : now(own)
    }
    const ledger = Object.assign(Object.create(own.ledger), { get })
    expect(await startRun(effects({ ledger }), ID)).toBe('nothing to park: the run is RUNNING')
    expect(await holder(own)).toBe(ID)
  })

  test('a Glue run: neither tries again nor parks what has a job by now', async () => {
    for (const failures of [[], [never, never, never]]) {
      const read = await runAt(own, { engine: 'spark', failures })
      await runAt(own, { engine: 'spark', failures, job: 'job-2' })
      let reads = 0
      const get = async () => {
        reads += 1
        return reads === 1 ? read : now(own)
      }
      const ledger = Object.assign(Object.create(own.ledger), { get })
      await startRun(effects({ ledger }), ID)
      expect(await now(own)).toMatchObject({ state: 'RUNNING', job: 'job-2' })
    }
  })

  test('a Glue run that never failed before gets another attempt', async () => {
    await runAt(own, { engine: 'spark' })
    expect(await startRun(effects(), ID)).toBe('started attempt 2 on duckdb')
    expect((await now(own)).failures).toMatchObject([{ attempt: 1, failureClass: 'never_started' }])
  })

  test('parks a refused plan with its reason, and frees the lane', async () => {
    const { TerminalError } = await import('../../shared/errors.js')
    await runAt(own, { state: 'READY', attempt: 0 })
    const prepare = async (): Promise<never> => {
      throw new TerminalError('no such lane')
    }
    expect(await startRun(effects({ prepare }), ID)).toBe('parked: no such lane')
    expect(await holder(own)).toBeUndefined()
  })
})

describe('waiting for Glue', () => {
  test.each([{ job: 'job-2' }, { attempt: 2 }, { state: 'COMMITTED' }])(
    'changes nothing of a run that is %o by now',
    async (values) => {
      const read = await runAt(own)
      await runAt(own, values)
      await waitForToken(own.world, read)
      expect((await now(own)).waitingSk).toBeUndefined()
      expect(own.ledger.all('WAITING#')).toEqual([])
    },
  )

  test('passes over places of runs that nobody knows, and wakes the next', async () => {
    await runAt(own, { state: 'READY' })
    await own.ledger.write({ put: { PK: 'WAITING#glue', SK: 'a', runId: 'unknown' } })
    await own.ledger.write({ put: { PK: 'WAITING#glue', SK: 'b', runId: ID } })
    await wakeFirst(own.world)
    expect(own.bus.details('Batch Ready')).toEqual([{ runId: ID }])
  })

  test('is woken by one of two ends', async () => {
    await runAt(own, { state: 'READY' })
    await own.ledger.write({ put: { PK: 'WAITING#glue', SK: 'a', runId: ID } })
    await Promise.all([wakeFirst(own.world), wakeFirst(own.world)])
    expect(own.bus.details('Batch Ready')).toHaveLength(1)
  })
})

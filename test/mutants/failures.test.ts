import { beforeEach, describe, expect, test } from 'vitest'
import { endUnchanged, finishRun, settle } from '../../shared/end-run.js'
import { TerminalError } from '../../shared/errors.js'
import { failAttempt, parkRun, settleParked } from '../../shared/fail-run.js'
import { join } from '../../shared/lane.js'
import type { Ledger } from '../../shared/ledger.js'
import type { Failed } from '../../shared/work.js'
import { override } from '../fakes/faults.js'
import { type Parts, parts } from '../fakes/parts.js'
import { holder, ID, LANE, now, runAt } from './under-way.js'

/** What single mutants of an attempt's end would break, and no story of the other tests has told. */
let own: Parts
beforeEach(() => {
  own = parts()
})
const ends = () => own.ends.cleanse
const failed = (failureClass: Failed['failureClass']): Failed => ({ reason: 'it broke', failureClass })
const later = (seconds: number) => new Date(own.clock.now() + seconds * 1_000).toISOString()
const MOVED_ON = [{ attempt: 2 }, { attempt: 2, state: 'READY' }, { state: 'COMMITTING' }]

describe('a failed attempt that somebody reports from an old reading', () => {
  test.each(MOVED_ON)('changes nothing once the run is %o', async (values) => {
    const read = await runAt(own)
    await runAt(own, values)
    const before = await now(own)
    await failAttempt(ends(), read, failed('lost'))
    expect(await now(own)).toEqual(before)
    expect(own.bus.seen).toEqual([])
  })

  test.each(MOVED_ON)('parks nothing once the run is %o', async (values) => {
    const read = await runAt(own)
    await runAt(own, values)
    const did = await failAttempt(ends(), read, failed('reported'))
    expect(did).toBe(`nothing to park: the run is ${(await now(own)).state}`)
    expect(await holder(own)).toBe(ID)
    expect(await parkRun(ends(), read, { reason: 'x', failureClass: 'lost' })).toBe(false)
  })
})

describe('what follows a failure', () => {
  test('at once: no rest, no other size, no other capacity, and due by the state’s own bound', async () => {
    const run = await runAt(own, { waitingSk: 'w', notBefore: 'x', job: 'j' })
    await failAttempt(ends(), run, failed('lost'))
    const after = await now(own)
    expect(after).toMatchObject({ state: 'READY', tries: 1, dueAt: later(60) })
    for (const name of ['waitingSk', 'notBefore', 'job', 'larger', 'onDemand'])
      expect(after[name]).toBeUndefined()
    expect(own.bus.details('Batch Ready')).toHaveLength(1)
  })

  test('after a rest: due when the rest is over', async () => {
    const before = { attempt: 1, failureClass: 'image_pull' as const, reason: 'x', at: 'x' }
    const run = await runAt(own, { attempt: 2, failures: [before] })
    await failAttempt(ends(), run, failed('image_pull'))
    expect(await now(own)).toMatchObject({ notBefore: later(300), dueAt: later(300) })
    expect(own.bus.seen).toEqual([])
  })

  test('that killed it for memory: one size more each time, on the same capacity', async () => {
    const run = await runAt(own, { larger: 1 })
    await failAttempt(ends(), run, failed('out_of_memory'))
    const after = await now(own)
    expect(after.larger).toBe(2)
    expect(after.onDemand).toBeUndefined()
  })

  test('that ends it: parked with its class, out of every queue, told once, and the count in words', async () => {
    const run = await runAt(own, { waitingSk: 'w', notBefore: 'x' })
    expect(await failAttempt(ends(), run, failed('reported'))).toBe('parked after 1 failure: it broke')
    const after = await now(own)
    expect(after).toMatchObject({ state: 'PARKED', failureClass: 'reported', tries: 1 })
    for (const name of ['waitingSk', 'notBefore']) expect(after[name]).toBeUndefined()
    expect(own.bus.details('Stage Failed')).toMatchObject([{ failureClass: 'reported', reason: 'it broke' }])
  })

  test('twice the same: the count in words', async () => {
    const before = { attempt: 1, failureClass: 'lost' as const, reason: 'x', at: 'x' }
    const run = await runAt(own, { attempt: 2, failures: [before] })
    expect(await failAttempt(ends(), run, failed('lost'))).toBe('parked after 2 failures: it broke')
  })
})

describe('a parked run', () => {
  test('of which everybody has heard is told no more', async () => {
    const run = await runAt(own, { state: 'PARKED', reason: 'why', duePk: undefined, dueAt: undefined })
    expect(await settleParked(ends(), run)).toBe('parked: why')
    expect(own.bus.seen).toEqual([])
  })

  test('without a class is told as crashed', async () => {
    const run = await runAt(own, { state: 'PARKED', reason: 'why' })
    await settleParked(ends(), run)
    expect(own.bus.details('Stage Failed')).toMatchObject([{ failureClass: 'crashed' }])
  })
})

describe('the end of a job', () => {
  const broke = { ok: false as const, ...failed('lost') }
  const end = (attempt: number, judge: Parts['ends']['cleanse']['judge'], ended = broke) =>
    finishRun({ ...ends(), judge }, ID, attempt, ended)

  test('announces a READY run again for its own attempt only', async () => {
    await runAt(own, { state: 'READY', attempt: 2 })
    await end(1, async () => undefined)
    expect(own.bus.seen).toEqual([])
    await end(2, async () => undefined)
    expect(own.bus.details('Batch Ready')).toHaveLength(1)
  })

  test('wakes nobody who waits for Glue unless Glue has a place again', async () => {
    await own.ledger.write({ put: { PK: 'WAITING#glue', SK: 'x', runId: 'other' } })
    await runAt(own)
    await end(1, async () => undefined)
    expect(own.ledger.all('WAITING#')).toHaveLength(1)
  })

  test('gives an error of the ledger or of S3 back to Lambda, and fails no attempt for it', async () => {
    await runAt(own)
    const judge = async (): Promise<never> => {
      throw new Error('S3 is away')
    }
    await expect(end(1, judge)).rejects.toThrow('S3 is away')
    expect(await now(own)).toMatchObject({ state: 'RUNNING', tries: 0 })
  })

  test('with a report that nobody can read is a failed attempt with the reason, and no gate', async () => {
    await runAt(own)
    const judge = async (): Promise<never> => {
      throw new TerminalError('no report of ours')
    }
    await end(1, judge, { ok: false, ...failed('crashed') })
    expect(await now(own)).toMatchObject({
      state: 'READY',
      failures: [{ failureClass: 'crashed', reason: 'no report of ours' }],
    })
  })

  test('says what held it at the gate', async () => {
    await runAt(own)
    const judge = async () => ({ pass: false as const, reason: 'too many', shown: {} })
    expect(await end(1, judge)).toBe('held at the gate: too many')
  })

  test('is that of the service where the job was not stopped for its time', async () => {
    await runAt(own, { givenUp: 1 })
    await end(1, async () => undefined, { ok: false, ...failed('spot') })
    expect((await now(own)).failures).toMatchObject([{ failureClass: 'spot' }])
  })
})

describe('settling', () => {
  const commit = async () => ({ writes: [] })

  test('commits nothing from an old reading', async () => {
    await runAt(own, { state: 'COMMITTING' })
    const moved = async () => {
      await runAt(own, { state: 'COMMITTED', attempt: 1, endedAt: 'before', duePk: undefined })
      return commit()
    }
    expect(await settle({ ...ends(), commit: moved, outcome: () => undefined }, ID)).toBe('committed')
    expect((await now(own)).endedAt).toBe('before')
  })

  test('throws when another write came between, so that somebody comes back', async () => {
    await runAt(own, { state: 'COMMITTING' })
    const write: Ledger['write'] = async () => ({ done: false, refused: [0] })
    const effects = { ...ends(), ledger: override<Ledger>(own.ledger, { write }), commit }
    await expect(settle(effects, ID)).rejects.toThrow(`the end of run ${ID} was contended`)
  })

  test('says of a run that is under way that there is nothing to settle', async () => {
    await runAt(own)
    expect(await settle(ends(), ID)).toBe('nothing to settle: the run is RUNNING')
  })

  test.each([
    ['has an outcome and nobody left to hear it', { duePk: undefined }, 0],
    ['has an outcome', {}, 1],
  ])('tells of a committed run that %s %o: %i times', async (_, values, times) => {
    await runAt(own, { state: 'COMMITTED', rows: { in: 1, out: 1, duplicates: 0, rejected: 0 }, ...values })
    await settle(ends(), ID)
    expect(own.bus.details('Silver Updated')).toHaveLength(times)
  })

  test('tells nothing of a committed run without an outcome', async () => {
    await runAt(own, { state: 'COMMITTED' })
    await settle({ ...ends(), outcome: () => undefined }, ID)
    expect(own.bus.seen).toEqual([])
  })
})

test('a run that has nothing to do ends for good, and its own lane goes on', async () => {
  const run = await runAt(own, { state: 'READY' })
  await join(own.world, LANE, { owner: { PK: 'FILE#a', SK: 'META' }, input: {}, bytes: 1 })
  await endUnchanged(own.world, run, { unchanged: 'nothing new' })
  const after = await now(own)
  expect(after).toMatchObject({ state: 'COMMITTED', unchanged: 'nothing new' })
  expect([after.duePk, after.dueAt]).toEqual([undefined, undefined])
  expect(await holder(own)).toMatch(/^r/)
  expect(own.ledger.all('RUN#').filter(({ SK }) => SK === 'META')).toHaveLength(2)
})

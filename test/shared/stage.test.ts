import { describe, expect, test } from 'vitest'
import { BatchReady, envelope } from '../../events/catalog.js'
import { env } from '../../shared/env.js'
import { attemptName, moveRun, parseAttemptName } from '../../shared/run.js'
import { stage } from '../../shared/stage.js'
import { FakeClock } from '../fakes/clock.js'
import { FakeLedger } from '../fakes/ledger.js'

const EVENT = {
  id: 'e1',
  time: '2026-03-02T07:00:00Z',
  source: 'sluice',
  'detail-type': 'Batch Ready',
  detail: { runId: 'r1' },
}

describe('a stage', () => {
  test('records what became of the event with its run, for 90 days', async () => {
    const ledger = new FakeLedger()
    await stage('start', envelope(BatchReady), ledger, async () => ({ did: 'started', runId: 'r1' }))(EVENT)
    expect(ledger.all()).toEqual([
      {
        PK: 'RUN#r1',
        SK: 'EVENT#2026-03-02T07:00:00Z#e1#start',
        event: 'Batch Ready',
        at: '2026-03-02T07:00:00Z',
        stage: 'start',
        did: 'started',
        expiresAt: Date.parse('2026-03-02T07:00:00Z') / 1_000 + 90 * 86_400,
      },
    ])
  })

  test('keeps one record of an event that comes twice', async () => {
    const ledger = new FakeLedger()
    const handler = stage('start', envelope(BatchReady), ledger, async () => ({ did: 'x', runId: 'r1' }))
    await handler(EVENT)
    await handler(EVENT)
    expect(ledger.all()).toHaveLength(1)
  })

  test('gives an error on, so that Lambda brings the event back, and records nothing', async () => {
    const ledger = new FakeLedger()
    const handler = stage('start', envelope(BatchReady), ledger, () => Promise.reject(new Error('away')))
    await expect(handler(EVENT)).rejects.toThrow('away')
    expect(ledger.all()).toEqual([])
  })

  test.each([
    [{ ...EVENT, detail: {} }, /detail\.runId: /],
    [{ ...EVENT, 'detail-type': 'Build Ready' }, /detail-type: /],
    [{ ...EVENT, source: 'aws.s3' }, /source: /],
    [null, /event: /],
    ['text', /event: /],
  ])('refuses an event that it cannot read, and names the path: %#', async (event, path) => {
    const handler = stage('start', envelope(BatchReady), new FakeLedger(), async () => ({ did: 'x' }))
    await expect(handler(event)).rejects.toMatchObject({
      name: 'BadInput',
      message: expect.stringMatching(path),
    })
  })
})

describe('a run', () => {
  const clock = new FakeClock()
  const runId = clock.newId()

  test('and attempt come back from the name that ECS carries', () => {
    expect(parseAttemptName(attemptName(runId, 12))).toEqual({ runId, attempt: 12 })
    for (const foreign of [undefined, '', 'ecs-svc/1', `${runId}/`, `${runId}/1x`, `x${runId}/1`])
      expect(parseAttemptName(foreign)).toBeUndefined()
  })

  test('that moves leaves its step in its history and a bound for the reconciler', async () => {
    const ledger = new FakeLedger()
    await ledger.write({ put: { PK: `RUN#${runId}`, SK: 'META', state: 'READY', history: [] } })
    await ledger.write(moveRun(clock, runId, 'RUNNING', { set: { attempt: 1 }, when: [] }))
    const [run] = ledger.all()
    expect(run).toMatchObject({
      state: 'RUNNING',
      duePk: 'all',
      dueAt: '2026-03-02T07:02:00.000Z',
      history: [{ at: '2026-03-02T07:00:00.000Z', state: 'RUNNING', attempt: 1 }],
    })
    await ledger.write(moveRun(clock, runId, 'REPLAYED', { when: [] }))
    expect(ledger.all()[0]?.duePk).toBeUndefined()
  })
})

test('a setting that the template forgot is named', () => {
  expect(() => env.LEDGER_TABLE).toThrow('LEDGER_TABLE is missing')
})

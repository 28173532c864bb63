import { describe, expect, test } from 'vitest'
import { BatchReady, envelope } from '../../events/catalog.js'
import { env } from '../../shared/env.js'
import type { Outcome } from '../../shared/observe.js'
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
  const handler = (ledger: FakeLedger, decide: () => Promise<Outcome>) =>
    stage('start', envelope(BatchReady), ledger, decide)

  test('records what became of the event, found by its run too, for 90 days', async () => {
    const ledger = new FakeLedger()
    await handler(ledger, async () => ({ did: 'started', runId: 'r1' }))(EVENT)
    expect(ledger.all()).toEqual([
      {
        PK: 'EVENT#e1',
        SK: 'start',
        event: 'Batch Ready',
        at: '2026-03-02T07:00:00Z',
        did: 'started',
        outcome: 'done',
        final: true,
        runId: 'r1',
        eventPk: 'RUN#r1',
        eventAt: '2026-03-02T07:00:00Z#start#e1',
        expiresAt: Date.parse('2026-03-02T07:00:00Z') / 1_000 + 90 * 86_400,
      },
    ])
    expect((await ledger.index('events', { of: 'RUN#r1', limit: 5 })).items).toHaveLength(1)
  })

  test('of a request that is no run yet names the item that remembers it', async () => {
    const ledger = new FakeLedger()
    await handler(ledger, async () => ({ did: 'joined', about: 'FORGET#f1' }))(EVENT)
    const [fate] = ledger.all('EVENT#')
    expect(fate).toMatchObject({ eventPk: 'FORGET#f1', did: 'joined' })
    expect(fate?.runId).toBeUndefined()
  })

  test('keeps one record of an event that comes twice, and one of an event without a run', async () => {
    const ledger = new FakeLedger()
    await handler(ledger, async () => ({ did: 'x', runId: 'r1' }))(EVENT)
    await handler(ledger, async () => ({ did: 'y' }))(EVENT)
    expect(ledger.all()).toMatchObject([{ did: 'y', outcome: 'done' }])
  })

  test('records which delivery an event goes back to, and forgets it for the next event', async () => {
    const ledger = new FakeLedger()
    const started = handler(ledger, async () => ({ did: 'x' }))
    await started({ ...EVENT, detail: { runId: 'r1', correlationId: 'door-1' } })
    await started({ ...EVENT, id: 'e2' })
    expect(ledger.all().map(({ correlationId }) => correlationId)).toEqual(['door-1', undefined])
    expect((await ledger.index('correlations', { of: 'door-1', limit: 5 })).items).toHaveLength(1)
  })

  const away = () => Promise.reject(new Error('away'))
  test('gives an error on, so that Lambda brings the event back, and records it until it goes well', async () => {
    const ledger = new FakeLedger()
    await expect(handler(ledger, away)(EVENT)).rejects.toThrow('away')
    expect(ledger.all()).toMatchObject([{ PK: 'EVENT#e1', did: 'away', outcome: 'failed' }])
    await handler(ledger, async () => ({ did: 'x' }))(EVENT)
    expect(ledger.all()).toMatchObject([{ did: 'x', outcome: 'done' }])
  })

  test('keeps what went well when a duplicate fails', async () => {
    const ledger = new FakeLedger()
    await handler(ledger, async () => ({ did: 'x' }))(EVENT)
    await expect(handler(ledger, away)(EVENT)).rejects.toThrow('away')
    expect(ledger.all()).toMatchObject([{ did: 'x', outcome: 'done' }])
  })

  test('gives its own error on when the failure cannot be recorded', async () => {
    const ledger = new FakeLedger()
    ledger.write = () => Promise.reject(new Error('the ledger is away too'))
    await expect(handler(ledger, away)(EVENT)).rejects.toThrow('away')
  })

  test.each([
    [{ ...EVENT, detail: {} }, /detail\.runId: /],
    [{ ...EVENT, 'detail-type': 'Build Ready' }, /detail-type: /],
    [{ ...EVENT, source: 'aws.s3' }, /source: /],
    [null, /event: /],
    ['text', /event: /],
  ])('refuses an event that it cannot read, and names the path: %#', async (event, path) => {
    await expect(handler(new FakeLedger(), async () => ({ did: 'x' }))(event)).rejects.toMatchObject({
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

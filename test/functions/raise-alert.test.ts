import { beforeEach, describe, expect, test } from 'vitest'
import { type Failure, raiseAlert } from '../../functions/operate/raise-alert/raise-alert.js'
import { type Parts, parts } from '../fakes/parts.js'

const FAILURE = {
  runId: 'r1',
  kind: 'cleanse',
  subject: 'market_data',
  lane: 'cleanse:market_data',
  reason: 'exit code 1',
  failureClass: 'crashed' as const,
}
let own: Parts
beforeEach(() => {
  own = parts()
})
const raise = (failure: Failure = FAILURE, name: 'Stage Failed' | 'Gate Failed' = 'Stage Failed') =>
  raiseAlert(own.alert, name, failure)

describe('a failed run', () => {
  test('opens one incident and tells people once, however often the event comes', async () => {
    expect(await raise()).toBe('opened a P1 incident')
    expect(await raise()).toBe('this incident is open already')
    expect(own.told).toEqual([
      '[P1] cleanse of market_data: failed\ncleanse of market_data: failed\n\nexit code 1\n\nnpx sluice show r1',
    ])
    expect(own.ledger.all('INCIDENT#')).toMatchObject([
      { runId: 'r1', priority: 'P1', reason: 'exit code 1' },
    ])
    const opened = {
      incidentId: 'run:r1',
      runId: 'r1',
      priority: 'P1',
      title: 'cleanse of market_data: failed',
      cause: 'crashed',
      lane: 'cleanse:market_data',
      reason: 'exit code 1',
    }
    expect(new Set(own.bus.details('Incident Opened').map((one) => JSON.stringify(one)))).toEqual(
      new Set([JSON.stringify(opened)]),
    )
  })

  test('held at the gate is of lower priority: data waits, nothing broke', async () => {
    expect(await raise({ ...FAILURE, failureClass: 'gate' }, 'Gate Failed')).toBe('opened a P2 incident')
    expect(own.told[0]).toMatch(/^\[P2\] cleanse of market_data: held at the gate/)
  })

  test('has a subject that SNS takes: at most 100 characters of one line', async () => {
    await raise({ ...FAILURE, subject: `${'finance+risk+'.repeat(20)}\nmore` })
    const [subject] = own.told[0]?.split('\n') ?? []
    expect(subject?.length).toBeLessThanOrEqual(100)
    expect(own.told[0]?.split('\n')[1]).toMatch(/^cleanse of/)
  })

  test.each([1, 2, 3, 4])('tells people and the bus, though the stage died at effect %i', async (call) => {
    for (const when of ['before', 'after'] as const) {
      own = parts()
      own.faults.crashAt({ call, when })
      await raise().catch(() => undefined)
      own.faults.revive()
      await raise()
      expect(own.told.length, when).toBeGreaterThan(0)
      expect(own.bus.details('Incident Opened').length, when).toBeGreaterThan(0)
      expect(own.ledger.all('INCIDENT#'), when).toHaveLength(1)
    }
  })
})

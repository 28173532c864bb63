import { describe, expect, test } from 'vitest'
import type { Incident } from '../../../shared/alerts/incident.js'
import { isOver } from '../../../shared/alerts/recovery.js'
import { leaveRun } from '../../fakes/failed-runs.js'
import { parts } from '../../fakes/parts.js'

const LANE = 'build:finance+risk'
/** Whether an incident of a parked build is over once that was put back into a run that ended so; no other build came. */
async function overAfter(mode: string, state: string): Promise<boolean> {
  const own = parts()
  await leaveRun(own, 'b2', LANE, { mode, state: 'REPLAYED', into: 'b3' })
  await leaveRun(own, 'b3', LANE, { mode, state })
  return isOver(own.alert, { incidentId: 'b2', runs: ['b2'] } as unknown as Incident)
}

describe('an incident of a build that was put back', () => {
  test.each(['fast', 'test', 'ci'])(
    'is over with a good run of mode %s, from which none goes on',
    async (mode) => {
      expect(await overAfter(mode, 'COMMITTED')).toBe(true)
      expect(await overAfter(mode, 'PARKED')).toBe(false)
    },
  )

  test('is over for any other mode when its lane has a later state', async () => {
    expect(await overAfter('standard', 'COMMITTED')).toBe(false)
  })
})

test('an incident of a lane that a deployment took away is over when that lane had built before', async () => {
  const own = parts()
  await leaveRun(own, 'b1', 'build:finance', { state: 'PARKED', base: 0 })
  const isOverNow = () => isOver(own.alert, { incidentId: 'b1', runs: ['b1'] } as unknown as Incident)
  expect(await isOverNow()).toBe(false)
  await own.ledger.write({ put: { PK: 'LANE#build:finance', SK: 'STATE', ordinal: 1, builtBy: 'b2' } })
  expect(await isOverNow()).toBe(true)
})

test('an incident of a lane whose domains nobody builds any more is over when readers see a later build', async () => {
  const own = parts()
  await leaveRun(own, 'b1', 'build:gone', { state: 'PARKED' })
  const isOverNow = () => isOver(own.alert, { incidentId: 'b1', runs: ['b1'] } as unknown as Incident)
  expect(await isOverNow()).toBe(false)
  await leaveRun(own, 'b2', 'build:gone', { state: 'COMMITTED', createdAt: '2999-01-01T00:00:00.000Z' })
  await own.ledger.write({ put: { PK: 'DOMAIN#gone', SK: 'GOLD', ordinal: 1, runId: 'b2' } })
  expect(await isOverNow()).toBe(true)
})

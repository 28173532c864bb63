import { beforeEach, describe, expect, test } from 'vitest'
import { alerted, raiseAlert } from '../../../functions/operate/raise-alert/raise-alert.js'
import { heardKey } from '../../../shared/alerts/incident.js'
import {
  commitBuild,
  failureOf,
  incidents,
  LANES,
  leaveRun,
  openCauses,
  putBackWell,
} from '../../fakes/failed-runs.js'
import { type Parts, parts } from '../../fakes/parts.js'

let own: Parts
beforeEach(() => {
  own = parts()
})
const fail = async (...failure: Parameters<typeof failureOf>) => {
  await leaveRun(own, failure[0], failure[1])
  return raiseAlert(own.alert, failureOf(...failure))
}
const tick = () => alerted(own.alert, { 'detail-type': 'Scheduled Event' })
const silver = (runId: string, entity: string) => {
  const rows = { in: 1, out: 1, duplicates: 0, rejected: 0 }
  return alerted(own.alert, { 'detail-type': 'Silver Updated', detail: { runId, entity, rows } })
}
const gold = (runId: string) =>
  alerted(own.alert, { 'detail-type': 'Gold Built', detail: { runId, domains: ['finance'], edition: 'e' } })
const opened = () => own.bus.details('Incident Opened')
const closed = () => own.bus.details('Incident Closed')

describe('one incident per root cause', () => {
  test('a failed run opens one, however often its event comes', async () => {
    expect(await fail('r1', LANES.prices)).toMatch(/^opened the P2 incident/)
    expect(await raiseAlert(own.alert, failureOf('r1', LANES.prices))).toMatch(/^this run is in the incident/)
    const [incident] = incidents(own)
    expect(incidents(own)).toHaveLength(1)
    expect(incident).toMatchObject({
      cause: 'cleanse:market_data:crashed',
      lane: LANES.prices,
      lanes: [LANES.prices],
      priority: 'P2',
      title: 'cleanse of market_data: the job crashed',
      reason: 'crashed in r1',
      runs: ['r1'],
      count: 1,
      state: 'open',
      openedAt: '2026-03-02T07:00:00.000Z',
      incidentsPk: 'all',
    })
    const { incidentId, cause, lane, priority, title, reason } = incident as typeof incident & object
    expect(opened()).toEqual([{ incidentId, cause, lane, priority, title, reason, runId: 'r1' }])
    expect(own.ledger.all('ENTRY#alert#run:r1')).toMatchObject([{ incidentId }])
  })

  test('another run of the cause joins it, and people are not told again', async () => {
    await fail('r1', LANES.prices, 'gate')
    expect(await fail('r2', LANES.prices, 'gate')).toMatch(/^joined/)
    await raiseAlert(own.alert, failureOf('r2', LANES.prices, 'gate'))
    expect(incidents(own)).toMatchObject([{ runs: ['r1', 'r2'], count: 2, reason: 'gate in r1' }])
    expect(opened()).toHaveLength(1)
  })

  test('which goes on for days is told again, once a day, while new runs join it', async () => {
    await fail('r1', LANES.prices, 'gate')
    await own.ledger.write({ put: { ...heardKey(String(incidents(own)[0]?.incidentId), 'opened') } })
    own.clock.advance(24 * 3_600)
    await tick()
    expect(opened()).toHaveLength(1)
    await fail('r2', LANES.prices, 'gate')
    await fail('r3', LANES.prices, 'gate')
    await tick()
    expect(opened()).toHaveLength(2)
  })

  test('another cause of the same lane is another incident', async () => {
    await fail('r1', LANES.prices, 'gate')
    await fail('r2', LANES.prices, 'out_of_memory')
    expect(openCauses(own)).toEqual(['cleanse:market_data:gate', 'cleanse:market_data:out_of_memory'])
  })

  test('lanes that share what failed share the incident: the image, the network, the capacity', async () => {
    await fail('r1', LANES.prices, 'image_pull')
    await fail('r2', LANES.trades, 'image_pull')
    await fail('r3', LANES.build, 'image_pull')
    expect(incidents(own)).toMatchObject([
      {
        cause: 'ecs:image_pull:cleanse',
        runs: ['r1', 'r2'],
        lanes: [LANES.prices, LANES.trades],
        priority: 'P1',
      },
      { cause: 'ecs:image_pull:build', runs: ['r3'], lanes: [LANES.build] },
    ])
    expect(incidents(own).map(({ under }) => under)).toEqual([undefined, undefined])
  })

  test('a Glue job’s machinery is not that of ECS', async () => {
    await leaveRun(own, 'r1', LANES.prices, { engine: 'spark' })
    await raiseAlert(own.alert, failureOf('r1', LANES.prices, 'capacity'))
    expect(openCauses(own)).toEqual(['glue:capacity:cleanse'])
  })

  test('a wrong configuration is one cause where the words are the same, whatever ids and numbers stand in them', async () => {
    await fail('r1', LANES.prices, 'configuration', 'no role sluice-7/1a2b for task 55')
    await fail('r2', LANES.trades, 'configuration', 'no role sluice-8/9f9f for task 56')
    await fail('r3', LANES.prices, 'configuration', 'no subnet for task 57')
    expect(incidents(own).map(({ runs }) => runs)).toEqual([['r1', 'r2'], ['r3']])
  })

  test('a failure that is heard of after its recovery is recorded as over, and nobody is told', async () => {
    await putBackWell(own, 'r1', LANES.prices)
    await raiseAlert(own.alert, failureOf('r1', LANES.prices))
    expect(incidents(own)).toMatchObject([{ state: 'closed', runs: ['r1'] }])
    expect(opened()).toEqual([])
    expect(own.ledger.all('ENTRY#alert#run:r1')).toHaveLength(1)
  })

  test('is told again after four minutes when nobody has heard of it, and its end as well', async () => {
    await fail('r1', LANES.prices, 'gate')
    const again = async (seconds: number) => {
      own.clock.advance(seconds)
      await tick()
      return [opened().length, closed().length]
    }
    expect([await again(239), await again(1), await again(239)]).toEqual([
      [1, 0],
      [2, 0],
      [2, 0],
    ])
    const hears = (what: 'opened' | 'closed') =>
      own.ledger.write({ put: { ...heardKey(String(incidents(own)[0]?.incidentId), what) } })
    await hears('opened')
    expect(await again(1_000)).toEqual([2, 0])
    await putBackWell(own, 'r1', LANES.prices)
    await silver('r1-again', 'market_data')
    expect([await again(239), await again(1)]).toEqual([
      [2, 1],
      [2, 2],
    ])
    await hears('closed')
    await again(1_000)
    expect([await again(1_000), own.ledger.all('INCIDENTS')]).toEqual([[2, 2], []])
  })

  test('names at most a thousand runs, and counts on', async () => {
    await fail('r1', LANES.prices)
    const [incident] = incidents(own)
    const runs = Array.from({ length: 1_000 }, (_, place) => `x${place}`)
    await own.ledger.write({
      put: { ...(incident as object & typeof incident), runs, count: 1_000 } as never,
    })
    await fail('r2', LANES.prices)
    expect(incidents(own)[0]?.runs).toHaveLength(1_000)
    expect(incidents(own)[0]?.count).toBe(1_001)
  })
})

describe('an incident of a cleanse', () => {
  test('closes when the last of its runs is put back and committed, and not before', async () => {
    await fail('r1', LANES.prices, 'gate')
    await fail('r2', LANES.prices, 'gate')
    expect((await silver('r0', 'market_data')).did).toBe('closed 0 of 1 incidents')
    await putBackWell(own, 'r1', LANES.prices)
    await silver('r1-again', 'market_data')
    expect(closed()).toEqual([])
    await putBackWell(own, 'r2', LANES.prices)
    own.clock.advance(60)
    expect((await silver('r2-again', 'market_data')).did).toBe('closed 1 of 1 incidents')
    expect(incidents(own)).toMatchObject([{ state: 'closed', closedAt: '2026-03-02T07:01:00.000Z' }])
    expect(openCauses(own)).toEqual([])
    expect(closed()).toEqual(opened())
  })

  test('stays open while a run that was put back is under way, or failed again', async () => {
    await fail('r1', LANES.prices, 'gate')
    for (const state of ['READY', 'RUNNING', 'COMMITTING', 'PARKED']) {
      await leaveRun(own, 'r2', LANES.prices, { state })
      await leaveRun(own, 'r1', LANES.prices, { state: 'REPLAYED', into: 'r2' })
      await tick()
      expect(openCauses(own), state).toEqual(['cleanse:market_data:gate'])
    }
    await putBackWell(own, 'r2', LANES.prices)
    await tick()
    expect(openCauses(own)).toEqual([])
  })

  test('is followed by a new one, of which people are told, when the cause comes back', async () => {
    await fail('r1', LANES.prices, 'gate')
    await putBackWell(own, 'r1', LANES.prices)
    await silver('r1-again', 'market_data')
    await fail('r2', LANES.prices, 'gate')
    expect(incidents(own).map(({ state }) => state)).toEqual(['closed', 'open'])
    expect(opened()).toHaveLength(2)
  })

  test('reads nothing more than the list of open ones while all is well, or while another lane is ill', async () => {
    await fail('r1', LANES.prices, 'gate')
    const before = own.faults.calls
    expect((await silver('r0', 'transactions')).did).toBe('no incident is open here')
    expect(own.faults.calls - before).toBe(1)
  })
})

describe('an incident of a build', () => {
  test('closes with a later build of the lane, not with an earlier one that is announced late', async () => {
    await commitBuild(own, 'b1', 3)
    await leaveRun(own, 'b2', LANES.build, { base: 3 })
    await raiseAlert(own.alert, failureOf('b2', LANES.build, 'gate'))
    await gold('b1')
    expect(openCauses(own)).toEqual(['build:finance+risk:gate'])
    await commitBuild(own, 'b3', 4)
    await gold('b3')
    expect(incidents(own)).toMatchObject([{ state: 'closed', priority: 'P2' }])
  })

  test('closes also for a build that failed before it knew its number: by time', async () => {
    await commitBuild(own, 'b1', 3)
    own.clock.advance(60)
    await leaveRun(own, 'b2', LANES.build)
    await own.ledger.write({ update: { PK: 'RUN#b2', SK: 'META' }, remove: ['base'] })
    await raiseAlert(own.alert, failureOf('b2', LANES.build))
    await gold('b1')
    expect(openCauses(own)).toHaveLength(1)
    own.clock.advance(60)
    await commitBuild(own, 'b3', 4)
    await gold('b3')
    expect(openCauses(own)).toHaveLength(0)
  })

  test('of a lane that a deployment took away closes when the lane of its domains has built anew', async () => {
    await fail('b1', 'build:finance')
    await gold('b1')
    await own.ledger.write({ put: { PK: 'DOMAIN#finance', SK: 'GOLD', ordinal: 1, runId: 'b2' } })
    await tick()
    expect(openCauses(own)).toHaveLength(1)
    await own.ledger.write({ put: { PK: `LANE#${LANES.build}`, SK: 'STATE', ordinal: 1, builtBy: 'b2' } })
    await tick()
    expect(openCauses(own)).toHaveLength(0)
  })
})

describe('downstream', () => {
  test('a build that fails while an entity that it reads is ill is recorded under it, and nobody is told', async () => {
    await fail('r1', LANES.prices, 'gate')
    await fail('b1', LANES.build, 'gate')
    const [upstream, downstream] = incidents(own)
    expect(downstream).toMatchObject({ under: upstream?.incidentId, state: 'open' })
    expect(opened().map(({ lane }) => lane)).toEqual([LANES.prices])
  })

  test('it is told when the upstream is over and it still fails', async () => {
    await fail('r1', LANES.prices, 'gate')
    await fail('b1', LANES.build, 'gate')
    await putBackWell(own, 'r1', LANES.prices)
    await silver('r1-again', 'market_data')
    expect(opened().map(({ lane }) => lane)).toEqual([LANES.prices, LANES.build])
    expect(closed().map(({ lane }) => lane)).toEqual([LANES.prices])
  })

  test('it ends in silence when it recovers before or with the upstream', async () => {
    await fail('r1', LANES.prices, 'gate')
    await fail('b1', LANES.build, 'gate')
    await commitBuild(own, 'b2', 1)
    await gold('b2')
    await putBackWell(own, 'r1', LANES.prices)
    await silver('r1-again', 'market_data')
    expect(opened()).toHaveLength(1)
    expect(incidents(own).map(({ state, toldAt }) => [state, toldAt !== undefined])).toEqual([
      ['closed', true],
      ['closed', false],
    ])
  })

  test('it stays silent under another entity that is still ill', async () => {
    await fail('r1', LANES.prices, 'gate')
    own.clock.advance(60)
    await fail('r2', LANES.trades, 'gate')
    await fail('b1', LANES.build, 'gate')
    await putBackWell(own, 'r1', LANES.prices)
    await silver('r1-again', 'market_data')
    const [, second, downstream] = incidents(own)
    expect(downstream?.under).toBe(second?.incidentId)
    await putBackWell(own, 'r2', LANES.trades)
    await silver('r2-again', 'transactions')
    expect(opened().map(({ lane }) => lane)).toEqual([LANES.prices, LANES.trades, LANES.build])
  })

  test('a machine that no build can use is nobody’s downstream', async () => {
    await fail('r1', LANES.prices, 'gate')
    await fail('b1', LANES.build, 'image_pull')
    expect(opened()).toHaveLength(2)
  })
})

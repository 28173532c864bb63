import { describe, expect, test } from 'vitest'
import { alerted, raiseAlert } from '../../../functions/operate/raise-alert/raise-alert.js'
import { sendAlert } from '../../../functions/operate/send-alert/send-alert.js'
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

const rows = { in: 1, out: 1, duplicates: 0, rejected: 0 }

/** One thing that happens: what the ledger says first, then the event of it. */
interface Step {
  before: (own: Parts) => Promise<unknown>
  event: (own: Parts) => Promise<unknown>
  /** What comes when the event is lost: the reconciler repeats a failure, the clock finds a recovery. */
  net: (own: Parts) => Promise<unknown>
}
const failed = (runId: string, lane: string): Step => {
  const event = (own: Parts) => raiseAlert(own.alert, failureOf(runId, lane, 'gate', 'bad rows'))
  return { before: (own) => leaveRun(own, runId, lane), event, net: event }
}
const tick = (own: Parts) => alerted(own.alert, { 'detail-type': 'Scheduled Event' })
const recovered = (runId: string, lane: string): Step => ({
  net: tick,
  before: (own) => putBackWell(own, runId, lane),
  event: (own) => {
    const detail = { runId: `${runId}-again`, entity: lane.split(':')[1] as string, rows }
    return alerted(own.alert, { 'detail-type': 'Silver Updated', detail })
  },
})
const built = (runId: string, ordinal: number): Step => ({
  net: tick,
  before: (own) => commitBuild(own, runId, ordinal),
  event: (own) =>
    alerted(own.alert, {
      'detail-type': 'Gold Built',
      detail: { runId, domains: ['finance'], edition: 'e' },
    }),
})

/** A cleanse that fails twice, a build that fails on it, and both recoveries. */
const STORY = [
  failed('r1', LANES.prices),
  failed('r2', LANES.prices),
  failed('b1', LANES.build),
  recovered('r1', LANES.prices),
  recovered('r2', LANES.prices),
  built('b2', 1),
]

/** Delivers what is on the bus to send-alert, each event until it went well. */
async function deliver(own: Parts): Promise<void> {
  for (let event = own.bus.take(); event; event = own.bus.take()) {
    const { name, detail } = event
    if (name === 'Incident Opened' || name === 'Incident Closed')
      await untilWell(own, () => sendAlert(own.send, detail.incidentId))
  }
}

async function untilWell(own: Parts, work: () => Promise<unknown>): Promise<void> {
  if (await isWell(own, work)) return
  await work()
}

/** Whether an invocation went well; one that died leaves the next one free to live. */
async function isWell(own: Parts, work: () => Promise<unknown>): Promise<boolean> {
  const thrown = await work().then(
    () => undefined,
    (error: unknown) => error,
  )
  if (thrown !== undefined && !own.faults.isDead()) throw thrown
  own.faults.revive()
  return thrown === undefined
}

/** What must be the same whatever died: incidents without ids and times, and what people were told, each once. */
const outcome = (own: Parts) => ({
  incidents: incidents(own).map(({ cause, state, runs, count, under }) => ({
    ...{ cause, state, runs, count },
    silenced: under !== undefined,
  })),
  open: openCauses(own),
  told: [...new Set(own.told)].sort(),
  entries: own.ledger.all('ENTRY#alert#').map(({ PK }) => PK),
})

async function play(crash?: { call: number; when: 'before' | 'after' }, lost = false) {
  const own = parts()
  if (crash) own.faults.crashAt(crash)
  for (const { before, event, net } of STORY) {
    await before(own)
    if (!(await isWell(own, () => event(own)))) await (lost ? net : event)(own)
    await deliver(own)
  }
  return own
}

describe('a crash at any effect', () => {
  test('heals by the repeat of the same event: the same incidents, and everybody told', async () => {
    const well = await play()
    expect(outcome(well)).toEqual({
      incidents: [
        { cause: 'cleanse:market_data:gate', state: 'closed', runs: ['r1', 'r2'], count: 2, silenced: false },
        { cause: 'build:finance+risk:gate', state: 'closed', runs: ['b1'], count: 1, silenced: false },
      ],
      open: [],
      told: [
        '[P3] cleanse of market_data: held at the gate',
        '[P3, closed] cleanse of market_data: held at the gate',
        '[P2] build of finance+risk: held at the gate',
        '[P2, closed] build of finance+risk: held at the gate',
      ].sort(),
      entries: ['ENTRY#alert#run:b1', 'ENTRY#alert#run:r1', 'ENTRY#alert#run:r2'],
    })
  })

  test.each(['before', 'after'] as const)('%s it happened, with a repeat', async (when) => {
    const well = outcome(await play())
    const calls = (await play()).faults.calls
    expect(calls).toBeGreaterThan(60)
    for (let call = 1; call <= calls; call += 1) {
      const own = await play({ call, when })
      expect(outcome(own), own.faults.diedAt).toEqual(well)
    }
  })

  test.each(['before', 'after'] as const)(
    '%s it happened, with the event lost: the reconciler repeats a failure, the clock finds a recovery',
    async (when) => {
      const well = outcome(await play())
      const calls = (await play()).faults.calls
      for (let call = 1; call <= calls; call += 1) {
        const own = await play({ call, when }, true)
        expect(outcome(own), own.faults.diedAt).toEqual(well)
      }
    },
  )
})

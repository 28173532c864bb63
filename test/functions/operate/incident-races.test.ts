import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { alerted, raiseAlert } from '../../../functions/operate/raise-alert/raise-alert.js'
import type { Write } from '../../../shared/ledger.js'
import {
  commitBuild,
  failureOf,
  incidents,
  LANES,
  leaveRun,
  openCauses,
  putBackWell,
} from '../../fakes/failed-runs.js'
import { override } from '../../fakes/faults.js'
import { type Parts, parts } from '../../fakes/parts.js'

/** Failures that the properties once found stay as seeds. */
const SEED = 20_260_411
const tick = (own: Parts) => alerted(own.alert, { 'detail-type': 'Scheduled Event' })
const fail = async (own: Parts, runId: string, lane: string) => {
  await leaveRun(own, runId, lane)
  return raiseAlert(own.alert, failureOf(runId, lane, 'gate'))
}

/** The effects of an invocation in which something else happens just before its first write that fits. */
function interrupted(own: Parts, fits: (writes: Write[]) => boolean, meanwhile: () => Promise<unknown>) {
  let done = false
  const { ledger } = own.alert
  const write = async (...writes: Write[]) => {
    if (!done && fits(writes)) {
      done = true
      await meanwhile()
    }
    return ledger.write(...writes)
  }
  return { ...own.alert, ledger: override(ledger, { write }) }
}
const closes = ([first]: Write[]) => first !== undefined && 'set' in first && first.set?.state === 'closed'
const opens = ([first]: Write[]) => first !== undefined && 'put' in first && first.put.state === 'open'
const forgets = ([first]: Write[]) =>
  first !== undefined && 'remove' in first && typeof first.remove === 'object'
const moves = ([first]: Write[]) => first !== undefined && 'set' in first && first.set?.under !== undefined
const look = { 'detail-type': 'Scheduled Event' } as const

describe('two that meet', () => {
  test('a run that joins while the incident is closed keeps it open', async () => {
    const own = parts()
    await fail(own, 'r1', LANES.prices)
    await putBackWell(own, 'r1', LANES.prices)
    await alerted(
      interrupted(own, closes, () => fail(own, 'r2', LANES.prices)),
      look,
    )
    expect(incidents(own)).toMatchObject([{ state: 'open', runs: ['r1', 'r2'] }])
  })

  test('a build that would be silenced by an incident that closes at this moment is told at once', async () => {
    const own = parts()
    await fail(own, 'r1', LANES.prices)
    await leaveRun(own, 'b1', LANES.build)
    const over = async () => {
      await putBackWell(own, 'r1', LANES.prices)
      await tick(own)
    }
    await raiseAlert(interrupted(own, opens, over), failureOf('b1', LANES.build, 'gate'))
    expect(own.bus.details('Incident Opened').map(({ lane }) => lane)).toEqual([LANES.prices, LANES.build])
    expect(incidents(own).map(({ under }) => under)).toEqual([undefined, undefined])
  })

  test('a build that moves under another incident which closes at this moment is told by the next look', async () => {
    const own = parts()
    await fail(own, 'r1', LANES.prices)
    own.clock.advance(60)
    await fail(own, 'r2', LANES.trades)
    await fail(own, 'b1', LANES.build)
    await putBackWell(own, 'r1', LANES.prices)
    const over = async () => {
      await putBackWell(own, 'r2', LANES.trades)
      await tick(own)
    }
    await alerted(interrupted(own, moves, over), look)
    await tick(own)
    expect(incidents(own).map(({ state, under }) => [state, under])).toEqual([
      ['closed', undefined],
      ['closed', undefined],
      ['open', undefined],
    ])
    expect(own.bus.details('Incident Opened').map(({ lane }) => lane)).toContain(LANES.build)
  })

  test('one that closes late does not forget the next incident of the cause', async () => {
    const own = parts()
    await fail(own, 'r1', LANES.prices)
    await putBackWell(own, 'r1', LANES.prices)
    await alerted(
      interrupted(own, forgets, () => fail(own, 'r2', LANES.prices)),
      look,
    )
    expect(openCauses(own)).toEqual(['cleanse:market_data:gate'])
    expect(incidents(own).map(({ state }) => state)).toEqual(['closed', 'open'])
  })
})

/** Failures and recoveries of the three lanes, side by side, and what must be true of them in the end. */
class Ward {
  readonly own = parts()
  private readonly failed: string[] = []
  private unresolved: { runId: string; lane: string }[] = []
  private ordinal = 0

  /** A run fails, and its event comes once or twice. */
  async fail(lane: string, copies: number): Promise<Promise<unknown>[]> {
    const runId = `r${this.failed.length}`
    await leaveRun(this.own, runId, lane, lane === LANES.build ? { base: this.ordinal } : {})
    this.failed.push(runId)
    this.unresolved.push({ runId, lane })
    const event = failureOf(runId, lane, 'gate')
    return Array.from({ length: copies }, () => raiseAlert(this.own.alert, event))
  }

  /** The oldest failed run of a lane recovers; a build recovers all of its lane. */
  async recover(lane: string): Promise<Promise<unknown>[]> {
    const first = this.unresolved.find((one) => one.lane === lane)
    if (!first) return []
    this.unresolved = this.unresolved.filter(
      (one) => one !== first && !(lane === LANES.build && one.lane === lane),
    )
    if (lane === LANES.build) {
      this.ordinal += 1
      const runId = `b${this.ordinal}`
      await commitBuild(this.own, runId, this.ordinal)
      const detail = { runId, domains: ['finance'], edition: 'e' }
      return [alerted(this.own.alert, { 'detail-type': 'Gold Built', detail })]
    }
    await putBackWell(this.own, first.runId, lane)
    const rows = { in: 1, out: 1, duplicates: 0, rejected: 0 }
    const detail = { runId: `${first.runId}-again`, entity: lane.split(':')[1] as string, rows }
    return [alerted(this.own.alert, { 'detail-type': 'Silver Updated', detail })]
  }

  /** Each failed run was heard of, is in one open incident while it is unresolved, and what is open has a reason. */
  problems(): string[] {
    const all = incidents(this.own)
    const open = all.filter(({ state }) => state === 'open')
    const causes = open.map(({ cause }) => cause).sort()
    const told = new Set(this.own.bus.details('Incident Opened').map(({ incidentId }) => incidentId))
    const says = (bad: boolean, what: string) => (bad ? [what] : [])
    return [
      ...all.flatMap(({ cause, runs, count }) => says(runs.length !== count, `${cause} counts wrongly`)),
      ...open.flatMap(({ runs, cause, under, incidentId }) => [
        ...says(
          !this.unresolved.some(({ runId }) => runs.includes(runId)),
          `${cause} is open without a cause`,
        ),
        ...says(!under && !told.has(incidentId), `nobody was told of ${cause}`),
        ...says(
          !!under && !open.some((other) => other.incidentId === under),
          `${cause} is silenced by nothing`,
        ),
      ]),
      ...this.unresolved.flatMap(({ runId }) => {
        const found = open.filter(({ runs }) => runs.includes(runId)).length
        return says(found !== 1, `${runId} stands in ${found} open incidents`)
      }),
      ...says(new Set(causes).size < causes.length, 'two incidents of one cause are open'),
      ...says(openCauses(this.own).join() !== causes.join(), 'the list of open ones is wrong'),
      ...says(this.own.ledger.all('ENTRY#alert#').length !== this.failed.length, 'a run is unheard of'),
    ]
  }
}

test('in any order and side by side: one open incident a cause, which names all its runs', async () => {
  const step = fc.record({
    lane: fc.constantFrom(LANES.prices, LANES.trades, LANES.build),
    what: fc.constantFrom('fails', 'fails', 'recovers'),
    copies: fc.constantFrom(1, 1, 2),
  })
  const groups = fc.array(fc.array(step, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 })
  const property = fc.asyncProperty(groups, fc.scheduler(), async (steps, scheduler) => {
    const ward = new Ward()
    ward.own.faults.pause = (effect) => scheduler.schedule(Promise.resolve(), effect)
    for (const group of steps) {
      const work: Promise<unknown>[] = []
      for (const { lane, what, copies } of group)
        work.push(...(await (what === 'fails' ? ward.fail(lane, copies) : ward.recover(lane))))
      await scheduler.waitFor(Promise.all(work))
    }
    ward.own.faults.pause = undefined
    await tick(ward.own)
    expect(ward.problems()).toEqual([])
  })
  await fc.assert(property, { numRuns: 200, seed: SEED })
})

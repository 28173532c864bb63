import { beforeEach, describe, expect, test } from 'vitest'
import { moveOn } from '../../functions/3-transform/start-build/move-on.js'
import type { BuildLane } from '../../shared/declared.js'
import type { Value } from '../../shared/ledger.js'
import { inputKey, type Run } from '../../shared/run.js'
import { FakeClock } from '../fakes/clock.js'
import { FakeLedger } from '../fakes/ledger.js'
import { testProject } from '../fakes/project.js'

const lane = (domains: string[], entities: string[]): BuildLane => ({
  ...{ lane: domains.join('+'), domains, entities, datasets: [] },
})
const run = {
  runId: 'b1',
  kind: 'build',
  subject: 'finance+risk',
  lane: 'build:finance+risk',
} as unknown as Run
const announceReady = async () => {}
let ledger: FakeLedger
beforeEach(() => {
  ledger = new FakeLedger()
})
const took = (name: string, input: { [name: string]: Value }) =>
  ledger.write({ put: { ...inputKey('b1', name), input, bytes: 0 } })
const moved = (...lanes: BuildLane[]) =>
  moveOn(
    { ledger, project: { ...testProject, lanes }, world: { ledger, clock: new FakeClock(), announceReady } },
    run,
  )
/** What waits in a lane by now. */
const waiting = (name: string) =>
  ledger.all(`LANE#build:${name}`).flatMap(({ SK, input }) => (SK.startsWith('WAIT#') ? [input] : []))
const FINANCE = lane(['finance'], ['transactions'])
const RISK = lane(['risk', 'words'], ['market_data', 'notes'])

describe('a build whose lane a deployment took away', () => {
  test('leaves each heir the entities that it reads, once, and says where it goes on', async () => {
    await took('ENTRY#x#silver:c1', { selector: 'source:lake.market_data+', entity: 'market_data' })
    await took('ENTRY#x#silver:c2', { selector: 'source:lake.market_data+', entity: 'market_data' })
    const answer = { moved: ['build:finance', 'build:risk+words'] }
    expect(await moved(FINANCE, RISK)).toEqual({
      ...answer,
      unchanged: 'its domains are built in build:finance, build:risk+words now',
    })
    expect(waiting('risk+words')).toEqual([{ selector: 'source:lake.market_data+', entity: 'market_data' }])
    // Nothing of it is this one's; its first build makes all of it, whatever it is asked for.
    expect(waiting('finance')).toEqual([{ selector: 'source:lake.transactions+', entity: 'transactions' }])
    await moved(FINANCE, RISK)
    expect(waiting('risk+words')).toHaveLength(1)
  })

  test('leaves what was asked of a domain to the lane that has it, as it was asked', async () => {
    const asked = { mode: 'fast', domain: 'risk', force: true }
    await took('ENTRY#build:finance+risk#request:q1', asked)
    await moved(RISK)
    expect(waiting('risk+words')).toEqual([asked])
    expect(ledger.all('ENTRY#build:risk+words#moved:b1:request:q1')).toHaveLength(1)
  })

  test('leaves the tests of an edition to each lane that has a domain of it, and nothing to build', async () => {
    const tested = { edition: 'b0-1', database: 's3://a/b', domains: ['finance', 'risk'], before: {} }
    await took('ENTRY#build:finance+risk#tests:b0-1', { mode: 'test', tested })
    await moved(FINANCE, RISK)
    const of = (domain: string) => [{ mode: 'test', tested: { ...tested, domains: [domain], shared: true } }]
    expect(waiting('finance')).toEqual(of('finance'))
    expect(waiting('risk+words')).toEqual(of('risk'))
  })

  test('fails where no lane has any of its domains', async () => {
    await expect(moved(lane(['words'], ['notes']))).rejects.toThrow('no dbt lane "finance+risk"')
  })
})

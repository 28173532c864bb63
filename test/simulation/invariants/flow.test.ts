import { describe, it } from 'vitest'
import { forget, item, put, type World } from './good-world.js'
import { objects, type Wrong } from './judging.js'

const set = (pk: string, values: object) => (world: World) => Object.assign(item(world, pk), values)
const drop = (pk: string, name: string) => (world: World) => delete item(world, pk)[name]
const live = { state: 'RUNNING', duePk: 'all', dueAt: 'x', endedAt: undefined }
const HOLD = 'LANE#cleanse:market_data'

/** Makes c1 a run under way whose job has not ended. */
function underWay(world: World): void {
  Object.assign(item(world, 'RUN#c1'), live)
  Object.assign(item(world, HOLD, 'HOLD'), { holder: 'c1' })
  const [job] = world.jobs
  delete job?.endedAt
  delete job?.ok
}

const lanes: Wrong[] = [
  ['a lane is held by its one live run', 'c1 is RUNNING and does not hold', set('RUN#c1', live)],
  [
    'a lane is held by its one live run',
    'run c1, which is COMMITTED',
    (world) => Object.assign(item(world, HOLD, 'HOLD'), { holder: 'c1' }),
  ],
  [
    'a lane is held by its one live run',
    'no such run exists',
    (world) => Object.assign(item(world, HOLD, 'HOLD'), { holder: 'c9' }),
  ],
  [
    'no domain is built by two runs at once',
    'finance is built in build:finance and in build:finance+risk',
    (world) => Object.assign(item(world, 'LANE#build:finance', 'HOLD'), { holder: 'b1' }),
    (world) => put(world, { PK: 'LANE#build:finance+risk', SK: 'HOLD', holder: 'b0' }),
  ],
  [
    'what waits in a lane is exactly what has no run',
    'FILE#f1 waits in cleanse:market_data and is in a run as well',
    (world) => put(world, { PK: HOLD, SK: 'WAIT#1#FILE#f1', owner: 'FILE#f1' }),
  ],
  [
    'what waits in a lane is exactly what has no run',
    'FILE#f1 has no run and does not wait',
    drop('FILE#f1', 'run'),
  ],
  [
    'what waits in a lane is exactly what has no run',
    'RUN#p1 left cleanse:transactions, and no run has it',
    (world) => forget(world, 'LANE#cleanse:transactions', 'WAIT#9#RUN#p1'),
    (world) => {
      put(world, { PK: 'LANE#cleanse:transactions', SK: 'WAIT#9#RUN#p1', owner: 'RUN#p1' })
      set('RUN#p1', { state: 'REPLAYED' })(world)
    },
  ],
  [
    'what waits in a lane is exactly what has no run',
    'its owner FILE#f9 does not exist',
    (world) => put(world, { PK: HOLD, SK: 'WAIT#1#FILE#f9', owner: 'FILE#f9' }),
  ],
  [
    'the memory of an entry is never deleted, and its run never changes',
    'FILE#f1 changed its run from c1 to c2',
    set('FILE#f1', { run: 'c2' }),
  ],
  [
    'the memory of an entry is never deleted, and its run never changes',
    'FILE#f1 was deleted',
    (world) => forget(world, 'FILE#f1'),
  ],
  [
    'the reconciler can find every lane',
    'cleanse:market_data is in no registry',
    (world) => forget(world, 'LANES', 'cleanse:market_data'),
  ],
  ['no entry waits and no lane is held at rest', 'cleanse:market_data is held by c1', underWay],
  [
    'no entry waits and no lane is held at rest',
    'c1 waits for WAITING#glue',
    (world) => put(world, { PK: 'WAITING#glue', SK: 'x', runId: 'c1' }),
  ],
]

const runs: Wrong[] = [
  ['a run’s attempt only grows', 'run c1', set('RUN#c1', { attempt: 0 })],
  [
    'an end is for ever, and a commit only goes forward',
    'went from COMMITTED to PARKED',
    set('RUN#c1', { state: 'PARKED' }),
  ],
  ['an end is for ever, and a commit only goes forward', 'went from PARKED to RUNNING', set('RUN#p1', live)],
  [
    'an end is for ever, and a commit only goes forward',
    'c1 (cleanse:market_data, attempt 2) is COMMITTED, and its attempt changed',
    set('RUN#c1', { attempt: 2 }),
  ],
  [
    'an end is for ever, and a commit only goes forward',
    'run c1 (cleanse:market_data, attempt 1) was deleted',
    (world) => forget(world, 'RUN#c1'),
  ],
  [
    'an end is for ever, and a commit only goes forward',
    'went into c2, now into c3',
    set('RUN#p1', { into: 'c3' }),
    set('RUN#p1', { state: 'REPLAYED', into: 'c2' }),
  ],
  [
    'an end is for ever, and a commit only goes forward',
    'went from COMMITTING to READY',
    set('RUN#c1', { state: 'READY' }),
    set('RUN#c1', { state: 'COMMITTING' }),
  ],
  [
    'an end is for ever, and a commit only goes forward',
    'went from READY to FILLING',
    set('RUN#c1', { state: 'FILLING' }),
    set('RUN#c1', { state: 'READY' }),
  ],
  ['the failures of a run are only added to', 'run p1', set('RUN#p1', { failures: [] })],
  [
    'an attempt of a run fails once',
    'counts the failure of attempt 1 again',
    set('RUN#p1', { failures: [{ attempt: 1 }, { attempt: 1 }] }),
  ],
  [
    'only the good end of the accepted attempt’s job commits a run',
    'run c1',
    set('RUN#c1', { attempt: 2, state: 'COMMITTED' }),
    underWay,
  ],
  [
    'a late end of an old attempt changes nothing',
    'became READY while its job j1 was under way',
    set('RUN#c1', { state: 'READY' }),
    underWay,
  ],
  [
    'a run takes only while it is new or FILLING, and gives nothing back',
    'took IN#FILE#f2 when it was COMMITTED',
    (world) => put(world, { PK: 'RUN#c1', SK: 'IN#FILE#f2', input: {} }),
  ],
  [
    'a run takes only while it is new or FILLING, and gives nothing back',
    'lost IN#FILE#f1',
    (world) => forget(world, 'RUN#c1', 'IN#FILE#f1'),
  ],
  [
    'a run takes only while it is new or FILLING, and gives nothing back',
    'changed its input',
    (world) => Object.assign(item(world, 'RUN#c1', 'IN#FILE#f1'), { input: {} }),
  ],
  ['every run reaches an end', 'rests as RUNNING', underWay],
  ['every run reaches an end', 'was put back, and no run took it', set('RUN#p1', { state: 'REPLAYED' })],
  ['a parked run says why, and an ended one when', 'without reason', drop('RUN#p1', 'reason')],
  ['a parked run says why, and an ended one when', 'COMMITTED without endedAt', drop('RUN#c1', 'endedAt')],
  [
    'no run is tried for ever',
    'run c1 started 10 jobs',
    (world) => {
      for (let n = 0; n < 9; n += 1) world.jobs.push({ ...(world.jobs[0] as World['jobs'][0]) })
    },
  ],
]

const indexes: Wrong[] = [
  [
    'an item is in an index with both keys or not at all',
    'RUN#c1 META is half in recent',
    drop('RUN#c1', 'recentAt'),
  ],
  [
    'the reconciler can find every run that needs somebody, and none that does not',
    'c1, READY, is not in the index of the due',
    set('RUN#c1', { state: 'READY' }),
  ],
  [
    'the reconciler can find every run that needs somebody, and none that does not',
    'is still in the index of the due',
    set('RUN#p1', { state: 'REPLAYED', duePk: 'all', dueAt: 'x' }),
  ],
  ['no run needs anybody at rest', 'run c1, COMMITTED, is due', set('RUN#c1', { duePk: 'all', dueAt: 'x' })],
  [
    'the index of the quarantined lists exactly what can be put back',
    'run c1 with 1 rejected rows is not listed',
    drop('RUN#c1', 'quarantinedPk'),
  ],
  [
    'the index of the quarantined lists exactly what can be put back',
    'run c1 with 1 rejected rows is listed',
    (world) => put(world, { PK: 'ENTRY#cleanse:market_data#rejected:c1', SK: 'META' }),
  ],
  [
    'the index of the quarantined lists exactly what can be put back',
    'source=nobody/f3.json is not listed',
    drop('FILE#f3', 'quarantinedPk'),
  ],
]

const events: Wrong[] = [
  [
    'what was done with an event is not unsaid by a later failure',
    'EVENT#e1 at plan-build was done and is failed',
    (world) => Object.assign(item(world, 'EVENT#e1', 'plan-build'), { outcome: 'failed' }),
  ],
  [
    'the fate of every delivered event is recorded',
    'Silver Updated e1 was done by plan-build',
    (world) => forget(world, 'EVENT#e1', 'plan-build'),
  ],
  [
    'the fate of every delivered event is recorded',
    'its fate has no words',
    (world) => Object.assign(item(world, 'EVENT#e1', 'plan-build'), { did: '' }),
  ],
  [
    'an event that no try could digest is in the dead-letter queue',
    'e1 was never done by plan-build',
    (world) =>
      Object.assign(world.events[0] as object, { deliveries: [{ stage: 'plan-build', result: 'threw' }] }),
  ],
  [
    'an event that no try could digest is in the dead-letter queue',
    'e1 is still with plan-build',
    (world) =>
      Object.assign(world.events[0] as object, { deliveries: [{ stage: 'plan-build', result: 'running' }] }),
  ],
  [
    'a recorded fate is that of an event that was delivered',
    'EVENT#e7 at plan-build',
    (world) => put(world, { PK: 'EVENT#e7', SK: 'plan-build', outcome: 'done' }),
  ],
]

describe.each([
  ['lanes', lanes],
  ['runs', runs],
  ['indexes', indexes],
  ['events', events],
])('the invariants of %s', (_, wrongs) => {
  it.each(wrongs)('%s: %s', (...wrong) => objects(wrong))
})

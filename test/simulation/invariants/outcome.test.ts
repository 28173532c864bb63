import { describe, it } from 'vitest'
import { forget, item, NOW, put, type World } from './good-world.js'
import { objects, type Wrong } from './judging.js'

const set = (pk: string, values: object, sk?: string) => (world: World) =>
  Object.assign(item(world, pk, sk), values)
const edition = (values: object) => (world: World) =>
  world.editions.set('finance/b1-1', {
    domain: 'finance',
    edition: 'b1-1',
    complete: true,
    silverRuns: ['c1'],
    passed: true,
    ...values,
  })
const job = (place: number, values: object) => (world: World) =>
  Object.assign(world.jobs[place] as object, values)
/** One more job, like the first but for this. */
const started = (values: object) => (world: World) =>
  world.jobs.push({ ...(world.jobs[0] as World['jobs'][0]), job: 'j9', ...values })

const jobs: Wrong[] = [
  ['a run’s attempt has one job at most', 'attempt 1 of run c1 has the jobs j1 and j9', started({})],
  [
    'every started job is an attempt that the ledger had intended',
    'job j9 is attempt 2 of run c1, which is at 1',
    started({ attempt: 2 }),
  ],
  [
    'every started job is an attempt that the ledger had intended',
    'run c9, which does not exist',
    started({ runId: 'c9' }),
  ],
  [
    'every started job is an attempt that the ledger had intended',
    'job j9 is a build for run c1, a cleanse',
    started({ kind: 'build' }),
  ],
  [
    'every started job is known to the ledger, adopted, or over',
    'job j1 of run c1 still runs',
    job(0, { endedAt: undefined }),
  ],
  [
    'every started job is known to the ledger, adopted, or over',
    'run c1 names job j7, and attempt 1 was job j1',
    set('RUN#c1', { job: 'j7' }),
  ],
  [
    'a well ended job of the last attempt is not thrown away',
    'job j2 ended well, and run p1 is parked',
    (world) => {
      job(1, { ok: true, failureClass: undefined })(world)
      world.artifacts.set('runs/p1/attempt=1/report.json', {})
    },
  ],
  [
    'a failed attempt is recorded under the class by which its job really ended',
    'ended as spot, recorded as reported',
    job(1, { failureClass: 'spot' }),
  ],
]

const gold: Wrong[] = [
  [
    'a gold pointer names a passed, wholly exported edition of a committed build',
    'is not wholly exported',
    edition({ complete: false }),
  ],
  [
    'a gold pointer names a passed, wholly exported edition of a committed build',
    'failed its tests',
    edition({ passed: false }),
  ],
  [
    'a gold pointer names a passed, wholly exported edition of a committed build',
    'which is failed in the ledger',
    set('DOMAIN#finance', { state: 'failed' }, 'EDITION#b1-1'),
  ],
  [
    'a gold pointer names a passed, wholly exported edition of a committed build',
    'of a run that is PARKED',
    set('RUN#b1', { state: 'PARKED' }),
  ],
  [
    'a gold pointer never goes back by itself',
    'finance went from b1-1 (1) to b0-1 (0)',
    set('DOMAIN#finance', { ordinal: 0, edition: 'b0-1' }, 'GOLD'),
  ],
  [
    'a gold pointer never goes back by itself',
    'finance lost its pointer',
    (world) => forget(world, 'DOMAIN#finance', 'GOLD'),
  ],
  [
    'an edition is what it was for ever',
    'changed its ordinal',
    set('DOMAIN#finance', { ordinal: 4 }, 'EDITION#b1-1'),
  ],
  [
    'an edition read each silver run once, and only committed ones',
    'finance has read c1 twice',
    edition({ silverRuns: ['c1', 'c1'] }),
  ],
  [
    'an edition read each silver run once, and only committed ones',
    'finance has read p1, not committed',
    edition({ silverRuns: ['c1', 'p1'] }),
  ],
  [
    'the published edition has read every committed silver run of its lane',
    'which has not read c1',
    edition({ silverRuns: [] }),
  ],
  [
    'the published edition has read every committed silver run of its lane',
    'finance publishes nothing',
    (world) => {
      edition({ silverRuns: [] })(world)
      forget(world, 'DOMAIN#finance', 'GOLD')
    },
  ],
  [
    'a domain publishes its newest edition, or the one that a person went back to',
    'EDITION#b2-1 is newer',
    (world) => put(world, { PK: 'DOMAIN#finance', SK: 'EDITION#b2-1', ordinal: 2, state: 'passed' }),
  ],
  [
    'the catalog’s tables show the pointer’s edition',
    'daily_summary shows b0-1, finance publishes b1-1',
    (world) => world.goldTables.set('daily_summary', { edition: 'b0-1', domain: 'finance' }),
  ],
  [
    'the catalog’s tables show the pointer’s edition',
    'finance is published and has no table',
    (world) => world.goldTables.clear(),
  ],
]

/** The parked run was put back, and the run that took it is committed. */
function recovered(world: World): void {
  put(world, { ...item(world, 'RUN#c1'), PK: 'RUN#c3', runId: 'c3', lane: 'cleanse:transactions' })
  set('RUN#p1', { state: 'REPLAYED', into: 'c3' })(world)
}

/** A parked build that a later build of its lane has made good. */
function laterBuild(world: World): void {
  put(world, { ...item(world, 'RUN#p1'), PK: 'RUN#b0', runId: 'b0', kind: 'build', lane: 'build:finance' })
  set('INCIDENT#i1', { runs: ['b0'] })(world)
  world.jobs.push({ ...(world.jobs[2] as World['jobs'][0]), runId: 'b0', endedAt: NOW - 3_600_000 })
}

const incidents: Wrong[] = [
  [
    'a closed incident stays closed, and none is deleted',
    'incident i1 was opened again',
    set('INCIDENT#i1', { state: 'open' }),
    set('INCIDENT#i1', { state: 'closed' }),
  ],
  [
    'a closed incident stays closed, and none is deleted',
    'incident i1 was deleted',
    (world) => forget(world, 'INCIDENT#i1'),
  ],
  [
    'a closed incident stays closed, and none is deleted',
    'forgot the runs p1',
    set('INCIDENT#i1', { runs: [] }),
  ],
  [
    'a cause has one open incident at most',
    'cleanse:transactions:reported names i1',
    (world) => put(world, { ...item(world, 'INCIDENT#i1'), PK: 'INCIDENT#i2', incidentId: 'i2' }),
  ],
  [
    'every parked run stands in an incident',
    'run p1 of cleanse:transactions is parked, and no incident names it',
    set('INCIDENT#i1', { runs: ['p0'] }),
  ],
  [
    'no incident without a run that was parked, or an alarm that was recorded',
    'names c1, never parked',
    set('INCIDENT#i1', { runs: ['p1', 'c1'] }),
  ],
  [
    'no incident without a run that was parked, or an alarm that was recorded',
    'names neither run nor alarm',
    set('INCIDENT#i1', { runs: [] }),
  ],
  [
    'no incident without a run that was parked, or an alarm that was recorded',
    'names no real alarm',
    set('INCIDENT#i1', { alarm: 'depth' }),
  ],
  [
    'an incident is open until what each of its runs held back has arrived, and no longer',
    'is closed, and p1 has not recovered',
    set('INCIDENT#i1', { state: 'closed' }),
  ],
  [
    'an incident is open until what each of its runs held back has arrived, and no longer',
    'all its runs have recovered',
    recovered,
  ],
  [
    'an incident is open until what each of its runs held back has arrived, and no longer',
    'all its runs have recovered',
    laterBuild,
  ],
  [
    'what is degraded stands in an open incident of its cause, and what is well in none',
    'lag:finance is degraded, and no incident is open',
    (world) =>
      put(world, {
        ...{ PK: 'HEALTH', SK: 'lag:finance', finding: 'lag:finance' },
        ...{ state: 'degraded', cause: 'late:finance' },
      }),
  ],
  [
    'what is degraded stands in an open incident of its cause, and what is well in none',
    'incident i1 is open, and nothing of late:finance is degraded',
    set('INCIDENT#i1', { health: true, cause: 'late:finance' }),
  ],
  [
    'people are told of real incidents, of an end only when it is one, and of each that is open',
    'email was told of i9, which does not exist',
    (world) => world.told.push({ channel: 'email', incidentId: 'i9', what: 'opened' }),
  ],
  [
    'people are told of real incidents, of an end only when it is one, and of each that is open',
    'email heard the end of i1, which is open',
    (world) => world.told.push({ channel: 'email', incidentId: 'i1', what: 'closed' }),
  ],
  [
    'people are told of real incidents, of an end only when it is one, and of each that is open',
    'i1 is open, and nobody was told',
    (world) => world.told.splice(0),
  ],
]

describe.each([
  ['jobs', jobs],
  ['gold', gold],
  ['incidents', incidents],
])('the invariants of %s', (_, wrongs) => {
  it.each(wrongs)('%s: %s', (...wrong) => objects(wrong))
})

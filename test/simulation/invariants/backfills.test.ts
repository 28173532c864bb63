import { describe, expect, it } from 'vitest'
import { item, put, type World } from './good-world.js'
import { judge, objects, type Wrong } from './judging.js'

const PK = 'BACKFILL#k1'
const REQUEST = 'backfill:k1:2026-01-01'
const OWNER = `ENTRY#extract:quotes:0#request:${REQUEST}`

/** A backfill of two chunks: one is done by its run, the other one under way. */
function begin(world: World): void {
  const range = { source: 'quotes', from: '2026-01-01', to: '2026-01-03', parallel: 1 }
  const progress = { state: 'running', done: 1, slots: { 0: { place: 1 } }, holdsSource: true }
  put(world, { PK, SK: 'META', ...range, ...progress })
  const first = { from: '2026-01-01', to: '2026-01-02', state: 'done', runId: 'x1', tries: 1 }
  put(world, { PK, SK: 'CHUNK#2026-01-01', ...first, requestId: REQUEST })
  const second = { from: '2026-01-02', to: '2026-01-03', state: 'running', tries: 1, requestId: 'q2' }
  put(world, { PK, SK: 'CHUNK#2026-01-02', ...second })
  put(world, { PK: OWNER, SK: 'META', requestId: REQUEST, run: 'x1' })
  put(world, {
    ...item(world, 'RUN#c1'),
    PK: 'RUN#x1',
    runId: 'x1',
    kind: 'extract',
    lane: 'extract:quotes:0',
  })
}

/** The same when all of it is done. */
function finish(world: World): void {
  begin(world)
  Object.assign(item(world, PK), { state: 'done', done: 2, slots: {}, holdsSource: false })
  Object.assign(item(world, PK, 'CHUNK#2026-01-02'), { state: 'done', runId: 'x2' })
  put(world, { PK: 'ENTRY#extract:quotes:0#request:q2', SK: 'META', requestId: 'q2', run: 'x2' })
  put(world, { ...item(world, 'RUN#x1'), PK: 'RUN#x2', runId: 'x2' })
}

const chunk = (day: string, content: object) => (world: World) =>
  Object.assign(item(world, PK, `CHUNK#2026-01-0${day}`), content)
const meta = (content: object) => (world: World) => Object.assign(item(world, PK), content)
const ours = (found: ReturnType<typeof judge>) =>
  found.filter(({ invariant }) => /backfill|chunk/.test(invariant)).map(({ what }) => what)

const WRONG: Wrong[] = [
  [
    'a chunk that ended well never runs again',
    'was done and is running',
    chunk('1', { state: 'running' }),
    begin,
  ],
  [
    'only a running backfill lets a chunk go',
    'its backfill was paused',
    chunk('2', { tries: 2 }),
    (world) => {
      begin(world)
      meta({ state: 'paused' })(world)
    },
  ],
  [
    'a backfill that somebody stopped goes on only when somebody says so',
    'nobody asked',
    meta({ state: 'running' }),
    (world) => {
      begin(world)
      meta({ state: 'paused' })(world)
    },
  ],
  [
    'a backfill that somebody stopped goes on only when somebody says so',
    'was cancelled and is done',
    meta({ state: 'done' }),
    (world) => {
      begin(world)
      meta({ state: 'cancelled' })(world)
    },
  ],
  [
    'a backfill has no more chunks under way than it may, and knows each of them',
    'has 2 of 1 chunks',
    meta({ slots: { 0: {}, 1: {} } }),
    begin,
  ],
  [
    'a backfill has no more chunks under way than it may, and knows each of them',
    'knows 0 chunks under way, and 1 are',
    meta({ slots: {} }),
    begin,
  ],
  [
    'one backfill of a source at a time lets chunks go',
    'both have the place of quotes',
    (world) => put(world, { ...item(world, PK), PK: 'BACKFILL#k2', slots: {} }),
    begin,
  ],
  [
    'each chunk that is done has exactly one good run, and one that was cancelled has none',
    'did not bring it',
    (world) => Object.assign(item(world, 'RUN#x1'), { state: 'PARKED' }),
    finish,
  ],
  [
    'each chunk that is done has exactly one good run, and one that was cancelled has none',
    'was requested in 2 lanes',
    (world) => put(world, { ...item(world, OWNER), PK: OWNER.replace(':0#', ':1#') }),
    finish,
  ],
  [
    'each chunk that is done has exactly one good run, and one that was cancelled has none',
    'was cancelled, and ran',
    chunk('1', { state: 'cancelled' }),
    begin,
  ],
  [
    'every backfill comes to rest, and one that is done has all of its range',
    'is running at rest',
    () => {},
    begin,
  ],
  [
    'every backfill comes to rest, and one that is done has all of its range',
    'its chunks are not its range',
    chunk('1', { to: '2026-01-01' }),
    finish,
  ],
  [
    'every backfill comes to rest, and one that is done has all of its range',
    'counts 3 chunks',
    meta({ done: 3 }),
    finish,
  ],
]

describe('the invariants of backfills', () => {
  it.each(WRONG)('"%s" objects: %s', (...wrong) => objects(wrong))

  it('have nothing to say about a backfill that is done, nor about one that is begun anew by a person', () => {
    expect(ours(judge(() => {}, finish))).toEqual([])
    const asks = [{ what: 'resume' }]
    const stopped = (world: World) => {
      finish(world)
      meta({ state: 'paused' })(world)
    }
    const found = ours(judge(meta({ state: 'running', asks }), stopped))
    expect(found.filter((what) => what.includes('nobody asked'))).toEqual([])
  })
})

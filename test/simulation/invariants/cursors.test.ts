import { describe, expect, it, test } from 'vitest'
import { event, item, NOW, put, type World } from './good-world.js'
import { judge, objects, type Wrong } from './judging.js'

/** What the invariants of extractions object to: a good world with two plain extractions and a window, and one change. */
const LANE = 'extract:quotes'
const WINDOW_LANE = `${LANE}:0`
const STATE = `LANE#${LANE}`
const AT = new Date(NOW - 60_000).toISOString()

function extraction(world: World, runId: string, more: { [name: string]: unknown }): void {
  const { lane = LANE, requestId = runId, ...rest } = more
  const run = { PK: `RUN#${runId}`, SK: 'META', runId, kind: 'extract', subject: 'quotes', lane, attempt: 1 }
  put(world, {
    ...run,
    state: 'COMMITTED',
    endedAt: AT,
    recentPk: 'all',
    recentAt: `${AT}#${runId}`,
    ...rest,
  })
  const input = rest.window ? { requestId, window: rest.window } : { requestId }
  const owner = `ENTRY#${lane}#request:${requestId}`
  put(world, { PK: `RUN#${runId}`, SK: `IN#${owner}`, input })
  put(world, { PK: owner, SK: 'META', lane, waitSk: 'WAIT#1', run: runId })
  const { jobs, artifacts } = world
  const times = { startedAt: NOW - 120_000, endedAt: NOW - 60_000, ok: true }
  const planKey = `runs/${runId}/attempt=1/plan.json`
  jobs.push({ job: `j-${runId}`, service: 'ecs', kind: 'extract', runId, attempt: 1, planKey, ...times })
  artifacts.set(planKey, { state_uri: null, next_state_uri: null })
}

function file(world: World, key: string): { key: string } {
  world.landed.push({
    bucket: 'bronze',
    key,
    versionId: 'v1',
    bytes: 1,
    landedAt: AT,
    source: 'quotes',
    rows: [],
  })
  return { key }
}

const plan = (world: World, runId: string) => world.artifacts.get(`runs/${runId}/attempt=1/plan.json`)
const report = (world: World, runId: string) => world.artifacts.get(`runs/${runId}/attempt=1/report.json`)

/** Two plain extractions, one after the other, and a window. */
function extracted(world: World): void {
  for (const lane of [LANE, WINDOW_LANE]) {
    put(world, { PK: 'LANES', SK: lane })
    put(world, { PK: `LANE#${lane}`, SK: 'HOLD' })
  }
  extraction(world, 'x0', { base: 0 })
  extraction(world, 'x1', { base: 1 })
  extraction(world, 'w0', { lane: WINDOW_LANE, window: { from: '2026-01-01', to: '2026-01-02' } })
  put(world, { PK: STATE, SK: 'STATE', ordinal: 2, stateUri: 's1', builtBy: 'x1' })
  Object.assign(plan(world, 'x1'), { state_uri: 's0' })
  for (const [runId, range, state] of [
    ['x0', '0-3', 's0'],
    ['x1', '3-6', 's1'],
  ] as const)
    world.artifacts.set(`runs/${runId}/attempt=1/report.json`, {
      files: [file(world, `source=quotes/run_id=${runId}/${range}.json`)],
      state_uri: state,
    })
}

const cursorRules = (found: ReturnType<typeof judge>) =>
  found.filter(({ invariant }) => /cursor|extract/.test(invariant))

/** The second extraction before it ended. */
const underWay = (world: World) => {
  extracted(world)
  Object.assign(item(world, 'RUN#x1'), { state: 'COMMITTING' })
  put(world, { PK: STATE, SK: 'STATE', ordinal: 1, stateUri: 's0', builtBy: 'x0' })
}

describe('the invariants of extractions', () => {
  it('have nothing to say about good ones, at rest and in the step that ended one', () => {
    expect(cursorRules(judge(() => {}, extracted))).toEqual([])
    const ended = judge((world) => {
      Object.assign(item(world, 'RUN#x1'), { state: 'COMMITTED' })
      put(world, { PK: STATE, SK: 'STATE', ordinal: 2, stateUri: 's1', builtBy: 'x1' })
    }, underWay)
    expect(cursorRules(ended)).toEqual([])
  })

  const MOVES = 'a cursor moves by one, in the step that ends a good plain extraction'
  const COUNTS = 'every good plain extraction has moved its cursor, each once'
  const GOES_ON = 'a plain extraction begins where the last good one ended, without a gap and nothing twice'
  const APART = 'a window is extracted by a run of its own, and told nothing of the cursor'
  const wrong: Wrong[] = [
    [MOVES, 'was deleted', (world) => world.items.delete(`${STATE}|STATE`), extracted],
    [MOVES, 'from 2 to 4', (world) => Object.assign(item(world, STATE, 'STATE'), { ordinal: 4 }), extracted],
    [
      MOVES,
      'did not end with it',
      (world) => put(world, { PK: STATE, SK: 'STATE', ordinal: 2, stateUri: 's1', builtBy: 'x1' }),
      underWay,
    ],
    [
      MOVES,
      'it is a window',
      (world) => {
        Object.assign(item(world, 'RUN#w0'), { state: 'COMMITTED' })
        Object.assign(item(world, STATE, 'STATE'), { ordinal: 3, builtBy: 'w0' })
      },
      (world) => {
        extracted(world)
        Object.assign(item(world, 'RUN#w0'), { state: 'COMMITTING' })
      },
    ],
    [
      'a cursor moves only after the files landed',
      '3-6.json is not there',
      (world) => {
        world.landed.pop()
        Object.assign(item(world, 'RUN#x1'), { state: 'COMMITTED' })
        put(world, { PK: STATE, SK: 'STATE', ordinal: 2, stateUri: 's1', builtBy: 'x1' })
      },
      underWay,
    ],
    [COUNTS, 'its cursor is at 2', (world) => extraction(world, 'x2', { base: 2 }), extracted],
    [COUNTS, '(0,0)', (world) => Object.assign(item(world, 'RUN#x1'), { base: 0 }), extracted],
    [GOES_ON, 'began at null', (world) => Object.assign(plan(world, 'x1'), { state_uri: null }), extracted],
    [
      GOES_ON,
      'from 4, those before it end at 3',
      (world) => Object.assign(report(world, 'x1'), { files: [file(world, 'source=quotes/4-6.json')] }),
      extracted,
    ],
    [
      GOES_ON,
      'from 2, those before it end at 3',
      (world) => Object.assign(report(world, 'x1'), { files: [file(world, 'source=quotes/2-6.json')] }),
      extracted,
    ],
    [
      APART,
      'and 1 other requests',
      (world) => put(world, { PK: 'RUN#w0', SK: 'IN#ENTRY#other', input: { requestId: 'other' } }),
      extracted,
    ],
    [APART, 'names a state', (world) => Object.assign(plan(world, 'w0'), { state_uri: 's0' }), extracted],
    [
      APART,
      'is no window',
      (world) => Object.assign(item(world, 'RUN#w0'), { window: undefined }),
      extracted,
    ],
  ]
  test.each(wrong)('object: %s (%s)', (...one) => objects(one))
})

describe('the incident of an extraction', () => {
  const parked = (world: World, more: { [name: string]: unknown }) => {
    extracted(world)
    extraction(world, 'w9', { state: 'PARKED', reason: 'away', ...more })
    put(world, {
      PK: 'INCIDENT#i9',
      SK: 'META',
      incidentId: 'i9',
      cause: 'c',
      state: 'closed',
      runs: ['w9'],
      count: 1,
    })
    world.told.push({ channel: 'email', incidentId: 'i9', what: 'opened' })
    world.events.push(event('e9', 'Stage Failed', 'raise-alert'))
  }
  const early = (more: { [name: string]: unknown }) =>
    judge(
      () => {},
      (world) => parked(world, more),
    ).filter(({ what }) => what.includes('i9') && what.includes('has not recovered'))

  it('may close when a later plain one ended well, and not before a window’s own', () => {
    expect(early({ lane: WINDOW_LANE, window: { from: '2026-01-02', to: '2026-01-03' } })).toHaveLength(1)
    expect(early({ base: 0 })).toEqual([])
  })
})

import { beforeEach, describe, expect, test } from 'vitest'
import type { Item } from '../../../shared/ledger.js'
import { parts } from '../../fakes/parts.js'
import { apiOn, ask } from './asking.js'

const RUN = 'r0000000000000000000000001'
const FILE = 'a'.repeat(64)
const ROWS = { in: 10, out: 6, duplicates: 1, rejected: 3 }
let ledger: ReturnType<typeof parts>['ledger']
let effects: ReturnType<typeof apiOn>

beforeEach(() => {
  const fakes = parts()
  ledger = fakes.ledger
  effects = apiOn(fakes)
})

const put = (item: Item) => ledger.write({ put: item })
const run = (content: Record<string, unknown>) =>
  put({
    PK: `RUN#${RUN}`,
    SK: 'META',
    runId: RUN,
    kind: 'cleanse',
    lane: 'cleanse:market_data',
    rows: ROWS,
    ...content,
  } as Item)
const file = (content: Record<string, unknown>) => put({ PK: `FILE#${FILE}`, SK: 'META', ...content } as Item)
const post = (path: string, body: unknown) => ask(effects, path, { method: 'POST', body })

const RETRY = `/runs/${RUN}/retry`
const APPROVE = `/runs/${RUN}/approve`
const REPLAY = '/quarantine/replay'
const BY = { by: 'ada' }
const WHY = { by: 'ada', why: 'a holiday' }

describe('a request that can be done is put as one event, and answers with its id', () => {
  test.each([
    ['PARKED after a failure', RETRY, BY, { state: 'PARKED' }, 'Retry Requested', { runId: RUN, ...BY }],
    [
      'PARKED at its gate',
      RETRY,
      WHY,
      { state: 'PARKED', gate: 'failed' },
      'Retry Requested',
      { runId: RUN, ...WHY },
    ],
    [
      'PARKED at its gate',
      APPROVE,
      WHY,
      { state: 'PARKED', gate: 'failed' },
      'Run Approved',
      { runId: RUN, ...WHY },
    ],
    [
      'COMMITTED with rejected rows',
      REPLAY,
      { ...BY, runId: RUN },
      { state: 'COMMITTED', quarantinedPk: 'all', quarantinedAt: 'x' },
      'Replay Requested',
      { runId: RUN, ...BY },
    ],
  ])('%s: %s', async (_, path, body, content, name, detail) => {
    await run(content)
    const { status, body: answer } = await post(path, body)
    expect([status, answer]).toEqual([
      202,
      { eventId: 'e-1', event: name, ...detail, follow: 'npx sluice why e-1' },
    ])
    expect(effects.requested).toEqual([{ name, detail }])
  })

  test('also for a file whose source is declared by now', async () => {
    await file({
      key: 'source=prices/a.csv',
      quarantined: 'unknown_source',
      quarantinedPk: 'all',
      quarantinedAt: 'x',
    })
    expect(await post(REPLAY, { ...BY, fileId: FILE })).toMatchObject({ status: 202, body: { fileId: FILE } })
    expect(effects.requested).toEqual([{ name: 'Replay Requested', detail: { fileId: FILE, ...BY } }])
  })
})

describe('a request that cannot be done answers with what is, and puts nothing', () => {
  test.each([
    [RETRY, BY, { state: 'RUNNING' }, /is not PARKED: it is RUNNING$/],
    [RETRY, BY, { state: 'REPLAYED', into: 'r2' }, /it is REPLAYED, put back into run r2$/],
    [RETRY, BY, { state: 'REPLAYED' }, /it is REPLAYED, and waits in its lane$/],
    [APPROVE, WHY, { state: 'COMMITTED' }, /is not PARKED: it is COMMITTED$/],
    [
      APPROVE,
      WHY,
      { state: 'PARKED', gate: 'not reached' },
      /was not held at its gate \(gate: not reached\)/,
    ],
    [APPROVE, WHY, { state: 'PARKED', gate: 'failed', rows: { ...ROWS, in: 11 } }, /rows .* do not add up/],
    [APPROVE, WHY, { state: 'PARKED', gate: 'failed', rows: undefined }, /rows .* do not add up/],
    [REPLAY, { ...BY, runId: RUN }, { state: 'COMMITTED', kind: 'build' }, /is a build: it rejects no rows/],
    [REPLAY, { ...BY, runId: RUN }, { state: 'PARKED', quarantinedPk: 'all' }, /retry puts all of them back/],
    [REPLAY, { ...BY, runId: RUN }, { state: 'RUNNING' }, /is RUNNING$/],
    [
      REPLAY,
      { ...BY, runId: RUN },
      { state: 'COMMITTED', rows: { ...ROWS, rejected: 0 } },
      /rejected no row/,
    ],
    [REPLAY, { ...BY, runId: RUN }, { state: 'COMMITTED' }, /were put back already/],
  ])('%s %j of %j: 409', async (path, body, content, message) => {
    await run(content)
    const answer = await post(path, body)
    expect(answer).toMatchObject({
      status: 409,
      body: { error: 'Conflict', message: expect.stringMatching(message) },
    })
    expect(effects.requested).toEqual([])
  })

  test.each([
    [
      { key: 'source=nobody/a.csv', quarantinedPk: 'all' },
      /sources\/nobody\.yaml declares the source "nobody"$/,
    ],
    [
      { key: 'a.csv', quarantinedPk: 'all' },
      /a\.csv yet: no source declares the folder that this key lies in$/,
    ],
    [
      { key: 'source=prices/a.csv', lane: 'cleanse:market_data' },
      /not in quarantine: it joined cleanse:market_data$/,
    ],
  ])('a file %j: 409', async (content, message) => {
    await file(content)
    const { status, body } = await post(REPLAY, { ...BY, fileId: FILE })
    expect([status, body.message]).toEqual([409, expect.stringMatching(message)])
    expect(effects.requested).toEqual([])
  })

  test.each([
    [RETRY, BY, /no run "r0{24}1"; GET \/runs lists them/],
    ['/runs/..%2Fx/approve', WHY, /no run/],
    [REPLAY, { ...BY, runId: RUN }, /no run/],
    [REPLAY, { ...BY, fileId: FILE }, /no file "a{64}"; GET \/quarantine lists/],
  ])('%s %j of nothing: 404', async (path, body, message) => {
    const answer = await post(path, body)
    expect([answer.status, answer.body.message]).toEqual([404, expect.stringMatching(message)])
    expect(effects.requested).toEqual([])
  })
})

describe('a body that cannot be read', () => {
  test.each([
    [RETRY, {}, ['by: ']],
    [RETRY, { by: '' }, ['by: ']],
    [RETRY, { by: 'x'.repeat(201) }, ['by: ']],
    [RETRY, { by: 'ada', nothing: 1 }, ['body: ']],
    [RETRY, 'no json', ['body: this is no JSON']],
    [RETRY, '[]', ['body: ']],
    [APPROVE, { by: 'ada' }, ['why: ']],
    [APPROVE, { by: 7, why: ' ' }, ['by: ', 'why: ']],
    [REPLAY, BY, ['runId: name either runId or fileId']],
    [REPLAY, { ...BY, runId: RUN, fileId: FILE }, ['runId: name either runId or fileId']],
    [REPLAY, { ...BY, runId: '../x' }, ['runId: a run id has 26']],
    [REPLAY, { ...BY, fileId: 'x' }, ['fileId: a file id has 64']],
  ])('%s %j answers 422 and names each field', async (path, body, problems) => {
    await run({ state: 'PARKED', gate: 'failed' })
    const answer = await post(path, body)
    expect(answer.status).toBe(422)
    expect(answer.body.problems).toEqual(problems.map((problem) => expect.stringContaining(problem)))
    expect(effects.requested).toEqual([])
  })

  test('is not even parsed when it is longer than any request', async () => {
    await run({ state: 'PARKED' })
    expect(await post(RETRY, `${JSON.stringify(BY)}${' '.repeat(9_000)}`)).toMatchObject({ status: 413 })
  })

  test('of one without a token is not looked at', async () => {
    const answer = await ask(effects, RETRY, { method: 'POST', body: BY, authorization: null })
    expect(answer.status).toBe(401)
  })
})

test('an event that the bus refuses is an error of ours, not a promise', async () => {
  await run({ state: 'PARKED' })
  effects.request = () => Promise.reject(new Error('refused'))
  expect(await post(RETRY, BY)).toMatchObject({ status: 500 })
})

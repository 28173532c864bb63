import { beforeEach, describe, expect, test } from 'vitest'
import type { Said } from '../../../functions/5-serve/api/why/said.js'
import type { Item } from '../../../shared/ledger.js'
import { parts } from '../../fakes/parts.js'
import { apiOn, ask } from './asking.js'

const LANE = 'build:finance+risk'
const AT = '2026-03-02T07:00:00.000Z'
const build = (n: number) => `r00000000000000000000000b${n}`
const cleanse = (n: number) => `r00000000000000000000000c${n}`
let fakes: ReturnType<typeof parts>
beforeEach(() => {
  fakes = parts()
})

const put = (...items: object[]) =>
  Promise.all(items.map((item) => fakes.ledger.write({ put: item as Item })))
async function why(subject: string): Promise<string[]> {
  const { status, body } = await ask(apiOn(fakes), `/why?subject=${encodeURIComponent(subject)}`)
  expect([status, body.message]).toEqual([200, undefined])
  return body.lines.map(({ what }: Said) => what)
}

const edition = `${build(1)}-1`
const pointer = {
  PK: 'DOMAIN#finance',
  SK: 'GOLD',
  edition,
  ordinal: 4,
  runId: build(1),
  publishedAt: AT,
  datasets: [{ dataset: 'daily_summary', rows: 7 }],
}
const state = (count: number, ordinal = 4) => ({
  PK: `LANE#${LANE}`,
  SK: 'STATE',
  ordinal,
  builtBy: build(ordinal),
  databaseUri: 's3://x',
  silverRuns: { market_data: count, transactions: 0 },
})
const head = (count: number) => ({ PK: 'SILVER#market_data', SK: 'HEAD', count })
const silver = (n: number) => ({
  PK: 'SILVER#market_data',
  SK: `RUN#${String(n).padStart(10, '0')}`,
  runId: cleanse(n),
  rows: 10,
})
const entry = (n: number, content: object) => ({
  PK: `ENTRY#${LANE}#silver:${cleanse(n)}`,
  SK: 'META',
  lane: LANE,
  waitSk: `WAIT#${String(Date.parse(AT)).padStart(13, '0')}#x`,
  ...content,
})

describe('why a dataset', () => {
  test('is as it is: its edition, who built it, its rows, and that nothing newer is there', async () => {
    await put(pointer, state(2), head(2))
    for (const subject of ['finance/daily_summary', 'finance']) {
      const said = await why(subject)
      expect(said[0]).toContain(
        `edition ${edition} of finance, built by run ${build(1)}, was published and is the current one`,
      )
      expect(said).toContain(
        `all committed silver of market_data was read by the last good build of lane ${LANE}`,
      )
    }
    expect((await why('finance/daily_summary'))[0]).toMatch(/; daily_summary has 7 rows$/)
  })

  test('is not published yet', async () => {
    const said = await why('risk/var_calculations')
    expect(said[0]).toBe('no edition of risk is published yet')
    expect(said).toContain('no silver of market_data is committed yet')
    expect(said.join('\n')).not.toContain('was read')
  })

  test('carries who let its edition through', async () => {
    const waiver = { by: 'ada', why: 'a holiday' }
    await put(pointer, state(2), { PK: 'DOMAIN#finance', SK: `EDITION#${edition}`, waiver })
    expect((await why('finance'))[0]).toContain(', let through by ada: a holiday')
  })

  test('has a newer edition that is built and not published', async () => {
    await put(pointer, state(2, 5))
    expect(await why('finance')).toContain(`run ${build(5)} built a newer edition that is not published yet`)
  })

  test('lacks newer silver: what keeps each run of it', async () => {
    const parked = { PK: `RUN#${build(2)}`, SK: 'META', runId: build(2), kind: 'build', state: 'PARKED' }
    await put(pointer, state(1), head(4), silver(1), silver(2), silver(3), silver(4))
    await put(entry(2, { run: build(2) }), entry(3, {}))
    await put({ ...parked, subject: 'finance+risk', gate: 'failed', reason: 'failed tests: t', endedAt: AT })
    const said = await why('finance')
    expect(said).toContain(`3 silver runs of market_data are in no good build of lane ${LANE} yet`)
    expect(said).toContain(
      `run ${cleanse(2)} (10 rows of market_data) was taken by build ${build(2)}; it is PARKED since ${AT}: failed tests: t`,
    )
    expect(said).toContain(`run ${cleanse(3)} (10 rows of market_data) waits in lane ${LANE} since then`)
    expect(said).toContain(
      `run ${cleanse(4)} (10 rows of market_data) is committed, and lane ${LANE} has no record of it yet`,
    )
    expect(said.join('\n')).not.toContain(cleanse(1))
  })

  test('names five of many runs, and counts the rest', async () => {
    await put(pointer, state(0), head(8), ...Array.from({ length: 8 }, (_, n) => silver(n + 1)))
    const said = await why('finance')
    expect(said.filter((what) => what.includes('is committed, and lane'))).toHaveLength(5)
    expect(said).toContain('3 more of them are not named here')
  })

  test('waits for what is parked, running and waiting before it, and names open incidents', async () => {
    await put(pointer, state(2), head(2))
    await put({ PK: 'LANE#cleanse:market_data', SK: 'HOLD', holder: cleanse(9), since: AT })
    await put({ PK: 'LANE#cleanse:market_data', SK: `WAIT#${Date.parse(AT)}#FILE#x`, owner: 'FILE#x' })
    const parked = {
      PK: `RUN#${cleanse(8)}`,
      SK: 'META',
      runId: cleanse(8),
      kind: 'cleanse',
      state: 'PARKED',
    }
    const recent = { recentPk: 'all', recentAt: AT }
    await put({
      ...parked,
      ...recent,
      subject: 'market_data',
      gate: 'failed',
      reason: 'too many',
      endedAt: AT,
    })
    await put({
      ...parked,
      ...recent,
      PK: 'RUN#other',
      subject: 'notes',
      runId: 'other',
      reason: 'elsewhere',
    })
    const incident = {
      SK: 'META',
      incidentId: 'i1',
      state: 'open',
      priority: 'P2',
      title: 'held',
      reason: 'bad',
    }
    await put({ PK: 'INCIDENTS', SK: 'gate', incidentId: 'i1' })
    await put({ PK: 'INCIDENTS', SK: 'elsewhere', incidentId: 'i2' })
    await put({ ...incident, PK: 'INCIDENT#i1', lane: 'cleanse:market_data', lanes: ['cleanse:market_data'] })
    await put({ ...incident, PK: 'INCIDENT#i2', incidentId: 'i2', title: 'other', lanes: ['cleanse:notes'] })
    const said = (await why('finance')).join('\n')
    expect(said).toContain(`run ${cleanse(9)} holds lane cleanse:market_data since then`)
    expect(said).toContain('1 entry waits in lane cleanse:market_data; the first came then')
    expect(said).toContain(`cleanse ${cleanse(8)} of market_data is parked, its gate held it back: too many`)
    expect(said).toContain('a P2 incident was opened: held: bad')
    expect(said).not.toMatch(/elsewhere|other/)
  })
})

describe('why a run', () => {
  const run = (content: object) =>
    put({
      PK: `RUN#${cleanse(1)}`,
      SK: 'META',
      runId: cleanse(1),
      kind: 'cleanse',
      lane: 'cleanse:x',
      ...content,
    })

  test('waits for Glue, behind how many others', async () => {
    const place = (second: number) => `2026-03-02T07:00:0${second}.000Z#${cleanse(second)}`
    for (const second of [0, 1, 2])
      await put({ PK: 'WAITING#glue', SK: place(second), runId: cleanse(second) })
    await run({ state: 'READY', attempt: 1, waitingSk: place(1) })
    expect(await why(cleanse(1))).toContain('it waits for Glue, which was at its limit; 1 run came before it')
    await run({ state: 'READY', attempt: 1, waitingSk: '2026-03-02T06:00:00.000Z#gone' })
    expect(await why(cleanse(1))).toContain(
      'it waited for Glue, and was woken: its next attempt has not begun',
    )
  })

  test.each([
    [
      { state: 'READY', attempt: 1, notBefore: 'T1' },
      'it is ready, and attempt 2 has not begun, and rests until T1',
    ],
    [{ state: 'FILLING', attempt: 0 }, 'it is taking what waits in its lane'],
    [{ state: 'COMMITTING', attempt: 1 }, 'its results are being made final'],
    [
      { state: 'RUNNING', attempt: 2 },
      'the start of attempt 2 was decided, and the ledger knows no job of it yet',
    ],
    [
      { state: 'RUNNING', attempt: 2, engine: 'duckdb', job: 'arn' },
      'attempt 2 runs on duckdb as arn since then, as far as the ledger knows',
    ],
  ])('is live: %j', async (content, words) => {
    await run(content)
    expect((await why(cleanse(1))).at(-1)).toBe(words)
  })

  test('put back waits behind a lane of the same domains that an older deployment named', async () => {
    const lane = 'build:finance'
    await put({ PK: 'LANES', SK: lane }, { PK: 'LANES', SK: LANE }, { PK: 'LANES', SK: 'build:other' })
    await put({ PK: `LANE#${LANE}`, SK: 'HOLD', holder: build(9), since: AT })
    await put({ PK: 'LANE#build:other', SK: 'HOLD', holder: build(8), since: AT })
    await run({ kind: 'build', lane, state: 'REPLAYED' })
    await put({
      PK: `LANE#${lane}`,
      SK: `WAIT#${Date.parse(AT)}#RUN#${cleanse(1)}`,
      owner: `RUN#${cleanse(1)}`,
    })
    expect((await why(cleanse(1))).slice(-2)).toEqual([
      `it waits in lane ${lane}; 0 entries came before it`,
      `no run holds lane ${lane}, but run ${build(9)} holds lane ${LANE} of the same domains since then`,
    ])
  })
})

describe('why an entity, a lane, an incident', () => {
  test('an entity tells its sources, its lane, its silver, and what of it is in no gold', async () => {
    await put(state(1), head(2), silver(1), silver(2), { PK: 'LANES', SK: 'cleanse:market_data' })
    const said = await why('market_data')
    expect(said).toEqual([
      'market_data is fed by prices, quotes',
      'no run holds lane cleanse:market_data',
      `its newest silver is 10 rows of run ${cleanse(2)}`,
      `1 silver run of market_data is in no good build of lane ${LANE} yet`,
      `run ${cleanse(2)} (10 rows of market_data) is committed, and lane ${LANE} has no record of it yet`,
    ])
    expect(await why('cleanse:market_data')).toEqual(['no run holds lane cleanse:market_data'])
  })

  test('an entity that no model reads ends in silver', async () => {
    expect(await why('notes')).toEqual([
      'notes is fed by notes',
      'no run holds lane cleanse:notes',
      'no silver of notes is committed yet',
      'no dbt model reads it',
    ])
  })

  test('an incident tells its runs and its end', async () => {
    const incident = {
      incidentId: 'i1',
      state: 'closed',
      priority: 'P1',
      title: 'failed',
      reason: 'bad',
      openedAt: AT,
    }
    await put({ PK: 'INCIDENT#i1', SK: 'META', ...incident, closedAt: AT, runs: [cleanse(1)] })
    const sent = { PK: 'INCIDENT#i1', at: AT }
    await put({ ...sent, SK: 'SENT#pagerduty#opened', state: 'failed', why: 'no answer' })
    await put({ ...sent, SK: 'SENT#slack#opened', state: 'sent' })
    expect(await why('i1')).toEqual([
      'a P1 incident was opened: failed: bad',
      `it is about run ${cleanse(1)}`,
      'telling pagerduty that it opened failed: no answer',
      'slack was told that it opened',
      'it was closed',
    ])
  })
})

import { beforeEach, describe, expect, test } from 'vitest'
import type { Said } from '../../../functions/5-serve/api/why/said.js'
import type { Item } from '../../../shared/ledger.js'
import { Chain } from '../../fakes/chain.js'
import { drop } from '../../fakes/project.js'
import { apiOn, ask } from './asking.js'

let chain: Chain
beforeEach(() => {
  chain = new Chain({ errorsKept: true })
})

const asked = (subject: string) => ask(apiOn(chain.parts), `/why?subject=${encodeURIComponent(subject)}`)
/** The sentences of an answer. */
async function why(subject: string): Promise<string[]> {
  const { status, body } = await asked(subject)
  expect([status, body.message]).toEqual([200, undefined])
  return body.lines.map(({ what }: Said) => what)
}
const put = (item: unknown) => chain.parts.ledger.write({ put: item as Item })
const runs = (state?: string) =>
  chain.parts.ledger.all('RUN#').filter((item) => item.SK === 'META' && (!state || item.state === state))
const keyOf = (name: string) => `source=prices/year=2026/month=03/day=02/hour=07/run_id=x/${name}`

describe('why a file', () => {
  test('waits: behind which run, since when, and how many came before it', async () => {
    await chain.record(chain.land('a.json'))
    chain.parts.clock.advance(1)
    await chain.record(chain.land('b.json'))
    chain.parts.clock.advance(1)
    await chain.record(chain.land('c.json'))
    const [first] = runs()
    const { body } = await asked('c.json')
    expect(body).toMatchObject({ kind: 'file', id: keyOf('c.json'), subject: 'c.json' })
    expect(body.lines).toMatchObject([
      { what: `version v3 of ${keyOf('c.json')} landed, 100 bytes`, at: '2026-03-02T07:00:02.000Z' },
      { what: 'source prices feeds market_data: it joined lane cleanse:market_data' },
      {
        what: 'it waits in lane cleanse:market_data; 1 entry came before it',
        at: '2026-03-02T07:00:02.000Z',
      },
      {
        what: `run ${first?.runId} holds lane cleanse:market_data since then`,
        at: '2026-03-02T07:00:00.000Z',
        ref: first?.runId,
      },
    ])
  })

  test('is where it is in gold: merged with which, rows, build, editions', async () => {
    await chain.record(chain.land('a.json'))
    for (const name of ['b.json', 'c.json', 'd.json']) await chain.record(chain.land(name))
    await chain.rest()
    const cleanse = runs().find(({ kind, files }) => kind === 'cleanse' && files === 3)
    const said = await why(keyOf('b.json'))
    expect(said).toContain(`it was merged into run ${cleanse?.runId} with 2 others`)
    expect(said).toContain(`run ${cleanse?.runId} read 30 rows: 30 went to silver, 0 duplicates, 0 rejected`)
    const current = said.filter((what) => / was published and is the current one$/.test(what))
    expect(current.map((what) => what.split(' ')[3])).toEqual(['finance', 'risk'])
    expect((await why('a.json')).join('\n')).toContain(' alone\n')
  })

  test('went into an edition that a newer one has followed', async () => {
    await chain.record(chain.land('a.json'))
    await chain.rest()
    await chain.record(chain.land('b.json'))
    await chain.rest()
    const [first, second] = runs('COMMITTED').filter(({ kind }) => kind === 'build')
    const said = await why('a.json')
    expect(said).toContain(
      `edition ${first?.edition} of finance was published; ${second?.edition} is current`,
    )
    expect(said.join('\n')).not.toContain('and is the current one')
  })

  test('is parked: why, and what a person may do', async () => {
    chain = new Chain({ rejected: () => 9 })
    await chain.record(chain.land('a.json'))
    await chain.rest()
    const [parked] = runs('PARKED')
    const said = await why('a.json')
    expect(said.join('\n')).toMatch(/is PARKED since .*: 9 of 10 rows rejected \(90\.0 %\)/)
    expect(said.at(-1)).toContain(`npx sluice approve ${parked?.runId} --why`)
    expect(said.join('\n')).not.toMatch(/published|silver/)
  })

  test('is in quarantine, and can come back once its source is declared', async () => {
    await chain.record(chain.land('a.json', { source: 'fmp' }))
    const said = await why('a.json')
    expect(said).toEqual([
      expect.stringContaining('landed'),
      'it is in quarantine (unknown_source): no file sources/fmp.yaml declares the source "fmp"',
    ])
    const effects = apiOn(chain.parts)
    const { project } = effects
    const sources = { ...project.sources, fmp: drop('fmp', 'market_data') }
    const answer = await ask({ ...effects, project: { ...project, sources } }, '/why?subject=a.json')
    expect(answer.body.lines.at(-1).what).toMatch(/npx sluice quarantine replay [0-9a-f]{64}$/)
  })

  test('is in no record yet: its event has not come', async () => {
    chain.land('a.json')
    expect((await why(`s3://bronze/${keyOf('a.json')}`)).at(-1)).toContain('its event has not come')
  })

  test('that landed several times tells of each version, the newest in full', async () => {
    await chain.record(chain.land('a.json'))
    await chain.rest()
    chain.parts.clock.advance(1)
    await chain.record(chain.land('a.json'))
    const said = await why('a.json')
    expect(said[0]).toBe('2 versions of this key landed; this is the newest')
    expect(said[1]).toContain('version v2 of')
    expect(said.at(-1)).toMatch(/^the older version v1, 100 bytes, was taken; run \w+ is COMMITTED since/)
  })

  test('is told by its id as by its key', async () => {
    await chain.record(chain.land('a.json'))
    const [file] = chain.parts.ledger.all('FILE#')
    expect(await why(String(file?.PK.slice('FILE#'.length)))).toEqual(await why('a.json'))
  })
})

describe('why a run', () => {
  test('is where it is: what it took, its attempts, its silver, its gold', async () => {
    await chain.record(chain.land('a.json'))
    await chain.rest()
    const cleanse = runs().find(({ kind }) => kind === 'cleanse')
    const said = await why(String(cleanse?.runId))
    expect(said[0]).toContain('a cleanse of market_data, was made in lane cleanse:market_data')
    expect(said).toContain('it took 1 entry out of its lane')
    expect(said).toContain(`it took version v1 of ${keyOf('a.json')}, landed then`)
    expect(said).toContain('attempt 1 was begun')
    expect(said).toContain('it was committed')
    expect(said.join('\n')).toMatch(/build \w+ took its silver; it is COMMITTED/)
  })

  test('failed: each attempt with its class, and what a person should do', async () => {
    chain = new Chain({ job: () => ({ ok: false, reason: 'exit code 1', failureClass: 'crashed' }) })
    await chain.record(chain.land('a.json'))
    await chain.rest()
    const [parked] = runs('PARKED')
    const said = (await why(String(parked?.runId))).join('\n')
    expect(said).toMatch(/attempt 1 failed as crashed \(.+\): exit code 1/)
    expect(said).toMatch(/it waits for a person \(.+\): npx sluice retry/)
    expect(said).not.toContain('npx sluice approve')
  })

  test('that was put back says by whom, and into which run it went', async () => {
    const ids = ['r0000000000000000000000007', 'r0000000000000000000000008'] as const
    const run = (place: 0 | 1, content: object) =>
      put({
        PK: `RUN#${ids[place]}`,
        SK: 'META',
        runId: ids[place],
        kind: 'cleanse',
        lane: 'cleanse:x',
        ...content,
      })
    const history = [{ at: '2026-03-02T07:00:00.000Z', state: 'REPLAYED' }]
    const putBack = { as: 'retry', by: 'ada', why: 'fixed' }
    await run(0, { state: 'REPLAYED', into: ids[1], history, putBack })
    await run(1, { state: 'RUNNING', attempt: 2 })
    const said = await why(ids[0])
    expect(said).toContain('it was put back into its lane (retry, asked by ada: fixed)')
    expect(said).toContain(`run ${ids[1]} took it; it is RUNNING, attempt 2`)
  })

  test('is named by a key that it wrote', async () => {
    await chain.record(chain.land('a.json'))
    await chain.rest()
    const cleanse = runs().find(({ kind }) => kind === 'cleanse')
    const { body } = await asked(
      `s3://silver/entity=market_data/year=2026/month=03/day=02/market_data_${cleanse?.runId}-0.parquet`,
    )
    expect(body).toMatchObject({ kind: 'run', id: cleanse?.runId })
  })
})

describe('why an event', () => {
  test('was taken: which stage did what, which failed, which has no record', async () => {
    const at = '2026-03-02T07:00:00.000Z'
    const fate = { PK: 'EVENT#e-1', event: 'Gold Published', at, eventAt: at }
    await put({ ...fate, SK: 'raise-alert', did: 'closed an incident', outcome: 'done' })
    await put({ ...fate, SK: 'publish-gold', did: 'the ledger is away', outcome: 'failed' })
    const { body } = await asked('e-1')
    expect(body).toMatchObject({ kind: 'event', id: 'e-1' })
    const said = body.lines.map(({ what }: Said) => what)
    expect(said[0]).toBe('it is a "Gold Published" event')
    expect(said).toContain('raise-alert took it: closed an incident')
    expect(said).toContain('publish-gold failed on it: the ledger is away')
  })

  test('of a request that joined a lane goes on to the run that took it', async () => {
    await chain.record(chain.land('a.json'))
    const [run] = runs()
    const fate = {
      event: 'Forget Requested',
      did: 'joined cleanse:market_data',
      at: '2026-03-02T07:00:00.000Z',
    }
    const lane = 'cleanse:market_data'
    for (const id of ['f1', 'f2'])
      await put({ PK: `EVENT#e-${id}`, SK: 'put-back', ...fate, eventPk: `FORGET#${id}`, eventAt: id })
    await put({ PK: 'FORGET#f1', SK: 'META', lane, run: run?.runId })
    await put({ PK: 'FORGET#f2', SK: 'META', lane })
    expect((await why('e-f1')).at(-1)).toBe(`it was taken; run ${run?.runId} is READY`)
    expect(await why('e-f2')).toContain(`run ${run?.runId} holds lane ${lane} since then`)
  })

  test('that a stage listens to and has no record of is named', async () => {
    const at = '2026-03-02T07:00:00.000Z'
    await put({
      PK: 'EVENT#e-1',
      SK: 'other',
      event: 'Batch Ready',
      at,
      eventAt: at,
      did: 'x',
      outcome: 'done',
    })
    expect(await why('e-1')).toContain(
      'start-cleanse listens to "Batch Ready", and has no record of this event',
    )
  })
})

describe('an unknown subject', () => {
  test('is told with what was looked for and where', async () => {
    await chain.record(chain.land('a.json'))
    const { status, body } = await asked('nothing.csv')
    expect(status).toBe(404)
    for (const looked of [
      '"nothing.csv" is no dataset, domain (finance, risk)',
      'market_data',
      'no run, sync, file, incident',
      'among the 1 versions',
    ])
      expect(body.message).toContain(looked)
    expect(body.message).not.toContain('daily_summary')
  })

  test.each([
    ['json', /no such key/],
    ['s3://elsewhere/a.json', /in another bucket than bronze/],
    ['r0000000000000000000000999', /no run/],
    ['finance/nothing', /finance\/daily_summary/],
    ['constructor', /no dataset/],
  ])('%s', async (subject, message) => {
    await chain.record(chain.land('a.json'))
    const { status, body } = await asked(subject)
    expect([status, body.message]).toEqual([404, expect.stringMatching(message)])
  })

  test('is looked for in every folder of the last days, however many sources there are', async () => {
    const feeds = (name: string) => ({ feeds: [{ prefix: `source=${name}/`, entity: 'market_data' }] })
    const sources = Object.fromEntries(Array.from({ length: 15 }, (_, n) => [`s${n}`, feeds(`s${n}`)]))
    const api = apiOn(chain.parts)
    const many = { ...api, project: { ...api.project, sources } as never }
    const { body } = await ask(many, '/why?subject=x.csv')
    expect(body.message).toContain('among the 0 versions of the last 7 days')
  })

  test('that is the end of several keys names them', async () => {
    await chain.record(chain.land('a.json'), chain.land('a.json', { source: 'trades' }))
    const { status, body } = await asked('run_id=x/a.json')
    expect(status).toBe(404)
    expect(body.message).toMatch(/^"run_id=x\/a.json" is the end of 2 keys: source=/)
  })

  test.each(['', '%20', `${'x'.repeat(1_200)}`])('"%s" is no subject', async (subject) => {
    expect((await ask(apiOn(chain.parts), `/why?subject=${subject}`)).status).toBe(400)
  })
})

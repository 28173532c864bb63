import { availableParallelism, loadavg } from 'node:os'
import { GetTablesCommand, GlueClient } from '@aws-sdk/client-glue'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Editions } from '../../../cli/editions.js'
import type { Row } from '../chain.js'
import { sluice } from '../gate.case.js'
import { invoke, keysOf, ledgerItem, setItem } from '../operator.js'
import { until } from '../poll.js'
import { athena as ask, Reader } from '../reader.js'
import { content, ndjson, prices } from '../rows.js'
import { ROOT } from '../stack.js'
import { landFiles, landPaths, startWorld, type World } from '../world.js'

const SET_UP_MILLISECONDS_MAX = 600_000
const ROLLBACK_SECONDS_MAX = 2
// Where others take the machine, a rollback may last as long as so many reads, and the bar is not judged.
const OVERLOADED_PER_CORE = 3
const OVERLOADED_READS_MAX = 20
const SECONDS_MAX = 60
const DATASETS = { finance: 'daily_portfolio_summary', risk: 'var_calculations' } as const
const LONG_AGO = '2026-01-01T00:00:00.000Z'

/** Three editions of two domains, a reader who never rests, and a person who goes back and forth. */
describe('editions', () => {
  let world: World
  /** The editions of finance in the order of their publication, and the rows that each holds. */
  const names: string[] = []
  const rows = new Map<string, string[]>()

  const shown = () => world.chain.gold('finance', DATASETS.finance)
  const view = () => world.chain.api.get<Editions>('/domains/finance/editions')
  async function publish(land: () => Promise<unknown>) {
    await land()
    await world.chain.rest(world.landed)
    const edition = String((await world.chain.editions()).finance)
    names.push(edition)
    rows.set(edition, content(await shown()))
  }
  /** Prices of some weeks of one more share, and somebody who buys it: gold has one more account. */
  const land = (symbol: string, count: number) =>
    landFiles(world, [
      { source: 'market-data', name: `${symbol}.ndjson`, content: ndjson(prices(symbol, count)) },
      { source: 'trading', name: `${symbol}.ndjson`, content: ndjson([bought(symbol)]) },
    ])

  beforeAll(async () => {
    world = await startWorld({
      parameters: { editionsKept: '1', editionsKeptDays: '0', editionsGraceSeconds: '3600' },
    })
    await publish(() => land('AAA', 8))
    await publish(() => land('BBB', 10))
    await publish(() => land('CCC', 12))
  }, SET_UP_MILLISECONDS_MAX)
  afterAll(async () => world?.stop())

  const table = 'daily_portfolio_summary'
  const tableShows = async (edition: string) => {
    const found = await world.chain.api.get<Editions>('/domains/finance/editions?limit=1')
    return found.shown === edition && found.tablesFollowed
  }

  test('a rollback is seen within two seconds, and a reader meets whole editions only', async () => {
    const [, second = '', third = ''] = names
    const api = new Reader(() => world.chain.gold('finance', DATASETS.finance))
    const athena = new Reader(() => ask(`SELECT * FROM "${table}"`))
    const took: number[] = []
    for (const [from, to] of [
      [third, second],
      [second, third],
      [third, second],
    ] as const) {
      const begun = performance.now()
      const told = JSON.parse(
        await sluice('rollback', 'finance', '--to', to, '--why', 'a test', '--by', 'ada', '--json'),
      )
      expect(told).toMatchObject({ from, to, isSeen: true })
      await until('the tables have followed', () => tableShows(to), { seconds: SECONDS_MAX })
      took.push(told.seconds)
      process.stdout.write(
        `rollback seen after ${told.seconds.toFixed(3)} s, all after ${seconds(begun)} s\n`,
      )
    }
    for (const reader of [api, athena]) {
      const seen = await reader.end()
      expect(seen.length).toBeGreaterThan(took.length)
      for (const answer of seen) expectWhole(answer)
      expect(new Set(seen.map(editionOf))).toEqual(new Set([second, third]))
    }
    process.stdout.write(
      `a read by the API takes ${api.usual.toFixed(3)} s, by Athena ${athena.usual.toFixed(3)} s\n`,
    )
    expect(Math.max(...took)).toBeLessThan(
      isOverloaded() ? OVERLOADED_READS_MAX * api.usual : ROLLBACK_SECONDS_MAX,
    )
    expect(content(await shown())).toEqual(rows.get(second))
  }, 180_000)

  function expectWhole(answer: Row[]): void {
    const editions = [...new Set(answer.map(({ _edition }) => String(_edition)))]
    expect(editions).toHaveLength(1)
    expect(answer.length).toBe(rows.get(String(editions[0]))?.length)
  }
  const editionOf = ([row]: Row[]) => String(row?._edition)

  test('the other domain of the build stays where it is, and everybody is told who and why', async () => {
    const [, second, third] = names
    expect(await world.chain.editions()).toEqual(expect.objectContaining({ finance: second, risk: third }))
    expect(await sluice('editions', 'finance')).toContain(`rolled back from ${third} by ada: a test`)
    expect(await sluice('why', 'finance')).toContain(`ada rolled it back from edition ${third}: a test`)
    expect(await sluice('status')).toContain(`rolled back from ${third} by ada: a test`)
  })

  test('a build that is told of again does not undo it; what cannot be shown is refused', async () => {
    const [, second, third = ''] = names
    const { runId } = (await ledgerItem('DOMAIN#finance', `EDITION#${third}`)) as { runId: string }
    await invoke('publish-gold', {
      ...{ id: 'again', time: new Date().toISOString(), source: 'sluice', 'detail-type': 'Gold Built' },
      detail: { runId, domains: ['finance'], edition: third },
    })
    expect((await view()).shown).toBe(second)
    const refused = (to: string) =>
      sluice('rollback', 'finance', '--to', to, '--why', 'x').catch(({ message }) => message)
    expect(await refused(`${'0'.repeat(26)}-1`)).toContain('there is no edition')
    expect(await refused(String(second))).toContain('already')
  })

  test('a diff counts rows, and values by column', async () => {
    const [first = '', second = ''] = names
    const { datasets } = JSON.parse(await sluice('diff', 'finance', first, second, '--json'))
    const [one] = datasets
    const { added, removed, changed, same, repeated } = one.compared.rows
    expect(one).toMatchObject({ in: 'both', key: ['account_id', 'summary_date'] })
    expect({ repeated, before: same + changed + removed, after: same + changed + added }).toEqual({
      ...{ repeated: 0, before: one.rows.from, after: one.rows.to },
    })
    expect(changed + added + removed).toBe(difference(first, second))
  })

  /** Keys whose row differs, counted without the product. */
  function difference(from: string, to: string): number {
    const keyed = (edition: string) =>
      new Map(
        (rows.get(edition) ?? []).map((text) => {
          const { account_id, summary_date } = JSON.parse(text)
          return [`${account_id} ${summary_date}`, text]
        }),
      )
    const [before, after] = [keyed(from), keyed(to)]
    return [...new Set([...before.keys(), ...after.keys()])].filter(
      (key) => before.get(key) !== after.get(key),
    ).length
  }

  test('the next good build ends the rollback', async () => {
    await publish(() => land('DDD', 14))
    const { shown: now, rollback } = await view()
    expect([now, rollback]).toEqual([names[3], null])
    expect(names[3]).not.toBe(names[2])
  }, 120_000)

  test('retention deletes files and tables of what is given up, after the grace, and never what is shown', async () => {
    const [first = '', , , fourth = ''] = names
    const expire = () =>
      invoke('expire-editions', {
        ...{ id: `e${performance.now()}`, time: new Date().toISOString(), source: 'sluice' },
        ...{ 'detail-type': 'Expiry Requested', detail: { requestId: 'x', by: 'test' } },
      })
    await expire()
    expect((await view()).editions.map(({ state }) => state)).not.toContain('going')
    // The grace is an hour at least, so the ledger's times are put back.
    await setTime(first, 'leftAt')
    await setTime(first, 'begunAt')
    await expire()
    expect(stateOf(await view(), first)).toBe('going')
    await setTime(first, 'retiredAt')
    await expire()
    expect(stateOf(await view(), first)).toBe('deleted')
    const left = await keysOf('GOLD', 'domain=finance/')
    expect(left.filter((key) => key.includes(`edition=${first}/`))).toEqual([])
    expect(left.filter((key) => key.includes(`edition=${fourth}/`))).not.toEqual([])
    const cached = await keysOf('GOLD', 'dashboards/domain=finance/')
    expect(cached.filter((key) => key.includes(`edition=${first}/`))).toEqual([])
    expect(cached.filter((key) => key.includes(`edition=${fourth}/`))).toHaveLength(1)
    const { TableList } = await new GlueClient({}).send(
      new GetTablesCommand({ DatabaseName: 'sluice_local_gold_editions' }),
    )
    const own = (TableList ?? []).map(({ Name }) => String(Name)).filter((name) => name.startsWith(table))
    const of = (edition: string) => `${table}__${edition.replace('-', '_')}`
    expect(own).not.toContain(of(first))
    expect(own).toContain(of(fourth))
    const refused = await sluice('rollback', 'finance', '--to', first, '--why', 'x').catch(
      ({ message }) => message,
    )
    expect(refused).toContain('was deleted at')
    expect(content(await shown())).toEqual(rows.get(fourth))
  }, 120_000)

  test('all datasets of a domain go back at once, whichever of them a reader asks for next', async () => {
    const day = (name: string) =>
      [12, 24].map((hour) => ({ source: 'shop-events', path: `${EVENTS}/${name}/events-${hour}.ndjson` }))
    const shownAfter = async (name: string) => {
      await landPaths(world, day(name))
      await world.chain.rest(world.landed)
      return String((await world.chain.editions()).commerce)
    }
    const [first, second] = [await shownAfter('2026/03/02'), await shownAfter('2026/03/03')]
    expect(second).not.toBe(first)
    const seen: string[] = []
    const reader = new Reader(async () => {
      for (const dataset of SHOP) {
        const { edition, rows } = await world.chain.api.get<Gold>(`/gold/commerce/${dataset}?limit=1`)
        expect(rows.map(({ _edition }) => _edition)).toEqual([edition])
        seen.push(edition)
      }
      // Two datasets in one answer.
      const board = await world.chain.api.get<{ edition: string }>('/dashboards/shop_overview')
      seen.push(board.edition)
      return []
    })
    const isMet = (edition: string) => async () => seen.at(-1) === edition
    await until('the newest is read', isMet(second), { seconds: SECONDS_MAX })
    const path = [first, second, first]
    for (const to of path) {
      await sluice('rollback', 'commerce', '--to', to, '--why', 'a test', '--by', 'ada')
      await until(`${to} is read`, isMet(to), { seconds: SECONDS_MAX })
    }
    const rounds = (await reader.end()).length
    process.stdout.write(
      `${seen.length} reads of ${SHOP.length} datasets and a dashboard in ${rounds} rounds\n`,
    )
    // A dataset that went back later than another would show as one change more.
    expect(seen.filter((edition, place) => edition !== seen[place - 1])).toEqual([second, ...path])
  }, 240_000)
})

/** Whether so many processes want each core that no time in seconds says anything of the code. */
function isOverloaded(): boolean {
  const perCore = (loadavg()[0] ?? 0) / availableParallelism()
  process.stdout.write(`${perCore.toFixed(1)} processes want each core\n`)
  return perCore > OVERLOADED_PER_CORE
}

const EVENTS = `${ROOT}/samples/systems/shop-events`
const SHOP = [
  ...['analytics_customer_summary', 'analytics_order_items', 'analytics_orders'],
  ...['dim_customers', 'fct_order_items', 'fct_orders'],
]
interface Gold {
  edition: string
  rows: Row[]
}

const bought = (symbol: string) => ({
  ...{ transaction_id: `TX-${symbol}`, account_id: `ACC-${symbol}`, symbol, side: 'BUY' },
  ...{ quantity: 2, price: 50, traded_at: '2012-01-03T15:00:00Z', currency: 'USD' },
})
const seconds = (since: number) => ((performance.now() - since) / 1_000).toFixed(3)
const stateOf = ({ editions }: Editions, name: string) =>
  editions.find(({ edition }) => edition === name)?.state

/** Lets something of an edition of finance have happened long ago. */
const setTime = (edition: string, attribute: string) =>
  setItem('DOMAIN#finance', `EDITION#${edition}`, attribute, LONG_AGO)

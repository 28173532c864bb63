import { drop } from '../../fakes/project.js'
import type { Evidence, Found, SimEvent, SimJob } from '../evidence.js'
import type { Item } from './reading.js'

/**
 * A small world in which everything holds, made by hand: a file of three rows that was cleansed and built, one whose
 * batch is parked with its incident, and one of an unknown source. Tests change one thing in it and say who must object.
 */
export interface World extends Omit<Evidence, 'ledger' | 'jobs' | 'events' | 'landed' | 'told' | 'before'> {
  items: Map<string, Item>
  jobs: SimJob[]
  events: SimEvent[]
  landed: Evidence['landed'][number][]
  told: Evidence['told'][number][]
  silver: Map<string, Found>
  artifacts: Map<string, Found>
  quarantine: Map<string, Found>
  editions: Map<string, Found>
  goldTables: Map<string, Found>
  editionTables: Set<string>
}

const address = (pk: string, sk: string) => `${pk}|${sk}`

export function put(world: World, item: Item): void {
  world.items.set(address(item.PK, item.SK), item)
}

/** An item that must be there, to be changed in place. */
export function item(world: World, pk: string, sk = 'META'): Item {
  const found = world.items.get(address(pk, sk))
  if (!found) throw new Error(`the world has no ${pk} ${sk}`)
  return found
}

export const forget = (world: World, pk: string, sk = 'META') => world.items.delete(address(pk, sk))

/** The world as the simulator would hand it out, after a step from another one. */
export function evidenceOf(world: World, from?: World): Evidence {
  const { items, ...rest } = world
  const order = (one: Item, other: Item) =>
    one.PK < other.PK || (one.PK === other.PK && one.SK < other.SK) ? -1 : 1
  const ledgerOf = (of: World) => [...of.items.values()].sort(order)
  const before = from && { ledger: ledgerOf(from), silver: from.silver, goldPointers: {} }
  return { ...rest, ledger: ledgerOf(world), ...(before && { before }) }
}

const AT = '2026-03-02T10:00:00.000Z'
const MINUTE = 60_000
export const NOW = Date.parse(AT) + 30 * MINUTE
const indexed = (name: string, id: string) => ({ [`${name}Pk`]: 'all', [`${name}At`]: `${AT}#${id}` })

const run = (runId: string, kind: string, subject: string, more: Item): Item => ({
  ...{ PK: `RUN#${runId}`, SK: 'META', runId, kind, subject, lane: `${kind}:${subject}` },
  ...{ attempt: 1, tries: 0, endedAt: AT, ...indexed('recent', runId), ...more },
})

const file = (id: string, source: string, more: Item): Item => {
  const key = `source=${source}/${id}.json`
  return { PK: `FILE#${id}`, SK: 'META', bucket: 'bronze', key, versionId: 'v1', ...more }
}

const landing = (id: string, source: string, rows: Found[]) => ({
  ...{
    bucket: 'bronze',
    key: `source=${source}/${id}.json`,
    versionId: 'v1',
    bytes: 10,
    landedAt: AT,
    source,
    rows,
  },
})

const job = (name: string, kind: 'cleanse' | 'build', runId: string, more: Partial<SimJob> = {}): SimJob => ({
  ...{ job: name, service: 'ecs', kind, runId, attempt: 1, planKey: `runs/${runId}/attempt=1/plan.json` },
  ...{ startedAt: NOW - 20 * MINUTE, endedAt: NOW - 10 * MINUTE, ok: true, ...more },
})

const row = (line: number, key: string, bad = false) => ({ line, key, bad })
export const id = (line: number) => `source=prices/f1.json@v1#${line}`
export const SILVER_KEY = 'entity=market_data/year=2026/month=03/day=02/market_data_c1-0.parquet'

export function goodWorld(): World {
  const landed = [
    landing('f1', 'prices', [row(1, 'a'), row(2, 'a'), row(3, 'b', true)]),
    landing('f2', 'trades', [row(1, 'c')]),
    landing('f3', 'nobody', []),
  ]
  const rowsOf = (key: string) => landed.find((one) => one.key === key)?.rows ?? []
  const world: World = {
    ...{ seed: 1, now: NOW, step: 9, atRest: true, landed, rowsOf, items: new Map() },
    project: {
      sources: { prices: drop('prices', 'market_data'), trades: drop('trades', 'transactions') },
      entities: ['market_data', 'transactions'],
      lanes: [{ lane: 'finance', domains: ['finance'], entities: ['market_data', 'transactions'] }],
    },
    jobs: [
      job('j1', 'cleanse', 'c1'),
      job('j2', 'cleanse', 'p1', { ok: false, failureClass: 'reported' }),
      job('j3', 'build', 'b1'),
    ],
    silver: new Map([[SILVER_KEY, { runId: 'c1', attempt: 1, rows: [id(2)] }]]),
    artifacts: artifacts(),
    quarantine: new Map([['q1', { runId: 'c1', attempt: 1, rows: [{ id: id(3), reason: 'range' }] }]]),
    editions: new Map([
      [
        'finance/b1-1',
        { domain: 'finance', edition: 'b1-1', complete: true, silverRuns: ['c1'], syncs: [], passed: true },
      ],
    ]),
    goldTables: new Map([['daily_summary', { edition: 'b1-1', domain: 'finance' }]]),
    editionTables: new Set(['finance/b1-1']),
    events: [event('e1', 'Silver Updated', 'plan-build'), event('e2', 'Stage Failed', 'raise-alert')],
    told: [{ channel: 'email', incidentId: 'i1', what: 'opened' }],
  }
  for (const one of ledger()) put(world, one)
  return world
}

export const event = (name: string, type: string, stage: string): SimEvent => ({
  ...{ id: name, name: type, detail: {}, at: NOW, copies: 1, lost: false, deadLettered: false },
  deliveries: [{ stage, result: 'done' }],
})

const artifacts = () =>
  new Map<string, Found>([
    ['runs/c1/attempt=1/plan.json', { inputs: [{ key: 'source=prices/f1.json', version_id: 'v1' }] }],
    [
      'runs/c1/attempt=1/report.json',
      { rows: { in: 3, out: 1, duplicates: 1, rejected: 1 }, files: [{ key: '_pending/0', rows: 1 }] },
    ],
    ['dashboards/domain=finance/edition=b1-1/overview-0.json', {}],
    ['runs/b1/attempt=1/plan.json', { silver: { market_data: [{ run_id: 'c1' }] } }],
  ])

function ledger(): Item[] {
  const lanes = ['cleanse:market_data', 'cleanse:transactions', 'build:finance']
  const input = (runId: string, owner: string, content: Item) => ({
    PK: `RUN#${runId}`,
    SK: `IN#${owner}`,
    input: content,
  })
  const taken = (name: string, source: string) => ({
    bucket: 'bronze',
    key: `source=${source}/${name}.json`,
    versionId: 'v1',
  })
  const silverEntry = 'ENTRY#build:finance#silver:c1'
  const fate = (name: string, stage: string) => ({
    PK: `EVENT#${name}`,
    SK: stage,
    outcome: 'done',
    did: 'its work',
  })
  return [
    ...lanes.map((SK) => ({ PK: 'LANES', SK })),
    ...lanes.map((lane) => ({ PK: `LANE#${lane}`, SK: 'HOLD' })),
    file('f1', 'prices', { lane: 'cleanse:market_data', waitSk: 'WAIT#1#FILE#f1', run: 'c1' }),
    file('f2', 'trades', { lane: 'cleanse:transactions', waitSk: 'WAIT#2#FILE#f2', run: 'p1' }),
    file('f3', 'nobody', {
      quarantined: 'unknown_source',
      reason: 'nobody declares it',
      ...indexed('quarantined', 'f3'),
    }),
    run('c1', 'cleanse', 'market_data', {
      ...{
        state: 'COMMITTED',
        job: 'j1',
        gate: 'passed',
        rows: { in: 3, out: 1, duplicates: 1, rejected: 1 },
      },
      ...indexed('quarantined', 'c1'),
    }),
    input('c1', 'FILE#f1', taken('f1', 'prices')),
    run('p1', 'cleanse', 'transactions', {
      ...{
        state: 'PARKED',
        job: 'j2',
        gate: 'not reached',
        reason: 'no such column',
        failureClass: 'reported',
      },
      failures: [{ attempt: 1, failureClass: 'reported', reason: 'no such column', at: AT }],
    }),
    input('p1', 'FILE#f2', taken('f2', 'trades')),
    { PK: 'SILVER#market_data', SK: 'HEAD', count: 1 },
    {
      PK: 'SILVER#market_data',
      SK: 'RUN#0000000001',
      runId: 'c1',
      ordinal: 1,
      days: ['2026/03/02'],
      rows: 1,
    },
    { PK: silverEntry, SK: 'META', lane: 'build:finance', waitSk: `WAIT#3#${silverEntry}`, run: 'b1' },
    run('b1', 'build', 'finance', { state: 'COMMITTED', job: 'j3', gate: 'passed' }),
    input('b1', silverEntry, { entity: 'market_data', silverRun: 'c1' }),
    {
      PK: 'DOMAIN#finance',
      SK: 'EDITION#b1-1',
      ordinal: 1,
      runId: 'b1',
      attempt: 1,
      state: 'passed',
      publishedAt: AT,
    },
    { PK: 'DOMAIN#finance', SK: 'GOLD', edition: 'b1-1', ordinal: 1, runId: 'b1', newest: 1, flip: 1 },
    { PK: 'ENTRY#alert#run:p1', SK: 'META', incidentId: 'i1' },
    {
      ...{
        PK: 'INCIDENT#i1',
        SK: 'META',
        incidentId: 'i1',
        cause: 'cleanse:transactions:reported',
        state: 'open',
      },
      ...{
        lane: 'cleanse:transactions',
        runs: ['p1'],
        count: 1,
        openedAt: AT,
        ...indexed('incidents', 'i1'),
      },
    },
    { PK: 'INCIDENTS', SK: 'cleanse:transactions:reported', incidentId: 'i1' },
    fate('e1', 'plan-build'),
    fate('e2', 'raise-alert'),
  ]
}

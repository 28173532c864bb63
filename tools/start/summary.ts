import { writeFileSync } from 'node:fs'
import type { Client } from '../../cli/client.js'
import { type GoldPage, goldText } from '../../cli/commands.js'
import { plural, table } from '../../cli/render.js'
import type { RunView } from '../../cli/run-text.js'
import type { Expected } from './expected.js'
import type { Options } from './options.js'
import type { Watched } from './watch.js'

export interface Facts {
  text: string
  failures: number
  lastRun: Record<string, unknown>
}

type Rows = { in: number; out: number; duplicates: number; rejected: number }

/** What ran, for people and for `.sluice/last-run.json`: rows, rejected rows by reason, seconds, and a look at gold. */
export async function summary(api: Client, watched: Watched, expected: Expected): Promise<Facts> {
  const { runs, firstPublishedSeconds, seconds } = watched
  const entities = perEntity(runs)
  const reasons = perReason(runs)
  const parked = runs.filter(({ state }) => state === 'PARKED')
  const rows = Object.entries(entities).map(([entity, r]) => [entity, r.in, r.out, r.duplicates, r.rejected])
  const files = runs.reduce((sum, { kind, files: taken = 0 }) => sum + (kind === 'cleanse' ? taken : 0), 0)
  const firstGold =
    firstPublishedSeconds === null ? '' : `; first gold after ${firstPublishedSeconds.toFixed(1)} s`
  const text = [
    '',
    rows.length > 0
      ? `Rows by entity\n${table(['entity', 'in', 'out', 'duplicates', 'rejected'], rows)}`
      : undefined,
    rows.length > 0
      ? `Rejected rows by reason\n${table(['entity', 'reason', 'rows'], reasons, 'none')}`
      : undefined,
    ...(await goldLooks(api, expected)),
    await syncsText(api, expected),
    ...parked.map((run) => `  PARKED  ${run.kind} ${run.subject} ${run.runId}: ${run.reason}\n`),
    `  ${plural(files, 'file')}, ${plural(runs.length, 'run')}, ${seconds.toFixed(1)} s${firstGold}\n`,
  ]
    .filter((part) => part !== undefined)
    .join('\n')
  const lastRun = {
    files,
    seconds,
    firstPublishedSeconds,
    entities,
    reasons: asObject(reasons),
    runs: runs.map(brief),
  }
  return { text, failures: parked.length, lastRun }
}

function perEntity(runs: RunView[]): Record<string, Rows> {
  const sums: Record<string, Rows> = {}
  for (const { kind, subject, rows } of runs) {
    if (kind !== 'cleanse' || !rows) continue
    const sum = sums[subject] ?? { in: 0, out: 0, duplicates: 0, rejected: 0 }
    for (const name of ['in', 'out', 'duplicates', 'rejected'] as const) sum[name] += rows[name]
    sums[subject] = sum
  }
  return sums
}

type Reason = [entity: string, reason: string, rows: number]

function perReason(runs: RunView[]): Reason[] {
  const sums = new Map<string, Reason>()
  for (const { subject, reasons = {} } of runs) {
    for (const [reason, rejected] of Object.entries(reasons)) {
      const sum = sums.get(`${subject} ${reason}`) ?? [subject, reason, 0]
      sum[2] += rejected
      sums.set(`${subject} ${reason}`, sum)
    }
  }
  return [...sums.values()].sort(([a, , x], [b, , y]) => a.localeCompare(b) || y - x)
}

const asObject = (reasons: Reason[]) => {
  const byEntity: Record<string, Record<string, number>> = {}
  for (const [entity, reason, rejected] of reasons) {
    byEntity[entity] = { ...byEntity[entity], [reason]: rejected }
  }
  return byEntity
}

const BRIEF = [
  ...['runId', 'kind', 'subject', 'state', 'engine', 'attempt', 'files', 'rows', 'reason', 'seconds'],
  ...['datasets', 'createdAt'],
] as (keyof RunView)[]
const brief = (run: RunView) => Object.fromEntries(BRIEF.map((name) => [name, run[name]]))

interface Look {
  title: string
  dataset: string
  order: string
}

/** A dataset of a domain that shows at a glance whether it is right. */
const LOOKS: Record<string, Look> = {
  finance: {
    title: 'The portfolio on its newest days',
    dataset: 'daily_portfolio_summary',
    order: '-summary_date,account_id',
  },
  marketing: {
    title: 'The campaigns on their newest days',
    dataset: 'daily_campaign_summary',
    order: '-summary_date,platform',
  },
  commerce: {
    title: 'The customers who spent most',
    dataset: 'analytics_customer_summary',
    order: '-total_spent,customer_id',
  },
  households: {
    title: 'The application on its newest days',
    dataset: 'fct_daily_metrics',
    order: '-metric_date',
  },
}
const LOOK_ROWS = 8

async function goldLooks(api: Client, { domains }: Expected): Promise<string[]> {
  const looks = domains.filter((domain) => Object.hasOwn(LOOKS, domain))
  return Promise.all(
    looks.map(async (domain) => {
      const { title, dataset, order } = LOOKS[domain] as Look
      const page = await api.get<GoldPage>(`/gold/${domain}/${dataset}`, { order, limit: String(LOOK_ROWS) })
      return `${title}\n${goldText({ ...page, next: undefined })}`
    }),
  )
}

interface SyncView {
  id: string
  source: string
  state: string
  confirmed: string | boolean | null
  builds: { runId: string | null }[]
}

/** What became of each sync that a door took in. */
async function syncsText(api: Client, { syncs }: Expected): Promise<string | undefined> {
  if (syncs.length === 0) return undefined
  const views = await Promise.all(syncs.map((id) => api.get<SyncView>(`/syncs/${id}`)))
  const lines = views.map(({ id, source, state, builds }) => [
    id.slice(0, 8),
    source,
    state,
    builds.map(({ runId }) => runId).join(', '),
  ])
  return `Syncs\n${table(['sync', 'source', 'state', 'build'], lines)}`
}

/** Writes the facts of this run as JSON. */
export function writeLastRun(path: string, facts: Facts, options: Options): void {
  const { engine, data, systems } = options
  writeFileSync(
    path,
    `${JSON.stringify({ ok: facts.failures === 0, engine, systems, data, ...facts.lastRun }, null, 2)}\n`,
  )
}

export const farewell = `Look further
  npx sluice status                       what is under way, what waits, what is published
  npx sluice runs                         all runs, newest first
  npx sluice show <run>                   one run: files, attempts, events, rejected rows
  npx sluice query risk var_calculations  value at risk, per symbol and per account
  npx sluice put <file> --source trading  land a file of your own; it says how to follow it
  . .sluice/local.env                     point any AWS client at the local AWS

  It keeps serving until Ctrl-C, and goes on telling here, a line each, what is published, what fails and what
  people are told of.
`

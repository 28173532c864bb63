import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, client } from './client.js'
import type { Answer } from './commands.js'
import { loadConfig } from './config.js'
import { seconds, table, time } from './render.js'
import { type Accepted, byOf } from './requests.js'

interface Edition {
  edition: string
  state: string
  tests?: string
  publishedAt?: string
  leftAt?: string
  heldBy?: string
  rolledBack?: { by: string; why: string; at: string; to: string }
  retiredAt?: string
  deletedAt?: string
  datasets: { dataset: string; version: number; rows: number }[]
}

export interface Editions {
  domain: string
  shown: string | null
  since: string | null
  tablesFollowed: boolean
  rollback: { from: string; by: string; why: string; at: string; holds: boolean; requestId: string } | null
  editions: Edition[]
  next?: string
}

const pathOf = (domain: string) => `/domains/${encodeURIComponent(domain)}`

/** The editions of a domain, newest first. */
export async function listEditions(
  domain: string,
  options: { limit: string; next?: string },
): Promise<Answer> {
  const api = client(await loadConfig())
  const data = await api.get<Editions>(`${pathOf(domain)}/editions`, { ...options })
  return { data, text: editionsText(data) }
}

const HEADER = ['edition', 'state', 'published at', 'rows', 'datasets', 'note']

/** Editions as a table, below the sentence that says which one readers see and why. */
function editionsText(data: Editions): string {
  const rows = data.editions.map((one) => [
    ...[one.edition, one.state, time(one.publishedAt)],
    one.datasets.reduce((sum, dataset) => sum + dataset.rows, 0),
    one.datasets.map(({ dataset, version }) => `${dataset} v${version}`).join(', '),
    noteOf(one),
  ])
  const more = data.next ? `\n  more: --next ${data.next}\n` : ''
  return `${shownText(data)}\n${table(HEADER, rows, 'no edition was built yet')}${more}`
}

function shownText({ domain, shown, since, rollback, tablesFollowed }: Editions): string {
  if (!shown) return `  nothing of ${domain} is published yet\n`
  const lag = tablesFollowed ? '' : '; the catalog tables are still to follow'
  const first = `  ${domain} shows ${shown} since ${time(since)}${lag}\n`
  if (!rollback) return first
  const holds = rollback.holds ? '; it holds until a newer edition is published' : ''
  return `${first}  rolled back from ${rollback.from} by ${rollback.by}: ${rollback.why}${holds}\n`
}

function noteOf({ rolledBack, heldBy, deletedAt, retiredAt, tests }: Edition): string {
  if (deletedAt) return `deleted at ${time(deletedAt)}`
  if (retiredAt) return `given up at ${time(retiredAt)}`
  if (tests === 'pending') return 'published before its tests, which are under way'
  if (rolledBack) return `rolled back by ${rolledBack.by}: ${rolledBack.why}`
  return heldBy ? 'begun before a rollback, not published' : ''
}

interface AskedBack extends Accepted {
  domain: string
  requestId: string
  from: string
  to: string
}

/** How long a rollback is waited for, and how often it is asked after. */
const WAIT_MILLISECONDS_MAX = 20_000
const ASK_MILLISECONDS = 100

/** Asks to show an earlier edition again, and waits until readers see it. */
export async function rollback(
  domain: string,
  options: { to?: string; why: string; by?: string },
): Promise<Answer> {
  const api = client(await loadConfig())
  const { to, why } = options
  const begun = performance.now()
  const body = { by: byOf(options), why, ...(to && { to }) }
  const asked = await api.post<AskedBack>(`${pathOf(domain)}/rollback`, body)
  const isSeen = await seen(api, asked, begun)
  const took = (performance.now() - begun) / 1_000
  const text = isSeen
    ? `  ${domain} shows ${asked.to}, after ${seconds(took)}; it showed ${asked.from}\n  back again: npx sluice rollback ${domain} --to ${asked.from} --why "..."\n`
    : `  nothing has changed within ${seconds(took)}\n  what becomes of it: ${asked.follow}\n`
  return { data: { ...asked, isSeen, seconds: took }, text }
}

/** Whether the request moved the pointer, as far as one can wait for it. */
async function seen(api: Client, { domain, requestId }: AskedBack, begun: number): Promise<boolean> {
  while (performance.now() - begun < WAIT_MILLISECONDS_MAX) {
    const { rollback: last } = await api.get<Editions>(`${pathOf(domain)}/editions`, { limit: '1' })
    if (last?.requestId === requestId) return true
    await sleep(ASK_MILLISECONDS)
  }
  return false
}

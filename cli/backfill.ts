import { type Follow, follow } from './backfill-follow.js'
import {
  BACKFILL_HEADER,
  type BackfillView,
  backfillLine,
  backfillPage,
  type Planned,
  plannedText,
} from './backfill-text.js'
import { type Client, client } from './client.js'
import type { Answer } from './commands.js'
import { loadConfig, UserError } from './config.js'
import { plural, table } from './render.js'
import { type Accepted, acceptedText, byOf } from './requests.js'

export interface BackfillOptions {
  from: string
  to: string
  chunkDays: string
  parallel?: string
  dryRun?: boolean
  detach?: boolean
  by?: string
  why?: string
  json?: boolean
}

/** How the command shows progress: where it writes, whether that is a terminal, and how it waits. */
export type Screen = Omit<Follow, 'look' | 'isSilent'>

/** A verdict is one sentence for stderr when what was followed did not end well. */
export type Ended = Answer & { verdict?: string }

const path = (backfillId: string) => `/backfills/${encodeURIComponent(backfillId)}`

/** Begins a backfill and follows it to its end, or only says what it would do. */
export async function startBackfill(
  source: string,
  options: BackfillOptions,
  screen: Screen,
): Promise<Ended> {
  const { from, to, why, dryRun, detach, json } = options
  const api = client(await loadConfig())
  const body = {
    ...{ source, from, to, chunkDays: whole('--chunk-days', options.chunkDays), by: byOf(options) },
    ...(options.parallel && { parallel: whole('--parallel', options.parallel) }),
    ...(why && { why }),
    ...(dryRun && { dryRun }),
  }
  const begun = await api.post<Planned & { backfillId: string; follow: string }>('/backfills', body)
  const plan = plannedText(begun)
  if (dryRun) return { data: begun, text: `${plan}\n  dry run: nothing was touched\n` }
  const { backfillId } = begun
  if (detach)
    return {
      data: begun,
      text: `${plan}\n  backfill ${backfillId} has begun\n  follow it: ${begun.follow} --follow\n`,
    }
  if (!json) screen.out(`${plan}\n  backfill ${backfillId}; Ctrl-C leaves it running\n`)
  return followed(api, backfillId, screen, json)
}

function whole(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value)) throw new UserError(`${name} takes a whole number, not "${text}"`)
  return value
}

async function followed(api: Client, backfillId: string, screen: Screen, json = false): Promise<Ended> {
  const look = () => api.get<BackfillView>(path(backfillId), { limit: '1' })
  const view = await follow(backfillId, { ...screen, look, isSilent: json })
  return { data: view, text: endText(view), ...verdict(view) }
}

const endText = ({ spent, state }: BackfillView): string =>
  state === 'done' ? `  done: ${plural(spent.rows, 'row')} in ${plural(spent.files, 'file')}\n` : ''

function verdict({ backfillId, state, reason }: BackfillView): { verdict?: string } {
  if (state === 'done') return {}
  const how = { failed: `failed: ${reason}`, paused: 'is paused', cancelled: 'was cancelled' }[state] ?? state
  const next = state === 'cancelled' ? '' : `; go on with: npx sluice backfill resume ${backfillId}`
  return { verdict: `backfill ${backfillId} ${how}${next}` }
}

interface ShowOptions {
  follow?: boolean
  limit: string
  next?: string
  json?: boolean
}

/** One backfill with its counts, its failed chunks and a page of all chunks; with `--follow` until it has ended. */
export async function showBackfill(backfillId: string, options: ShowOptions, screen: Screen): Promise<Ended> {
  const api = client(await loadConfig())
  if (options.follow) return followed(api, backfillId, screen, options.json)
  const { limit, next } = options
  const data = await api.get<BackfillView>(path(backfillId), { limit, next })
  return { data, text: backfillPage(data) }
}

/** Backfills, newest first. */
export async function listBackfills(options: {
  limit: string
  source?: string
  next?: string
}): Promise<Answer> {
  const api = client(await loadConfig())
  const data = await api.get<{ backfills: BackfillView[]; next?: string }>('/backfills', { ...options })
  const text = table(BACKFILL_HEADER, data.backfills.map(backfillLine), 'no backfill yet')
  return { data, text: data.next ? `${text}\n  more: --next ${data.next}\n` : text }
}

/** Pauses, resumes or cancels a backfill. */
export async function askBackfill(
  what: 'pause' | 'resume' | 'cancel',
  backfillId: string,
  options: { by?: string; why?: string },
): Promise<Answer> {
  const api = client(await loadConfig())
  const { why } = options
  const body = { by: byOf(options), ...(why && { why }) }
  const data = await api.post<{ state: string; follow: string }>(`${path(backfillId)}/${what}`, body)
  return { data, text: `  backfill ${backfillId} is ${data.state}\n  see it: ${data.follow}\n` }
}

/** Asks for an extraction of a source: of what is new, or of a window of days. */
export async function extract(
  source: string,
  options: { from?: string; to?: string; by?: string },
): Promise<Answer> {
  const { from, to } = options
  if ((from === undefined) !== (to === undefined))
    throw new UserError('give both --from and --to, or neither')
  const api = client(await loadConfig())
  const window = from && to ? { window: { from, to } } : {}
  const body = { by: byOf(options), ...window }
  const data = await api.post<Accepted>(`/sources/${encodeURIComponent(source)}/extract`, body)
  const what = from && to ? `the days from ${from} until before ${to}` : 'what is new'
  return { data, text: acceptedText(data, `a run fetches ${what} at ${source}`) }
}

interface BuildOptions {
  mode?: string
  fullRefresh?: boolean
  force?: boolean
  select: string[]
  onlyIfNew?: boolean
  by?: string
}

/** Asks for a build of a domain. */
export async function build(domain: string, options: BuildOptions): Promise<Answer> {
  const { mode, fullRefresh, select, onlyIfNew, force } = options
  if (mode && fullRefresh && mode !== 'full-refresh')
    throw new UserError(`--full-refresh is a mode of its own, and --mode says ${mode}`)
  const api = client(await loadConfig())
  const body = {
    ...{ by: byOf(options), mode: fullRefresh ? 'full-refresh' : (mode ?? 'standard') },
    ...(select.length > 0 && { selectors: select }),
    ...(onlyIfNew && { onlyIfNew }),
    ...(force && { force }),
  }
  const data = await api.post<Accepted>(`/domains/${encodeURIComponent(domain)}/build`, body)
  const what = onlyIfNew ? ', if anything in its silver is new' : ''
  return {
    data,
    text: acceptedText(data, `a run builds ${domain}, and publishes it if its tests pass${what}`),
  }
}

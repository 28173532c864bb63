import { client } from './client.js'
import { loadConfig, UserError } from './config.js'
import { land } from './land.js'
import { type Cell, table, time } from './render.js'
import { RUN_HEADER, type RunView, runLine, runPage } from './run-text.js'

/** What a command answers: the data as the API gave it, and the same for people. */
export interface Answer {
  data: unknown
  text: string
}

interface Lane {
  lane: string
  runId: string | null
  waiting: number
  unbuilt?: number
}
interface Domain {
  domain: string
  edition: string | null
  publishedAt: string | null
  rollback?: { from: string; by: string; why: string } | null
}

/** What is under way, what waits, and which edition of each domain is published. */
export async function status(): Promise<Answer> {
  const api = client(await loadConfig())
  const data = await api.get<{ lanes: Lane[]; domains: Domain[] }>('/status')
  const lanes = data.lanes.map((lane) => [lane.lane, lane.runId ?? 'free', lane.waiting, lane.unbuilt])
  const domains = data.domains.map(({ domain, edition, publishedAt, rollback }) => [
    ...[domain, edition, time(publishedAt)],
    rollback ? `rolled back from ${rollback.from} by ${rollback.by}: ${rollback.why}` : '',
  ])
  const text = [
    table(['lane', 'run', 'waiting', 'unbuilt'], lanes, 'no file has landed yet'),
    table(['domain', 'edition', 'published at', 'note'], domains),
  ].join('\n')
  return { data, text }
}

interface RunsOptions {
  limit: string
  kind?: string
  state?: string
  subject?: string
  next?: string
}

/** Runs, newest first. */
export async function runs(options: RunsOptions): Promise<Answer> {
  const api = client(await loadConfig())
  const data = await api.get<{ runs: RunView[]; next?: string }>('/runs', {
    ...options,
    ...(options.state && { state: options.state.toUpperCase() }),
  })
  const isAll = [options.kind, options.state, options.subject, options.next].every((one) => one === undefined)
  const body = table(RUN_HEADER, data.runs.map(runLine), isAll ? 'no runs yet' : 'no run matches')
  return { data, text: data.next ? `${body}\n  more: --next ${data.next}\n` : body }
}

/** One run with everything that is known of it. */
export async function show(runId: string): Promise<Answer> {
  const api = client(await loadConfig())
  const data = await api.get<RunView>(`/runs/${encodeURIComponent(runId)}`)
  return { data, text: runPage(data) }
}

/** Lands a file in bronze, as its source would. */
export async function put(file: string, options: { source: string; entity?: string }): Promise<Answer> {
  const config = await loadConfig()
  if (!config.bronzeBucket) throw new UserError('set SLUICE_BRONZE_BUCKET to the bronze bucket')
  const key = await land(config.bronzeBucket, options.source, file, options.entity)
  return { data: { key }, text: `  landed as ${key}\n  what becomes of it: npx sluice why ${quoted(key)}\n` }
}

/** A key as one word of a shell. */
const quoted = (key: string) => (/^[\w=/.:-]+$/.test(key) ? key : `'${key.replaceAll("'", "'\\''")}'`)

interface QueryOptions {
  limit: string
  where: string[]
  order?: string
  next?: string
}

/** Rows of a published dataset. */
export async function query(domain: string, dataset: string, options: QueryOptions): Promise<Answer> {
  const api = client(await loadConfig())
  const { limit, order, next, where } = options
  const path = `/gold/${encodeURIComponent(domain)}/${encodeURIComponent(dataset)}`
  const data = await api.get<GoldPage>(path, [
    ...filters(where),
    ['limit', limit],
    ['order', order],
    ['next', next],
  ])
  return { data, text: goldText(data) }
}

export interface GoldPage {
  domain: string
  dataset: string
  edition: string | null
  rows: Record<string, Cell>[]
  next?: string
}

/** A page of gold rows as a table, without the edition's column: it stands above. */
export function goldText({ domain, dataset, edition, rows, next }: GoldPage): string {
  if (!edition) return `  ${domain}/${dataset} is not published yet\n`
  const columns = Object.keys(rows[0] ?? {}).filter((name) => name !== '_edition')
  const body = table(
    columns,
    rows.map((row) => columns.map((name) => row[name])),
    'no row matches',
  )
  return `  ${domain}/${dataset}, edition ${edition}\n\n${body}${next ? `\n  more: --next ${next}\n` : ''}`
}

const FORM = /^([a-z_][a-z0-9_]*)(>=|<=|=|>|<|\.(?:eq|gte?|lte?)=)(.*)$/s
const OPERATORS: Record<string, string> = { '=': '', '>': '.gt', '>=': '.gte', '<': '.lt', '<=': '.lte' }
/** The API's own spelling, `summary_date.gte=2013-01-01`, needs no quotes in a shell. */
const spelled = (operator: string) => OPERATORS[operator] ?? operator.slice(0, -1)

/** What the API takes for something else than a column. */
const OPTIONS = ['limit', 'order', 'next']

/** `symbol=AAPL`, `summary_date>=2013-01-01`, `summary_date.gte=2013-01-01` as the API's query parameters. */
function filters(where: string[]): [name: string, value: string][] {
  return where.map((text) => {
    const [, column, operator, value] = FORM.exec(text) ?? []
    if (!column || !operator)
      throw new UserError(
        `"${text}" is no filter: write column=value, or 'column>=value' with >=, <=, > or <`,
      )
    if (OPTIONS.includes(column)) throw new UserError(`"${text}" is no filter: --${column} is an option`)
    return [`${column}${spelled(operator)}`, value ?? '']
  })
}

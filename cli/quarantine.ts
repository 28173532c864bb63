import { client } from './client.js'
import type { Answer } from './commands.js'
import { loadConfig, UserError } from './config.js'
import { type Cell, count, plural, shortened, table, time } from './render.js'
import { type Accepted, acceptedText, byOf } from './requests.js'

interface Listed {
  files: { fileId: string; key: string; reason: string; landedAt: string }[]
  runs: { runId: string; entity: string; state: string; at: string; rejected: number; reasons: Counts }[]
  reasons: Counts
  next?: string
}
type Counts = Record<string, number>

interface ListOptions {
  entity?: string
  reason?: string
  limit: string
  next?: string
}

const counts = (reasons: Counts) => Object.entries(reasons).sort(([, a], [, b]) => b - a)
const inWords = (reasons: Counts) =>
  counts(reasons)
    .map(([reason, rows]) => `${reason} ${count(rows)}`)
    .join(', ')
const REASONS_MAX = 70
const TEXT_MAX = 100

/** Files that no entity takes and runs with rejected rows, newest first, with counts by reason. */
export async function list(options: ListOptions): Promise<Answer> {
  const api = client(await loadConfig())
  const data = await api.get<Listed>('/quarantine', { ...options })
  return { data, text: listText(data, options.entity !== undefined || options.reason !== undefined) }
}

function listText({ files, runs, reasons, next }: Listed, isFiltered: boolean): string {
  const none = isFiltered ? '  nothing in quarantine matches\n' : '  nothing is in quarantine\n'
  if (files.length + runs.length === 0) return next ? more('nothing of this page matches', next) : none
  const ran = runs.map(({ at, runId, entity, state, rejected, reasons: found }) => {
    const line: Cell[] = [time(at), runId, entity, state, rejected, shortened(inWords(found), REASONS_MAX)]
    return line
  })
  const landed = files.map(({ landedAt, fileId, reason, key }) => [time(landedAt), fileId, reason, key])
  const sections = [
    ran.length > 0 && table(['ended at', 'run', 'entity', 'state', 'rejected', 'reasons'], ran),
    landed.length > 0 && table(['landed at', 'file', 'reason', 'key'], landed),
    table(['reason', 'rows or files'], counts(reasons)),
    next && more('more', next),
  ]
  return sections.filter(Boolean).join('\n')
}

const more = (what: string, next: string) => `  ${what}: --next ${next}\n`

interface Rejected {
  runId: string
  entity: string
  rejected: number
  rows: { reason: string; detail: string | null; file: string; line: number | null; text: string | null }[]
  missing: string[]
  next?: string
}

/** The rejected rows of a run themselves. */
export async function rejected(
  runId: string,
  { whole = false, ...options }: { reason?: string; limit: string; next?: string; whole?: boolean },
): Promise<Answer> {
  const api = client(await loadConfig())
  const data = await api.get<Rejected>(`/quarantine/${encodeURIComponent(runId)}`, { ...options })
  const rows = data.rows.map(({ reason, file, line, text, detail }) => [
    reason,
    file,
    line === null ? 'whole file' : String(line),
    shortened(text ?? detail ?? '', whole ? Number.POSITIVE_INFINITY : TEXT_MAX),
  ])
  const isCut = !whole && data.rows.some(({ text, detail }) => (text ?? detail ?? '').length > TEXT_MAX)
  const gone = data.missing.map((key) => `  gone from the quarantine bucket: ${key}\n`)
  const empty = `run ${data.runId} rejected ${plural(data.rejected, 'row')}, and none that matches is here`
  const sections = [
    table(['reason', 'file', 'line', 'text'], rows, empty),
    ...gone,
    ...(isCut ? ['  rows are cut here: --whole shows all of each\n'] : []),
    ...(data.next ? [more('more', data.next)] : []),
  ]
  return { data, text: sections.join('\n') }
}

/** Asks to put rejected rows of a run, or a file whose source is declared by now, back into their lane. */
export async function putBack(subject: string, options: { by?: string }): Promise<Answer> {
  const named = /^[0-9a-f]{64}$/.test(subject) ? { fileId: subject } : { runId: subject }
  if (!('fileId' in named) && !/^[0-9a-z]{26}$/.test(subject))
    throw new UserError(`"${subject}" is no run and no file: \`sluice quarantine ls\` shows the ids of both`)
  const api = client(await loadConfig())
  const data = await api.post<Accepted>('/quarantine/replay', { ...named, by: byOf(options) })
  const what = 'fileId' in named ? 'the file joins its lane' : 'its rejected rows go back to their lane'
  return { data, text: acceptedText(data, `${what}, and a new run takes what waits there`) }
}

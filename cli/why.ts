import { client } from './client.js'
import type { Answer } from './commands.js'
import { loadConfig } from './config.js'
import { plain, shortened, table } from './render.js'

interface Why {
  subject: string
  kind: string
  id: string
  lines: { at: string | null; what: string; ref: string | null }[]
}

/** Why a file, a run, an event, a dataset or an entity is where it is. */
export async function why(subject: string): Promise<Answer> {
  const api = client(await loadConfig())
  const data = await api.get<Why>('/why', { subject })
  return { data, text: whyText(data) }
}

/** The sentence names the file by its key, which `why` takes as well. */
const FILE_ID = /^[0-9a-f]{64}$/

/** An answer in sentences, each with its time; what to ask about next stands behind where the sentence lacks it. */
export function whyText({ kind, id, lines }: Why): string {
  const said = lines.map(({ at, what, ref }) => {
    const next = ref && ref !== id && !FILE_ID.test(ref) && !what.includes(ref) ? ` [${ref}]` : ''
    return `  ${time(at)}  ${plain(`${what}${next}`)}\n`
  })
  return `  ${kind} ${plain(id)}\n\n${said.join('')}`
}

/** To the second, UTC; a dash where the ledger has no time for it. */
const time = (at: string | null) => (at ?? '-').replace('T', ' ').slice(0, 19).padEnd(19)

interface Incident {
  incidentId: string
  state: string
  priority: string
  title: string
  reason: string
  openedAt: string
  closedAt: string | null
  count: number
}
const REASON_MAX = 90

/** Incidents, newest first. */
export async function incidents(options: { state?: string; limit: string; next?: string }): Promise<Answer> {
  const api = client(await loadConfig())
  const data = await api.get<{ incidents: Incident[]; next?: string }>('/incidents', { ...options })
  const rows = data.incidents.map((one) => [
    one.openedAt,
    one.priority,
    one.state,
    one.title,
    one.count,
    shortened(one.reason ?? '', REASON_MAX),
    one.incidentId,
  ])
  const header = ['opened at', 'priority', 'state', 'title', 'failures', 'reason', 'incident']
  const text = table(header, rows, `no ${options.state ?? ''} incident`.replace('  ', ' '))
  return { data, text: data.next ? `${text}\n  more: --next ${data.next}\n` : text }
}

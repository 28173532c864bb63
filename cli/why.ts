import { client } from './client.js'
import type { Answer } from './commands.js'
import { loadConfig } from './config.js'
import { shortened, table, time } from './render.js'
import { type Why, whyText } from './why-text.js'

/** Why a file, a run, an event, a dataset or an entity is where it is. */
export async function why(subject: string): Promise<Answer> {
  const api = client(await loadConfig())
  const data = await api.get<Why>('/why', { subject })
  return { data, text: whyText(data) }
}

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
    time(one.openedAt),
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

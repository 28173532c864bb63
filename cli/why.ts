import { client } from './client.js'
import type { Answer } from './commands.js'
import { loadConfig } from './config.js'
import { plain, shortened, table, time, times } from './render.js'

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

/**
 * An answer in sentences, each with its time or a dash; what to ask about next stands behind where the sentence lacks it.
 * A sentence is said once, and so is a long reason: where a later sentence ends in it, it says so.
 */
export function whyText({ kind, id, lines }: Why): string {
  const told: string[] = []
  const said = lines.flatMap(({ at, what, ref }) => {
    if (told.includes(`${at} ${what}`)) return []
    const short = withoutTold(what, told)
    const next = ref && ref !== id && !FILE_ID.test(ref) && !short.includes(ref) ? ` [${ref}]` : ''
    told.push(`${at} ${what}`)
    return [`  ${(time(at) ?? '-').padEnd(TIME_WIDTH)}  ${plain(times(`${short}${next}`))}\n`]
  })
  return `  ${kind} ${plain(id)}\n\n${said.join('')}`
}

const TIME_WIDTH = '2026-03-02 07:00:00Z'.length
/** A reason shorter than this may be told again. */
const REASON_MIN = 40

/** A sentence without the reason that it ends in, where that was told before: it stands behind the first colon it can. */
function withoutTold(what: string, told: string[]): string {
  for (let colon = what.indexOf(': '); colon >= 0; colon = what.indexOf(': ', colon + 1)) {
    const reason = what.slice(colon + 2)
    if (reason.length < REASON_MIN) break
    if (told.some((before) => before.includes(reason))) return `${what.slice(0, colon)} (as above)`
  }
  return what
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

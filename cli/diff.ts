import { client } from './client.js'
import type { Answer } from './commands.js'
import { loadConfig } from './config.js'
import { count, table } from './render.js'

interface Outline {
  dataset: string
  in: 'both' | 'from' | 'to'
  key: string[]
  versions: Sides
  rows: Sides
  columns: { added: string[]; removed: string[]; retyped: { column: string; from: string; to: string }[] }
}
interface Sides {
  from: number | null
  to: number | null
}
interface Compared {
  by: 'key' | 'row'
  rows: Record<'added' | 'removed' | 'changed' | 'same' | 'repeated', number>
  columns: Record<string, number>
}
type One = Outline & { compared?: Compared }
interface Diff {
  domain: string
  from: string
  to: string
  datasets: Outline[]
  compared?: Compared
}

/** What changed between two editions: columns of all datasets, and the rows of each, one after another. */
export async function diff(
  domain: string,
  from: string,
  to: string,
  options: { dataset?: string },
): Promise<Answer> {
  const api = client(await loadConfig())
  const path = `/domains/${encodeURIComponent(domain)}/diff`
  const { dataset: only } = options
  const outline = await api.get<Diff>(path, { from, to })
  const asked = outline.datasets.filter(({ dataset }) => only === undefined || dataset === only)
  // The API says that there is none of that name.
  const names = asked.length > 0 ? asked.map(({ dataset }) => dataset) : [String(only)]
  const datasets: One[] = []
  for (const dataset of names) {
    const answer = await api.get<Diff>(path, { from, to, dataset })
    const [one] = answer.datasets
    if (one) datasets.push({ ...one, ...(answer.compared && { compared: answer.compared }) })
  }
  const data = { domain, from, to, datasets }
  return { data, text: diffText(data) }
}

const HEADER = ['dataset', 'rows', 'added', 'removed', 'changed', 'same', 'compared by']

/** A line for each dataset, then what became of columns and of keys that are not unique. */
function diffText(data: Omit<Diff, 'datasets' | 'compared'> & { datasets: One[] }): string {
  const lines = data.datasets.map(({ dataset, rows, key, compared }) => {
    const { added, removed, changed, same } = compared?.rows ?? {}
    const by = compared && (compared.by === 'key' ? key.join(', ') : 'whole rows')
    return [dataset, `${shown(rows.from)} → ${shown(rows.to)}`, added, removed, changed, same, by]
  })
  const notes = data.datasets.flatMap(notesOf)
  const more = notes.length > 0 ? `\n${notes.map((note) => `  ${note}\n`).join('')}` : ''
  return `  ${data.domain}: from ${data.from} to ${data.to}\n\n${table(HEADER, lines, 'neither edition holds a dataset')}${more}`
}

const shown = (rows: number | null) => (rows === null ? '-' : count(rows))

function notesOf({ dataset, in: where, versions, columns, compared }: One) {
  const { added, removed, retyped } = columns
  const changes = Object.entries(compared?.columns ?? {}).map(([name, rows]) => `${name} ${count(rows)}`)
  const notes = [
    where === 'to' && 'is new',
    where === 'from' && 'is gone',
    where === 'both' && versions.from !== versions.to && `schema version ${versions.from} → ${versions.to}`,
    added.length > 0 && `new columns: ${added.join(', ')}`,
    removed.length > 0 && `columns gone: ${removed.join(', ')}`,
    retyped.length > 0 &&
      `other types: ${retyped.map(({ column, from, to }) => `${column} ${from} → ${to}`).join(', ')}`,
    changes.length > 0 && `changed values: ${changes.join(', ')}`,
    compared && compared.rows.repeated > 0 && `${count(compared.rows.repeated)} keys occur more than once`,
  ]
  return notes.flatMap((note) => (note ? [`${dataset}: ${note}`] : []))
}

import type { Command } from 'commander'
import { client } from './client.js'
import type { Answer } from './commands.js'
import { loadConfig } from './config.js'
import { count, plural } from './render.js'
import { type Accepted, acceptedText, byOf } from './requests.js'

interface Asked {
  key: string
  column?: string
  dryRun?: boolean
  why: string
  by?: string
}

/** What came of a deletion: rows of its subject, files that were read, raw files that the rows came from. */
export type Forgotten = Record<'found' | 'removed' | 'left' | 'filesRead' | 'rawFiles', number>

/** What came of a deletion in a sentence, or what would come of it; it names nobody. */
export function forgottenText(
  { found, removed, left, filesRead, rawFiles }: Forgotten,
  dryRun = false,
): string {
  const subject = `${plural(found, 'row')} of the subject in ${plural(filesRead, 'file')}`
  const raw = `${plural(rawFiles, 'raw file')} of bronze`
  if (!dryRun) return `${subject}: ${count(removed)} deleted, ${count(left)} left; they came in ${raw}`
  return `dry run, nothing was deleted: ${plural(found, 'row')} of the subject would be, in the ${plural(filesRead, 'file')} read; they came in ${raw}`
}

/** Asks to delete what an entity holds of one subject. */
async function forget(entity: string, options: Asked): Promise<Answer> {
  const { key, column, dryRun, why } = options
  const body = { key, ...(column && { column }), ...(dryRun && { dryRun }), why, by: byOf(options) }
  const api = client(await loadConfig())
  const data = await api.post<Accepted>(`/entities/${encodeURIComponent(entity)}/forget`, body)
  const readers = 'and builds what reads them anew'
  const willDo = dryRun
    ? `a run of ${entity} counts the rows of the subject, and deletes nothing`
    : `a run of ${entity} deletes the rows of the subject, ${readers}`
  return { data, text: acceptedText(data, willDo) }
}

interface Parts {
  add(parent: Command, use: string, description: string): Command
  print(answer: Answer, json?: boolean): void
  by: [flags: string, description: string]
}

/** The command by which a person's data is deleted. */
export function forgetting(sluice: Command, { add, print, by }: Parts): void {
  add(
    sluice,
    'forget <entity>',
    'delete what silver and quarantine hold of one subject, and build its readers anew',
  )
    .requiredOption('--key <value>', 'the subject: the value of the entity’s key, or of --column')
    .option('--column <name>', 'the column that knows the subject, such as user_id in another entity')
    .option('--dry-run', 'only count the rows that would be deleted')
    .requiredOption('--why <reason>', 'recorded with the request; do not name the subject in it')
    .option(...by)
    .action(async (entity, { json, ...options }) => print(await forget(entity, options), json))
}

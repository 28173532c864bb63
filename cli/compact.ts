import type { Command } from 'commander'
import { client } from './client.js'
import type { Answer } from './commands.js'
import { loadConfig } from './config.js'
import { count, plural, table } from './render.js'
import { type Accepted, acceptedText, byOf } from './requests.js'

interface WouldDo {
  entity: string
  days: { day: string; files: number; become: number; bytes: number; stay: number }[]
  more: boolean
}

interface Parts {
  add(parent: Command, use: string, description: string): Command
  print(answer: Answer, json?: boolean): void
  by: [flags: string, description: string]
}

/** The command that puts small files of silver together. */
export function compactions(sluice: Command, { add, print, by }: Parts): void {
  add(sluice, 'compact <entity>', 'put the small silver files of days that are over together')
    .option('--today', 'days that are not over as well')
    .option('--dry-run', 'only say what it would do')
    .option(...by)
    .action(async (entity, { json, ...options }) => print(await compact(entity, options), json))
}

async function compact(
  entity: string,
  { today, dryRun, ...who }: { today?: boolean; dryRun?: boolean; by?: string },
): Promise<Answer> {
  const api = client(await loadConfig())
  const path = `/entities/${encodeURIComponent(entity)}/compact`
  const body = { ...(today && { today }), ...(dryRun && { dryRun }), by: byOf(who) }
  if (!dryRun) {
    const data = await api.post<Accepted>(path, body)
    return { data, text: acceptedText(data, `a run puts the small files of ${entity} together`) }
  }
  const data = await api.post<WouldDo>(path, body)
  return { data, text: wouldDoText(data) }
}

function wouldDoText({ entity, days, more }: WouldDo): string {
  const work = days.filter(({ become }) => become > 0)
  if (work.length === 0)
    return `  ${entity} has no small files to put together in ${plural(days.length, 'new day')}\n`
  const lines = work.map((one) => [one.day, count(one.files), count(one.become), count(one.bytes), one.stay])
  const rest = more ? '  and there is more: a run goes on where its bounds end\n' : ''
  return `${table(['day', 'files', 'become', 'bytes', 'stay'], lines)}${rest}`
}

import { type Command, Option } from 'commander'
import { buildModes } from '../events/intake.js'
import {
  askBackfill,
  build,
  type Ended,
  extract,
  listBackfills,
  type Screen,
  showBackfill,
  startBackfill,
} from './backfill.js'
import type { Answer } from './commands.js'
import { UserError } from './config.js'

interface Parts {
  add(parent: Command, use: string, description: string): Command
  print(answer: Answer, json?: boolean): void
  screen: Screen
  by: [flags: string, description: string]
  next: [flags: string, description: string]
}

const collect = (value: string, before: string[]) => [...before, value]

/** The commands that bring data in because a person asks: backfills, extractions, builds. */
export function intake(sluice: Command, parts: Parts): void {
  const { add, print, by, next } = parts
  backfills(sluice, parts)
  add(sluice, 'backfills', 'backfills, newest first')
    .option('--source <name>', 'only of this source')
    .option('--limit <n>', 'how many, at most 200', '20')
    .option(...next)
    .action(async ({ json, ...options }) => print(await listBackfills(options), json))
  add(sluice, 'extract <source>', 'extract what is new at a source, or a window of days')
    .option('--from <day>', 'first day of the window, YYYY-MM-DD')
    .option('--to <day>', 'the day after its last')
    .option(...by)
    .action(async (source, { json, ...options }) => print(await extract(source, options), json))
  add(sluice, 'build <domain>', 'build a domain, all of its lane or some models')
    .option('--select <selector>', 'a selector of dbt; may be repeated', collect, [])
    .addOption(new Option('--mode <mode>', 'how; docs/builds.md tells each').choices([...buildModes]))
    .option('--full-refresh', 'the same as --mode full-refresh: build the tables of the models anew')
    .option('--force', 'build also models of which nothing has changed')
    .option('--only-if-new', 'only when there is data that the last good build has not read')
    .option(...by)
    .action(async (domain, { json, ...options }) => print(await build(domain, options), json))
}

function backfills(sluice: Command, { add, print, screen, by, next }: Parts): void {
  const told = ({ verdict, ...answer }: Ended, json?: boolean) => {
    print(answer, json)
    if (verdict) throw new UserError(verdict)
  }
  const group = sluice.command('backfill').description('bring in the past of a source, chunk by chunk')
  const start = group.command('start <source>', { isDefault: true })
  start
    .description('begin a backfill and follow it; `start` may be left out')
    .option('--json', 'print the data as JSON, at the end')
    .requiredOption('--from <day>', 'first day, YYYY-MM-DD, UTC')
    .requiredOption('--to <day>', 'the day after the last one')
    .option('--chunk-days <n>', 'days of one chunk', '30')
    .option('--parallel <n>', 'chunks at once; as many as the source allows unless told')
    .option('--dry-run', 'only say which chunks, how long and how dear')
    .option('--detach', 'do not follow it')
    .option('--why <reason>', 'recorded with the backfill')
    .option(...by)
    .action(async (source, options) => told(await startBackfill(source, options, screen), options.json))
  add(group, 'show <id>', 'one backfill: how far it is, what failed, its chunks')
    .option('--follow', 'until it has ended')
    .option('--limit <n>', 'chunks a page, at most 200', '20')
    .option(...next)
    .action(async (id, options) => told(await showBackfill(id, options, screen), options.json))
  const asks = [
    ['pause', 'let no further chunk go; those under way end'],
    ['resume', 'go on; of what has run, only failed chunks run again'],
    ['cancel', 'start nothing more, for good; what has landed stays'],
  ] as const
  for (const [what, description] of asks) {
    add(group, `${what} <id>`, description)
      .option('--why <reason>', 'recorded with the request')
      .option(...by)
      .action(async (id, { json, ...options }) => print(await askBackfill(what, id, options), json))
  }
}

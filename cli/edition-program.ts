import type { Command } from 'commander'
import type { Answer } from './commands.js'
import { diff } from './diff.js'
import { listEditions, rollback } from './editions.js'

interface Parts {
  add(parent: Command, use: string, description: string): Command
  print(answer: Answer, json?: boolean): void
  by: [flags: string, description: string]
  next: [flags: string, description: string]
}

/** The commands about a domain's editions. */
export function editions(sluice: Command, { add, print, by, next }: Parts): void {
  add(sluice, 'editions <domain>', 'the editions of a domain, newest first, and which one readers see')
    .option('--limit <n>', 'how many, at most 200', '20')
    .option(...next)
    .action(async (domain, { json, ...options }) => print(await listEditions(domain, options), json))
  add(sluice, 'rollback <domain>', 'show an earlier edition again, until a newer one is published')
    .option('--to <edition>', 'the edition to show; the one before unless told')
    .requiredOption('--why <reason>', 'recorded with the edition and the domain')
    .option(...by)
    .action(async (domain, { json, ...options }) => print(await rollback(domain, options), json))
  add(sluice, 'diff <domain> <from> <to>', 'rows and columns that changed between two editions')
    .option('--dataset <name>', 'only this dataset')
    .action(async (domain, from, to, { json, ...options }) =>
      print(await diff(domain, from, to, options), json),
    )
}

import type { Command } from 'commander'
import type { Answer } from './commands.js'
import { health, quality } from './health.js'

interface Parts {
  add(parent: Command, use: string, description: string): Command
  print(answer: Answer, json?: boolean): void
  next: [flags: string, description: string]
}

/** The commands about how the data is. */
export function condition(sluice: Command, { add, print, next }: Parts): void {
  add(sluice, 'health', 'how fresh, how late, how tested and how large the data is').action(
    async ({ json }) => print(await health(), json),
  )
  add(sluice, 'quality <domain>', 'a score for each build, newest first, and what of the data is processed')
    .option('--limit <n>', 'how many, at most 200', '20')
    .option(...next)
    .action(async (domain, { json, ...options }) => print(await quality(domain, options), json))
}

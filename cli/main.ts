import { Command, CommanderError } from 'commander'
import { type Answer, put, quarantine, query, runs, show, status } from './commands.js'
import { UserError } from './config.js'

const collect = (value: string, before: string[]) => [...before, value]

/** The `sluice` command. */
export function program(out: (text: string) => void): Command {
  const sluice = new Command('sluice')
    .description('Looks into Sluice: what ran, what waits, what is published.')
    .showHelpAfterError('(sluice --help lists the commands)')
    .configureHelp({ sortSubcommands: false })
  const print = (answer: Answer, json?: boolean) =>
    out(json ? `${JSON.stringify(answer.data, null, 2)}\n` : answer.text)
  const add = (use: string, description: string) =>
    sluice.command(use).description(description).option('--json', 'print the data as JSON')

  add('status', 'what is under way, what waits, which editions are published').action(async ({ json }) =>
    print(await status(), json),
  )
  add('runs', 'the runs, newest first')
    .option('--limit <n>', 'how many, at most 200', '20')
    .option('--kind <kind>', 'only cleanse, or only build')
    .option('--state <state>', 'only runs in this state, such as PARKED')
    .action(async ({ json, ...options }) => print(await runs(options), json))
  add('show <runId>', 'one run: inputs, outputs, attempts, events, rejected rows').action(
    async (runId, { json }) => print(await show(runId), json),
  )
  add('put <file>', 'land a file in bronze, as its source would')
    .requiredOption('--source <name>', 'the declared source that the file comes from')
    .action(async (file, { json, ...options }) => print(await put(file, options), json))
  add('query <domain> <dataset>', 'rows of a published dataset')
    .option('--where <filter>', 'column=value, or with >=, <=, >, <; may be repeated', collect, [])
    .option('--order <columns>', 'columns by comma, a minus before one to descend')
    .option('--limit <n>', 'rows a page, at most 999', '20')
    .option('--next <mark>', 'the next page, as the page before named it')
    .action(async (domain, dataset, { json, ...options }) =>
      print(await query(domain, dataset, options), json),
    )
  add('quarantine', 'files that no entity takes, each with its reason').action(async ({ json }) =>
    print(await quarantine(), json),
  )
  return sluice
}

/** Runs the command line and gives the exit code: 0, or 1 with one sentence on stderr. */
export async function main(argv: string[]): Promise<number> {
  try {
    const sluice = program((text) => process.stdout.write(text)).exitOverride()
    for (const command of sluice.commands) command.exitOverride()
    await sluice.parseAsync(argv, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    const message = error instanceof UserError ? error.message : `this failed: ${(error as Error).message}`
    process.stderr.write(`sluice: ${message}\n`)
    return 1
  }
}

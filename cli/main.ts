import { readFileSync } from 'node:fs'
import { Command, CommanderError, Option } from 'commander'
import { intake } from './backfill-program.js'
import { screen } from './backfill-screen.js'
import { type Answer, put, query, runs, show, status } from './commands.js'
import { compactions } from './compact.js'
import { UserError } from './config.js'
import { editions } from './edition-program.js'
import { forgetting } from './forget.js'
import { condition } from './health-program.js'
import { list, putBack, rejected } from './quarantine.js'
import { approve, retry } from './requests.js'
import { checkSourceFiles } from './sources.js'
import { incidents, why } from './why.js'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string
}
const collect = (value: string, before: string[]) => [...before, value]

type Print = (answer: Answer, json?: boolean) => void
const BY: [flags: string, description: string] = [
  '--by <who>',
  'who asks; the user of this machine unless told',
]
const NEXT: [flags: string, description: string] = [
  '--next <mark>',
  'the next page, as the page before named it',
]

/** The `sluice` command. */
export function program(out: (text: string) => void): Command {
  const sluice = new Command('sluice')
    .description(
      'Looks into Sluice: what ran, what waits, what is published, and why. Puts back what was held.',
    )
    .version(version, '-V, --version', 'print the version of Sluice')
    .showHelpAfterError('(sluice --help lists the commands)')
    .configureHelp({ sortSubcommands: false })
  const print: Print = (answer, json) => out(json ? `${JSON.stringify(answer.data, null, 2)}\n` : answer.text)
  views(sluice, print)
  requests(sluice, print)
  intake(sluice, { add, print, screen: screen(out), by: BY, next: NEXT })
  editions(sluice, { add, print, by: BY, next: NEXT })
  condition(sluice, { add, print, next: NEXT })
  compactions(sluice, { add, print, by: BY })
  quarantine(sluice, print)
  sources(sluice, print)
  return sluice
}

/** A command with what all of them take. */
const add = (parent: Command, use: string, description: string) =>
  parent
    .command(use)
    .description(description)
    .option('--json', 'print the data as JSON')
    .showHelpAfterError(`(sluice ${nameOf(parent)}${use.split(' ')[0]} --help tells more)`)

/** The name of a group of commands, and a space behind it. */
const nameOf = (parent: Command) => (parent.parent ? `${parent.name()} ` : '')

function views(sluice: Command, print: Print): void {
  add(sluice, 'status', 'what is under way, what waits, which editions are published').action(
    async ({ json }) => print(await status(), json),
  )
  add(sluice, 'runs', 'the runs, newest first')
    .option('--limit <n>', 'how many, at most 200', '20')
    .option('--kind <kind>', 'only cleanse, build, extract or compact')
    .option('--state <state>', 'only runs in this state, such as PARKED')
    .option('--subject <name>', 'only runs of this entity, source or lane, such as finance+risk')
    .option(...NEXT)
    .action(async ({ json, ...options }) => print(await runs(options), json))
  add(sluice, 'show <runId>', 'one run: inputs, outputs, attempts, events, rejected rows').action(
    async (runId, { json }) => print(await show(runId), json),
  )
  add(sluice, 'why <subject>', 'why a file, run, event, dataset, entity or incident is where it is')
    .addHelpText('after', WHY_HELP)
    .action(async (subject, { json }) => print(await why(subject), json))
  add(sluice, 'incidents', 'what people were told of, newest first')
    .addOption(new Option('--state <state>', 'only these').choices(['open', 'closed']))
    .option('--limit <n>', 'how many, at most 200', '20')
    .option(...NEXT)
    .action(async ({ json, ...options }) => print(await incidents(options), json))
  add(sluice, 'put <file>', 'land a file in bronze, as its source would')
    .requiredOption('--source <name>', 'the declared source that the file comes from')
    .option('--entity <name>', 'what its rows are; needed where the source feeds several entities')
    .action(async (file, { json, ...options }) => print(await put(file, options), json))
  add(sluice, 'query <domain> <dataset>', 'rows of a published dataset')
    .option(
      '--where <filter>',
      'column=value, "column>=value" with >=, <=, > or <, or column.gte=value; may be repeated',
      collect,
      [],
    )
    .option('--order <columns>', 'columns by comma, a minus before one to descend')
    .option('--limit <n>', 'rows a page, at most 999', '20')
    .option(...NEXT)
    .action(async (domain, dataset, { json, ...options }) =>
      print(await query(domain, dataset, options), json),
    )
}

const WHY_HELP = `
A subject is a key in bronze, its s3:// URI or the end of the key where that is unique; the id of a run, a file,
an event or an incident; a dataset such as finance/daily_portfolio_summary; a domain, an entity or a lane.`

function requests(sluice: Command, print: Print): void {
  add(sluice, 'retry <runId>', 'put a parked run back into its lane')
    .option('--why <reason>', 'recorded with the request')
    .option(...BY)
    .action(async (runId, { json, ...options }) => print(await retry(runId, options), json))
  forgetting(sluice, { add, print, by: BY })
  add(sluice, 'approve <runId>', 'let a run through that its gate held back')
    .requiredOption('--why <reason>', 'recorded with the run and what comes of it')
    .option(...BY)
    .action(async (runId, { json, ...options }) => print(await approve(runId, options), json))
}

function quarantine(sluice: Command, print: Print): void {
  const group = sluice.command('quarantine').description('what was rejected, and putting it back')
  const ls = group.command('ls', { isDefault: true })
  ls.description('files that no entity takes and runs with rejected rows, newest first')
    .option('--json', 'print the data as JSON')
    .option('--entity <name>', 'only runs of this entity')
    .option('--reason <rule>', 'only what has this reason')
    .option('--limit <n>', 'how many, at most 200', '50')
    .option(...NEXT)
    .action(async ({ json, ...options }) => print(await list(options), json))
  add(group, 'show <runId>', 'the rejected rows of a run: reason, file, line, text')
    .option('--reason <rule>', 'only rows with this first reason')
    .option('--whole', 'each row in full, however long')
    .option('--limit <n>', 'rows a page, at most 200', '20')
    .option(...NEXT)
    .action(async (runId, { json, ...options }) => print(await rejected(runId, options), json))
  add(group, 'replay <id>', 'put the rejected rows of a run, or a file, back into their lane')
    .option(...BY)
    .action(async (id, { json, ...options }) => print(await putBack(id, options), json))
}

function sources(sluice: Command, print: Print): void {
  const group = sluice.command('sources').description('the files that declare what comes in')
  add(group, 'check [folder]', 'every mistake with file, line, column and what was probably meant').action(
    (folder, { json }) => {
      const { verdict, ...answer } = checkSourceFiles(folder)
      print(answer, json)
      if (verdict) throw new UserError(verdict)
    },
  )
}

/** Runs the command line and gives the exit code: 0, or 1 with one sentence on stderr. */
export async function main(argv: string[]): Promise<number> {
  try {
    const sluice = program((text) => process.stdout.write(text)).exitOverride()
    for (const command of [...sluice.commands, ...sluice.commands.flatMap(({ commands }) => commands)])
      command.exitOverride()
    await sluice.parseAsync(argv, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    const message = error instanceof UserError ? error.message : `this failed: ${(error as Error).message}`
    process.stderr.write(`sluice: ${message}\n`)
    return 1
  }
}

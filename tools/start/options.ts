import { existsSync, readdirSync, statSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { UserError } from '../../cli/config.js'
import { project } from '../../shared/declared.js'
import { SYSTEM_NAMES, type SystemName } from './expected.js'

export interface Options {
  once: boolean
  engine: 'auto' | 'duckdb' | 'spark'
  data: string
  /** Systems whose data comes in by their own doors; without any, the samples of finance are dropped as files. */
  systems: readonly SystemName[]
  port: number
  padSeconds: number
  help: boolean
}

export const HELP = `npm start [-- options]

  --once            end after the first publication, with exit code 0 when all went well
  --system <name>   bring in the data of finance, marketing, commerce or households by its own doors, or of all
  --engine glue     send every batch through Glue with real Spark (needs Java 17)
  --data <folder>   land <folder>/<source>/<file...> in place of the samples
  --port <number>   the port of the local AWS, 4566 unless told
  --pad-seconds <n> every job takes at least this long, as on a slow cluster
`

/** The options of `npm start`, checked. Throws `UserError` that says which one is wrong. */
export function readOptions(argv: string[]): Options {
  const { values } = parse(argv)
  const engine = { glue: 'spark', spark: 'spark', duckdb: 'duckdb', auto: 'auto' }[values.engine ?? 'auto']
  if (!engine) throw new UserError(`--engine is glue, duckdb or auto, not "${values.engine}"`)
  return {
    once: values.once ?? false,
    help: values.help ?? false,
    engine: engine as Options['engine'],
    data: values.data ?? 'samples',
    systems: systemsOf(values.system, values.data),
    port: numberOf('--port', values.port ?? '4566', 1_024, 65_535),
    padSeconds: numberOf('--pad-seconds', values['pad-seconds'] ?? '0', 0, 3_600),
  }
}

function parse(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      options: {
        once: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        engine: { type: 'string' },
        data: { type: 'string' },
        system: { type: 'string' },
        port: { type: 'string' },
        'pad-seconds': { type: 'string' },
      },
    })
  } catch (error) {
    throw new UserError(`${(error as Error).message.split('\n')[0]}\n\n${HELP}`)
  }
}

function systemsOf(name: string | undefined, data: string | undefined): readonly SystemName[] {
  if (name === undefined) return []
  if (data !== undefined) throw new UserError('--system brings its own data: leave --data out')
  const known = SYSTEM_NAMES.filter((one) => name === 'all' || one === name)
  if (known.length > 0) return known
  throw new UserError(`--system is ${SYSTEM_NAMES.join(', ')} or all, not "${name}"`)
}

function numberOf(name: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new UserError(`${name} is a whole number from ${least} to ${most}, not "${text}"`)
}

export interface Drop {
  source: string
  file: string
}

/** The files to land, by declared source. Throws `UserError` when the folder holds none. */
export function filesToLand(folder: string): Drop[] {
  if (!existsSync(folder)) throw new UserError(`there is no folder "${folder}"`)
  const drops = Object.keys(project.sources).flatMap((source) => {
    const below = `${folder}/${source}`
    if (!existsSync(below) || !statSync(below).isDirectory()) return []
    return readdirSync(below, { recursive: true, encoding: 'utf8' })
      .map((name) => ({ source, file: `${below}/${name}` }))
      .filter(({ file }) => statSync(file).isFile())
      .sort((a, b) => (a.file < b.file ? -1 : 1))
  })
  if (drops.length > 0) return drops
  const sources = Object.keys(project.sources).join(', ')
  throw new UserError(`"${folder}" holds no files: they lie in one folder per source (${sources})`)
}

const SAMPLES = 'samples'

/** Folders of the user's data that no source file declares; the samples' own tools are no data. */
export const undeclaredFolders = (folder: string): string[] =>
  folder === SAMPLES
    ? []
    : readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && !Object.hasOwn(project.sources, entry.name))
        .map(({ name }) => `${folder}/${name}`)

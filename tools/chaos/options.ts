import { parseArgs } from 'node:util'
import { UserError } from '../../cli/config.js'

export interface ChaosOptions {
  files: number
  seed: number
  /** How long the faults last at most, from the first file on. */
  minutes: number
  /** Batches from this size on go through Glue; 0 for none. */
  sparkFromBytes: number
  keep: boolean
  help: boolean
}

export const HELP = `npm run chaos [-- options]

  --files <n>            files to land, 300 unless told
  --seed <n>             of the faults and of the files' order, 1 unless told
  --minutes <n>          how long the faults last at most, 12 unless told
  --spark-from-bytes <n> batches from this size on go through Glue with Spark, 20000 unless told; 0 for none
  --keep                 leave the folder with logs and the ledger's items behind

Exit code 0 when gold equals the independent computation and nothing is there twice, else 1.
`

/** The options of `npm run chaos`, checked. Throws `UserError` that says which one is wrong. */
export function readOptions(args: string[]): ChaosOptions {
  const { values } = parse(args)
  const number = (
    name: 'files' | 'seed' | 'minutes' | 'spark-from-bytes',
    otherwise: number,
    most: number,
  ) => {
    const value = Number(values[name] ?? otherwise)
    const least = name === 'files' || name === 'minutes' ? 1 : 0
    if (Number.isInteger(value) && value >= least && value <= most) return value
    throw new UserError(`--${name} is a whole number from ${least} to ${most}, not "${values[name]}"`)
  }
  return {
    files: number('files', 300, 5_000),
    seed: number('seed', 1, 1_000_000),
    minutes: number('minutes', 12, 120),
    sparkFromBytes: number('spark-from-bytes', 20_000, 5_000_000_000),
    keep: values.keep ?? false,
    help: values.help ?? false,
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        files: { type: 'string' },
        seed: { type: 'string' },
        minutes: { type: 'string' },
        'spark-from-bytes': { type: 'string' },
        keep: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new UserError(`${(error as Error).message.split('\n')[0]}\n\n${HELP}`)
  }
}

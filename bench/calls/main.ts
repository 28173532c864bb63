// `npm run bench:calls`: every call to AWS per file and per run, with a short past and with a long one. Prints JSON.
import { parseArgs } from 'node:util'
import { startWorld } from '../../test/acceptance/world.js'
import { compare, comparisonText } from './compare.js'

const { values } = parseArgs({
  options: {
    small: { type: 'string', default: '100' },
    large: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '3' },
  },
})
const numbers = { small: Number(values.small), large: Number(values.large), rounds: Number(values.rounds) }
if (
  Object.values(numbers).some((value) => !Number.isInteger(value) || value < 1) ||
  numbers.small > numbers.large
) {
  process.stderr.write('npm run bench:calls [-- --small 100 --large 100000 --rounds 3], whole numbers\n')
  process.exit(1)
}
const say = (line: string) => process.stderr.write(`${line}\n`)
const world = await startWorld()
try {
  const comparison = await compare(world, numbers, say)
  say(comparisonText(comparison))
  process.stdout.write(`${JSON.stringify(comparison, null, 2)}\n`)
  process.exitCode = comparison.ok ? 0 : 1
} finally {
  await world.stop()
}

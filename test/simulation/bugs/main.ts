// `npm run simulate:bugs [part of a name]`: plants each bug and says how many seeds it took to find it.
import { bugs } from './bugs.js'
import { find } from './find.js'

const SEEDS_MAX = 400
const named = process.argv[2] ?? ''
for (const bug of bugs.filter(({ name }) => name.includes(named))) {
  const { name, seeds, invariant } = await find(bug, SEEDS_MAX).catch((error: Error) => ({
    name: bug.name,
    seeds: undefined,
    invariant: error.message,
  }))
  process.stdout.write(`${String(seeds ?? '-').padStart(5)}  ${name}: ${invariant.slice(0, 160)}\n`)
}

// `npm run simulate:bugs [part of a bug's name] [seeds at most] [invariants not to ask]`: plants each bug and says how many seeds it took.
import { bugs } from './bugs.js'
import { find } from './find.js'

const [named = '', most = '1000', unasked] = process.argv.slice(2)
for (const bug of bugs.filter(({ name }) => name.includes(named))) {
  const { name, seeds, invariant } = await find(bug, Number(most), unasked?.split(',')).catch(
    (error: Error) => ({
      name: bug.name,
      seeds: undefined,
      invariant: error.message,
    }),
  )
  process.stdout.write(`${String(seeds ?? '-').padStart(5)}  ${name}: ${invariant.slice(0, 160)}\n`)
}

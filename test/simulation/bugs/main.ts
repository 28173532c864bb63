// `npm run simulate:bugs [part of a bug's name] [seeds at most]`: plants each bug and says how many seeds it took.
import { bugs } from './bugs.js'
import { findAll } from './find.js'

const [named = '', most = '1000'] = process.argv.slice(2)
const findings = await findAll(
  bugs.filter(({ name }) => name.includes(named)),
  Number(most),
  ({ name, seeds, invariant }) =>
    process.stdout.write(`${String(seeds ?? '-').padStart(5)}  ${name}: ${invariant.slice(0, 160)}\n`),
)
if (findings.some(({ seeds }) => seeds === undefined)) process.exitCode = 1

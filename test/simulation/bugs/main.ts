// `npm run simulate:bugs [part of a bug's name] [seeds at most]`: plants each bug and says how many seeds it took.
// With `--learn` it keeps the seed that found each, for `npm test` to begin with.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { bugs } from './bugs.js'
import { findAll } from './find.js'

const KEPT = new URL('./found.json', import.meta.url)

const { values, positionals } = parseArgs({ options: { learn: { type: 'boolean' } }, allowPositionals: true })
const [named = '', most = '1000'] = positionals
const findings = await findAll(
  bugs.filter(({ name }) => name.includes(named)),
  Number(most),
  ({ name, seeds, invariant }) =>
    process.stdout.write(`${String(seeds ?? '-').padStart(5)}  ${name}: ${invariant.slice(0, 160)}\n`),
)
if (values.learn) {
  const found = findings.flatMap(({ name, seeds }) => (seeds ? [[name, seeds - 1] as const] : []))
  writeFileSync(KEPT, `${JSON.stringify(Object.fromEntries(found.sort()), undefined, 2)}\n`)
}
if (findings.some(({ seeds }) => seeds === undefined)) process.exitCode = 1

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { bugs, RARE } from './bugs.js'
import { type Finding, findAll } from './find.js'
import found from './found.json' with { type: 'json' }
import { plant } from './planting.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
/** What takes more is rare: `npm run accept` looks for those too. */
const SEEDS_MAX = 400

test('there are at least 25 bugs, and each still has its place in the product', () => {
  expect(bugs.length).toBeGreaterThanOrEqual(25)
  for (const { planted } of bugs)
    for (const one of planted) plant(readFileSync(`${root}/${one.file}`, 'utf8'), one)
})

test('what took more seeds than that is among the rare ones', () => {
  const slow = Object.entries(found).filter(([, seed]) => seed >= SEEDS_MAX)
  expect(slow.filter(([name]) => !RARE.includes(name))).toEqual([])
})

test('each is found, but for the rare ones', async () => {
  const common = bugs.filter(({ name }) => !RARE.includes(name))
  const tell = ({ name, seeds, invariant }: Finding) =>
    process.stdout.write(`${seeds ?? '-'}\t${name}: ${invariant}\n`)
  const findings = await findAll(common, SEEDS_MAX, tell, found)
  expect(findings).toHaveLength(bugs.length - RARE.length)
  expect(findings.filter(({ seeds }) => seeds === undefined)).toEqual([])
})

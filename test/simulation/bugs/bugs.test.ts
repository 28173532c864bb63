import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { plant } from '../bundle.js'
import { bugs } from './bugs.js'
import { findAll } from './find.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
/** Every bug in `npm run accept`, and here some of them, others every day. */
const A_DAY = 5
const SEEDS_MAX = 1_000
const DAY = 86_400_000

test('there are at least 25 bugs, and each still has its place in the product', () => {
  expect(bugs.length).toBeGreaterThanOrEqual(25)
  for (const { planted } of bugs)
    for (const one of planted) plant(readFileSync(`${root}/${one.file}`, 'utf8'), one)
})

test("the bugs of the day's turn are found", async () => {
  const turn = Math.floor(Date.now() / DAY) * A_DAY
  const some = Array.from({ length: A_DAY }, (_, place) => bugs[(turn + place) % bugs.length])
  const findings = await findAll(
    some.flatMap((bug) => bug ?? []),
    SEEDS_MAX,
    ({ name, seeds, invariant }) => process.stdout.write(`${seeds ?? '-'}\t${name}: ${invariant}\n`),
  )
  expect(findings.filter(({ seeds }) => seeds === undefined)).toEqual([])
}, 300_000)

import { expect, test } from 'vitest'
import { bugs } from '../bugs/bugs.js'
import { findAll } from '../bugs/find.js'

/** No bug may need more seeds than this. */
const SEEDS_MAX = 10_000

test('every planted bug is found, in as many seeds as it says', async () => {
  const findings = await findAll(bugs, SEEDS_MAX, ({ name, seeds, invariant }) =>
    process.stdout.write(`${String(seeds ?? '-').padStart(5)}  ${name}: ${invariant}\n`),
  )
  expect(findings.filter(({ seeds }) => seeds === undefined)).toEqual([])
}, 3_600_000)

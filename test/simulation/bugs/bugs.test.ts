import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { plant } from '../bundle.js'
import { bugs } from './bugs.js'
import { type Finding, find } from './find.js'

/** No bug may need more seeds than this. */
const SEEDS_MAX = 400
const root = fileURLToPath(new URL('../../..', import.meta.url))

test('there are at least 25 bugs, and each still has its place in the product', () => {
  expect(bugs.length).toBeGreaterThanOrEqual(25)
  for (const { planted } of bugs)
    for (const one of planted) plant(readFileSync(`${root}/${one.file}`, 'utf8'), one)
})

test('every planted bug is found', async () => {
  const findings: Finding[] = []
  const left = [...bugs]
  const work = async () => {
    for (let bug = left.shift(); bug; bug = left.shift()) findings.push(await find(bug, SEEDS_MAX))
  }
  await Promise.all([work(), work()])
  const lines = findings.map(({ name, seeds, invariant }) => `${seeds ?? '-'}\t${name}: ${invariant}`)
  process.stdout.write(`seeds that each planted bug needed\n${lines.join('\n')}\n`)
  expect(findings.filter(({ seeds }) => seeds === undefined)).toEqual([])
}, 600_000)

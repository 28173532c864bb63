import { expect, test } from 'vitest'
import { step } from '../../tools/step.js'

test('a step says what it does before it does it, and then what came of it and how long it took', async () => {
  const said: string[] = []
  const say = (line: string) => said.push(line)
  const work = () => {
    expect(said).toEqual(['  image      building dbt …'])
    return 7
  }
  expect(await step(say, { title: 'image', doing: 'building dbt', work, told: (n) => `dbt ${n}` })).toBe(7)
  expect(said[1]).toMatch(/^ {2}image {6}dbt 7 +\d+\.\d s$/)
})

test('a step that fails is not told as one that was done', async () => {
  const said: string[] = []
  const work = () => Promise.reject(new Error('no'))
  const failing = step((line) => said.push(line), { title: 'stack', work, told: () => 'done' })
  await expect(failing).rejects.toThrow('no')
  expect(said).toEqual([])
})

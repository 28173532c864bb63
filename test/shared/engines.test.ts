import { expect, test } from 'vitest'
import { chooseEngine, onEngines } from '../../shared/engines.js'
import type { Run } from '../../shared/run.js'

test('work goes to its engine, is looked for there, and is stopped there', async () => {
  const did: unknown[] = []
  const note = (what: string) => async (first: unknown, second?: unknown) => {
    did.push([what, first, second])
    return undefined as never
  }
  const tasks = { run: note('run a task'), find: note('find a task') }
  const jobs = { start: note('start a job'), find: note('find a job'), stop: note('stop a job') }
  const { launch, find, stop } = onEngines({ tasks, jobs, stopTask: note('stop a task') })
  for (const engine of ['spark', 'duckdb'] as const) {
    const run = { engine, runId: 'r1', attempt: 2, request: { a: 1 } } as unknown as Run
    await launch({ a: 1 }, engine, 2)
    await find(run)
    await stop('j1', engine, run)
  }
  expect(did).toEqual([
    ['start a job', { a: 1 }, undefined],
    ['find a job', 'r1', 2],
    ['stop a job', 'j1', undefined],
    ['run a task', { a: 1 }, undefined],
    ['find a task', { a: 1 }, undefined],
    ['stop a task', 'j1', undefined],
  ])
})

test('a stage’s pin goes before a contract’s, and that before the size', () => {
  const auto = { engine: 'auto', sparkFromBytes: 100 } as const
  expect([99, 100].map((bytes) => chooseEngine(auto, 'auto', bytes))).toEqual(['duckdb', 'spark'])
  expect(chooseEngine(auto, 'spark', 0)).toBe('spark')
  expect(chooseEngine({ ...auto, engine: 'duckdb' }, 'spark', 1_000)).toBe('duckdb')
})

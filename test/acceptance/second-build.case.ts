import { existsSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { keysOf, textOf } from './operator.js'
import { goldAgainstTruth } from './oracle.js'
import type { World } from './world.js'

/** A build that starts from the database of the build before it, on a machine that has never seen it. */
export function secondBuildCase(world: () => World): void {
  test('gold after the correction equals an independent computation over both folders', async () => {
    const { chain, truth, scratch } = world()
    expect(await goldAgainstTruth(chain, truth, scratch)).toBe('')
  })

  test('the second build fetched the state of the first from S3, and every task folder is gone', async () => {
    const builds = (await world().chain.runs({ kind: 'build' })).filter(({ state }) => state === 'COMMITTED')
    const [newest, before] = builds
    expect(builds.length).toBeGreaterThan(1)
    const plan = JSON.parse(
      await textOf('ARTIFACTS', `runs/${newest?.runId}/attempt=${newest?.attempt}/plan.json`),
    )
    expect(plan.database.uri).toContain(`${before?.edition}.duckdb`)
    const states = await keysOf('ARTIFACTS', 'dbt/duckdb/')
    expect(states.some((key) => key.endsWith(`${newest?.edition}.duckdb`))).toBe(true)
    const tasks = `${world().stack.state}/tasks`
    expect(existsSync(tasks) ? readdirSync(tasks) : []).toEqual([])
  })
}

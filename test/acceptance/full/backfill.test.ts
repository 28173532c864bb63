import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setFaults, told } from '../../../tools/chaos/faults.js'
import { runsOf, wholeLedger } from '../../../tools/chaos/rest.js'
import { putSecret } from '../../../tools/start/hands.js'
import { Servers } from '../../../tools/start/servers.js'
import { bronzeRows, follow, goodRuns, heal, say, weekdays } from '../backfill-story.js'
import { Chain } from '../chain.js'
import { landSamples, startWorld, type World } from '../world.js'

/** Ten years of daily prices in chunks of 30 days, while every tenth container is killed. */
const WISH = {
  source: 'fmp',
  from: process.env.SLUICE_BACKFILL_FROM ?? '2016-01-01',
  to: '2026-01-01',
  chunkDays: 30,
  parallel: 4,
  by: 'the full run',
}
const KILLED = 0.1
const SYMBOLS = 3
const MILLISECONDS_MAX = 3_000_000

describe('a backfill of ten years, while containers are killed', () => {
  const servers = new Servers(process.cwd())
  let world: World
  let chain: Chain
  let url: string
  const scratch = mkdtempSync(`${tmpdir()}/sluice-backfill-`)

  beforeAll(async () => {
    url = (await servers.start('rest', '--port', '0', '--key', 'demo')).url
    // As many at once as a backfill asks for, and a cleanse and a build beside them: else chunks wait for builds.
    world = await startWorld({ launcher: ['--async-retry-scale', '0.1', '--max-parallel-tasks', '6'] })
    chain = new Chain(world.stack)
    await putSecret('/fmp-api/api-key', JSON.stringify({ value: 'demo', url }))
    await landSamples(world)
    await chain.rest(world.landed)
  }, 600_000)
  afterAll(async () => {
    await world?.stop()
    await servers.stop()
    rmSync(scratch, { recursive: true, force: true })
  })

  test(
    'every chunk is there exactly once, and a live file is published before its end',
    async () => {
      await setFaults(world.stack.endpoint, { taskKilled: KILLED, seed: 7 })
      const { backfillId } = await chain.api.post<{ backfillId: string }>('/backfills', WISH)
      const { view, live, resumed, ...ended } = await follow(world, backfillId, scratch, MILLISECONDS_MAX)
      const { counts } = await told(world.stack.endpoint)
      await setFaults(world.stack.endpoint)
      const figures = {
        ...ended,
        chunks: view.counts.chunks,
        rows: view.spent.rows,
        resumed,
        killed: counts.taskKilled,
      }
      const liveSeconds = Math.round((live.published - live.landed) / 1_000)
      say(JSON.stringify({ ...figures, liveSeconds }))
      expect(live.published).toBeGreaterThan(0)
      expect(counts.taskKilled?.struck).toBeGreaterThan(0)

      const items = await wholeLedger()
      expect(goodRuns(items, backfillId).filter((runs) => runs.length !== 1)).toEqual([])
      expect(goodRuns(items, backfillId)).toHaveLength(view.counts.chunks)
      const rows = await bronzeRows(String(world.stack.env.SLUICE_BRONZE_BUCKET))
      expect(rows.filter((row, place) => row === rows[place - 1])).toEqual([])
      expect(rows).toHaveLength(SYMBOLS * weekdays(WISH.from, WISH.to))
      expect(view.spent.rows).toBe(rows.length)

      const landed =
        world.landed + items.filter((item) => item.source === 'fmp' && item.PK.startsWith('FILE#')).length
      await heal(landed)
      expect(runsOf(await wholeLedger()).filter(({ state }) => state === 'PARKED')).toEqual([])
    },
    MILLISECONDS_MAX + 900_000,
  )
})

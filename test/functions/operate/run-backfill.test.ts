import { describe, expect, test } from 'vitest'
import { runBackfill } from '../../../functions/operate/run-backfill/run-backfill.js'
import { World } from '../../shared/backfill/world.js'

const finished = (backfillIds: string[]) => ({
  'detail-type': 'Extract Finished' as const,
  detail: { runId: 'r', source: 'market', requestIds: [], backfillIds, files: 1, rows: 1 },
})
const failed = (runId: string, lane: string) => ({
  'detail-type': 'Stage Failed' as const,
  detail: {
    ...{ runId, kind: 'extract', subject: 'market', lane, reason: 'x' },
    failureClass: 'crashed' as const,
  },
})

async function started(): Promise<World> {
  const world = new World()
  await world.create('b1')
  await runBackfill(world.effects, { 'detail-type': 'Backfill Requested', detail: { backfillId: 'b1' } })
  while (world.events.length > 0) await world.deliver()
  return world
}

describe('run-backfill', () => {
  test('begins a backfill that was requested, and once however often that comes', async () => {
    const world = await started()
    const moved = { 'detail-type': 'Backfill Moved' as const, detail: { backfillId: 'b1' } }
    expect(await runBackfill(world.effects, moved)).toMatchObject({
      backfillIds: ['b1'],
      did: 'b1: the backfill is running: 0 of 6 chunks done, 2 under way',
    })
    expect(world.events).toEqual([])
    expect(world.live()).toHaveLength(2)
  })

  test('takes in the end of a chunk, and lets the next one go', async () => {
    const world = await started()
    await world.end(0, 'well')
    world.events.splice(0)
    const { did } = await runBackfill(world.effects, finished(['b1']))
    expect(did).toBe('b1: the backfill is running: 1 of 6 chunks done, 2 under way')
    expect(world.events).toMatchObject([{ name: 'Extract Requested', detail: { slot: 0 } }])
  })

  test('looks after the backfill of a source when its live extraction has ended', async () => {
    const world = await started()
    expect(await runBackfill(world.effects, finished([]))).toMatchObject({ backfillIds: ['b1'] })
  })

  test('finds the backfill of a run that failed by what the run took', async () => {
    const world = await started()
    const [run] = world.live()
    await world.end(0, 'hopeless')
    const runId = String(run?.runId)
    const { did } = await runBackfill(world.effects, failed(runId, 'extract:market:0'))
    expect(did).toContain('1 failed')
  })

  test('leaves alone what concerns no backfill', async () => {
    const world = new World()
    expect(await runBackfill(world.effects, finished([]))).toMatchObject({ backfillIds: [] })
    expect(await runBackfill(world.effects, failed('r', 'build:finance'))).toMatchObject({
      did: 'no backfill waits for this',
    })
    const moved = { 'detail-type': 'Backfill Moved' as const, detail: { backfillId: 'nobody' } }
    expect(await runBackfill(world.effects, moved)).toMatchObject({
      did: 'nobody: there is no backfill nobody',
    })
  })
})

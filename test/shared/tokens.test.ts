import { expect, test } from 'vitest'
import { runKey } from '../../shared/run.js'
import { waitForToken, wakeFirst } from '../../shared/tokens.js'
import { parts } from '../fakes/parts.js'
import { runAt } from '../mutants/under-way.js'

/** Runs that wait for Glue: by priority, then by their time. */
const own = parts()
const woken = () => own.bus.details('Batch Ready').map(({ runId }) => runId)

test('of what waits for Glue the highest priority is woken first, and within one who came first', async () => {
  const ids = ['low', 'first', 'second', 'high']
  for (const [place, name] of ids.entries()) {
    const runId = `r${String(place).padStart(25, '0')}`
    const priority = name === 'low' || name === 'high' ? name : undefined
    const base = await runAt(own, { lane: `cleanse:${name}` })
    const run = { ...base, ...runKey(runId), runId, ...(priority && { priority }) } as typeof base
    await own.ledger.write({ put: run })
    await waitForToken(own.world, run)
    own.clock.advance(1)
  }
  for (const _ of ids) await wakeFirst(own.world)
  expect(woken().map((runId) => ids[Number(runId.slice(1))])).toEqual(['high', 'first', 'second', 'low'])
})

test('a run that waits again keeps its place', async () => {
  const run = await runAt(own, { waitingSk: '2#2026-03-02T06:00:00.000Z#r' })
  await waitForToken(own.world, run)
  expect(own.ledger.all('WAITING#glue').map(({ SK }) => SK)).toEqual(['2#2026-03-02T06:00:00.000Z#r'])
})

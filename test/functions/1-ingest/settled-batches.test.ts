import { beforeEach, describe, expect, test } from 'vitest'
import { batchClosed, closeBatch } from '../../../functions/1-ingest/close-batch/close-batch.js'
import { recordLandings } from '../../../functions/1-ingest/record-landing/record-landing.js'
import { reconcile } from '../../../functions/operate/reconcile/reconcile.js'
import type { DeclaredSource } from '../../../shared/declared.js'
import { inputsOf } from '../../../shared/inputs.js'
import { CLOSE_SECONDS_MAX } from '../../../shared/waiting.js'
import { Chain } from '../../fakes/chain.js'
import { drop, testProject } from '../../fakes/project.js'
import { apiOn, ask } from '../5-serve/asking.js'

const SYNC = { source: 'prices', syncId: 'a'.repeat(32), correlationId: 'c' }
let chain: Chain
beforeEach(() => {
  chain = new Chain()
})

/** The source `prices` with settings of its own. */
function having(settings: Partial<DeclaredSource>) {
  const sources = { ...testProject.sources, prices: { ...drop('prices', 'market_data'), ...settings } }
  const project = { ...testProject, sources }
  chain.parts.landing.project = project
  chain.parts.reconcile.project = project
}
const land = (file: string, source = 'prices') =>
  recordLandings(chain.parts.landing, [chain.land(file, { source })])
const batches = async () => {
  const runs = chain.parts.bus.details('Batch Ready')
  const inputs = await Promise.all(runs.map(({ runId }) => inputsOf(chain.parts.ledger, runId)))
  return inputs.map((batch) => batch.map(({ input }) => String(input.key).split('/').at(-1)).sort())
}
const now = () => new Date(chain.parts.clock.now()).toISOString()
const why = async (subject: string) => {
  const { body } = await ask(apiOn(chain.parts), `/why?subject=${subject}`)
  return body.lines.map(({ what }: { what: string }) => what)
}
const close = (at = now()) => closeBatch(chain.parts.landing, { ...SYNC, at })

describe('a source with a settle time', () => {
  beforeEach(() => having({ settleSeconds: 60 }))

  test('lets its first file wait, and takes what came meanwhile along', async () => {
    await land('a.json')
    chain.parts.clock.advance(50)
    await land('b.json')
    await chain.drain()
    expect(await batches()).toEqual([])
    chain.parts.clock.advance(11)
    await chain.drain()
    expect(await batches()).toEqual([['a.json', 'b.json']])
  })

  test('has its lane claimed when the time has passed, a second later for clocks that differ', async () => {
    await land('a.json')
    const [put] = chain.parts.later.waiting
    expect(put?.event).toEqual({ name: 'Lane Settled', detail: { lane: 'cleanse:market_data' } })
    expect((put?.at ?? 0) - chain.parts.clock.now()).toBe(61_000)
  })

  test('says what the end of its wait takes, and that nothing is left', async () => {
    const lane = 'cleanse:market_data'
    const ended = { 'detail-type': 'Lane Settled', detail: { lane } } as const
    await land('a.json')
    chain.parts.clock.advance(61)
    const runId = 'r0000000000000000000000001'
    expect(await batchClosed(chain.parts.landing, ended)).toEqual({
      runId,
      did: `run ${runId} takes what waited in ${lane}`,
    })
    expect(await batchClosed(chain.parts.landing, ended)).toEqual({ did: `nothing to take in ${lane}` })
  })

  test('waits no longer than since the landing, however late its event came', async () => {
    const event = chain.land('a.json')
    chain.parts.clock.advance(3_600)
    await recordLandings(chain.parts.landing, [event])
    expect(await batches()).toEqual([['a.json']])
    expect(chain.parts.later.waiting).toEqual([])
  })

  test('goes along with a file that waits for nothing', async () => {
    await land('a.json')
    const sources = chain.parts.landing.project.sources
    sources.other = drop('other', 'market_data')
    await land('b.json', 'other')
    expect(await batches()).toEqual([['a.json', 'b.json']])
  })

  test('is found by the reconciler when the event that ends the wait is lost', async () => {
    await land('a.json')
    chain.parts.later.waiting.length = 0
    chain.parts.clock.advance(30)
    await reconcile(chain.parts.reconcile)
    expect(await batches()).toEqual([])
    chain.parts.clock.advance(31)
    await reconcile(chain.parts.reconcile)
    expect(await batches()).toEqual([['a.json']])
  })
})

test('a sync of a source whose batches nobody closes writes nothing', async () => {
  const written = chain.parts.ledger.all().length
  expect(await close()).toBe('closed cleanse:market_data')
  expect(chain.parts.ledger.all()).toHaveLength(written)
})

describe('a source whose sync closes the batch', () => {
  beforeEach(() => having({ closeOnSyncFinished: true }))

  test('waits for it, and takes nothing that landed after it', async () => {
    await land('a.json')
    await land('b.json')
    const finished = now()
    chain.parts.clock.advance(10)
    await land('next.json')
    expect(await batches()).toEqual([])
    expect(await close(finished)).toBe('closed cleanse:market_data: r0000000000000000000000001')
    expect(await batches()).toEqual([['a.json', 'b.json']])
  })

  test('takes a file at once whose event comes after the sync that brought it', async () => {
    const event = chain.land('a.json')
    await close()
    await recordLandings(chain.parts.landing, [event])
    expect(await batches()).toEqual([['a.json']])
  })

  test('waits on while another source’s file is taken', async () => {
    await land('a.json')
    chain.parts.landing.project.sources.other = drop('other', 'market_data')
    await land('b.json', 'other')
    expect(await batches()).toEqual([['b.json']])
  })

  test('goes without it after an hour', async () => {
    await land('a.json')
    chain.parts.clock.advance(CLOSE_SECONDS_MAX - 1)
    await reconcile(chain.parts.reconcile)
    expect(await batches()).toEqual([])
    chain.parts.clock.advance(1)
    await reconcile(chain.parts.reconcile)
    expect(await batches()).toEqual([['a.json']])
  })

  test('is closed once by any number of syncs, in any order', async () => {
    await land('a.json')
    const older = new Date(chain.parts.clock.now() - 60_000).toISOString()
    for (const at of [now(), now(), older]) await close(at)
    expect(await batches()).toEqual([['a.json']])
    // The older sync has not opened again what the newer one closed.
    await land('b.json')
    expect(await batches()).toHaveLength(1)
    expect(chain.parts.ledger.all('LANE#').find(({ SK }) => SK === 'CLOSE#prices')?.at).toBe(
      Date.parse(now()),
    )
  })
})

test('a sync of a source that feeds no file, or is not declared, closes nothing', async () => {
  having({ feeds: [] })
  expect(await close()).toBe('prices feeds no entity')
  const nobody = { ...SYNC, source: '__proto__', at: now() }
  expect(await closeBatch(chain.parts.landing, nobody)).toBe('no source "__proto__" is declared any more')
})

test('a run has the highest priority of what it took', async () => {
  having({ priority: 'low' })
  chain.parts.landing.project.sources.other = { ...drop('other', 'market_data'), priority: 'high' }
  await recordLandings(chain.parts.landing, [chain.land('a.json'), chain.land('b.json', { source: 'other' })])
  const [{ runId } = { runId: '' }] = chain.parts.bus.details('Batch Ready')
  expect(chain.parts.ledger.all(`RUN#${runId}`).find(({ SK }) => SK === 'META')?.priority).toBe('high')
})

test('why tells until when a file waits, and for what', async () => {
  having({ settleSeconds: 60 })
  await land('a.json')
  const lines = await why('a.json')
  expect(lines).toContain(
    'its source lets a batch settle: it is ready at 2026-03-02T07:01:00.000Z, or along with others',
  )
  having({ closeOnSyncFinished: true })
  await close('2026-03-02T06:00:00.000Z')
  await land('b.json')
  expect(await why('b.json')).toContain(
    'it waits until a sync of prices closes its batch, at most until 2026-03-02T08:00:00.000Z; ' +
      'the last one finished at 2026-03-02T06:00:00.000Z',
  )
})

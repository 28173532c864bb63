import { beforeEach, describe, expect, test } from 'vitest'
import { ExtractReady, ExtractRequested } from '../../../events/catalog.js'
import { extractAsked } from '../../../functions/1-ingest/start-extract/start-extract.js'
import { extractLane, extractState, requestExtract, requestKey } from '../../../shared/extract.js'
import { retry } from '../../../shared/put-back.js'
import type { Run } from '../../../shared/run.js'
import { type Behaviour, Chain } from '../../fakes/chain.js'
import { extractPlan, extractReportOf } from '../../fakes/work.js'

/** Extractions from the request to the moved cursor, on the fakes. */
let chain: Chain
beforeEach(() => {
  chain = new Chain()
})

const asked = (detail: Partial<Parameters<typeof requestExtract>[1]> = {}) => {
  const { starts, landing } = chain.parts
  const request = { source: 'quotes', requestId: 'r1', ...detail }
  return requestExtract({ ...starts.extract, project: landing.project }, request)
}
const window = (from: string, to: string, more = {}) =>
  asked({ requestId: `w ${from}`, window: { from, to }, ...more })
const runs = () =>
  (chain.parts.ledger.all('RUN#').filter(({ SK }) => SK === 'META') as Run[]).sort((a, b) =>
    a.runId < b.runId ? -1 : 1,
  )
const state = () => extractState(chain.parts.ledger, 'quotes')
const plan = (run: Run | undefined, attempt = 1) =>
  extractPlan(chain.parts.artifacts.objects.get(`runs/${run?.runId}/attempt=${attempt}/plan.json`))
const events = (name: string) => chain.parts.bus.seen.filter((event) => event.name === name)
const misbehave = (behaviour: Behaviour) => {
  chain = new Chain(behaviour)
}
const fails = (times: number, failureClass = 'crashed' as const) => {
  let left = times
  misbehave({ job: () => (left-- > 0 ? { ok: false, reason: 'killed', failureClass } : { ok: true }) })
}

describe('a request', () => {
  test('starts one task with the declared block, and no secret', async () => {
    expect(await asked({ correlationId: 'from-the-clock' })).toBe('waits in extract:quotes')
    await chain.rest()
    const [run] = runs()
    expect(run).toMatchObject({ kind: 'extract', subject: 'quotes', state: 'COMMITTED', engine: 'dlt' })
    expect(plan(run)).toMatchObject({
      version: 1,
      kind: 'extract',
      source: 'quotes',
      extract: chain.parts.landing.project.sources.quotes?.extract,
      state_uri: null,
      next_state_uri: `s3://artifacts/extract/quotes/${run?.runId}-1.json`,
      window: null,
      files_run_id: run?.runId,
      created_at: run?.createdAt,
      bronze_bucket: 'bronze',
      correlation_id: 'from-the-clock',
      report_uri: `s3://artifacts/runs/${run?.runId}/attempt=1/report.json`,
    })
    expect(chain.parts.tasks.requests[0]).toMatchObject({
      container: 'extract',
      taskDefinition: 'sluice-extract:1',
    })
  })

  test('that comes twice has one effect', async () => {
    await asked()
    expect(await asked()).toBe('requested before')
    await chain.rest()
    expect(await asked()).toBe('requested before')
    await chain.rest()
    expect(runs()).toHaveLength(1)
  })

  test.each([
    [{ source: 'nobody' }, 'refused: nothing is declared to be extracted from a source "nobody"'],
    [{ source: 'prices' }, 'refused: nothing is declared to be extracted from a source "prices"'],
    [{ source: 'constructor' }, 'refused: nothing is declared to be extracted from a source "constructor"'],
    [
      { window: { from: '2026-01-02', to: '2026-01-02' } },
      'refused: no day lies between 2026-01-02 and 2026-01-02',
    ],
    [
      { source: 'models', window: { from: '2026-01-01', to: '2026-01-02' } },
      'refused: a job of the dbt platform knows no window',
    ],
  ])('for %o is refused', async (detail, did) => {
    expect(await asked(detail)).toBe(did)
    expect(chain.parts.ledger.all('')).toEqual([])
  })

  test('is what the stage does with it, and a ready run is started by the same stage', async () => {
    const effects = { ...chain.parts.starts.extract, project: chain.parts.landing.project }
    const detail = { source: 'quotes', requestId: 'r1' }
    const did = await extractAsked(effects, { 'detail-type': ExtractRequested.name, detail })
    expect(did).toMatchObject({ did: 'waits in extract:quotes' })
    const runId = runs()[0]?.runId ?? ''
    const started = await extractAsked(effects, { 'detail-type': ExtractReady.name, detail: { runId } })
    expect(started).toEqual({ runId, did: 'started attempt 1 on dlt' })
  })
})

describe('what follows from a request', () => {
  test.each([
    [{ requestId: 'r1', correlationId: 'c1' }, 'c1'],
    [{ requestId: 'r1' }, 'r1'],
    [{ requestId: 'schedule:2026-03-02T07:00:00Z' }, undefined],
  ])('of %o carries its id, else its name, else the run’s', async (detail, id) => {
    await asked(detail)
    await chain.rest()
    const [run] = runs()
    const known = id ?? run?.runId
    expect((plan(run) as unknown as { correlation_id: string }).correlation_id).toBe(known)
    expect(events('Extract Finished')[0]?.detail).toMatchObject({ correlationId: known })
  })
})

describe('plain requests', () => {
  test('that wait together are one run, which names them all', async () => {
    await asked({ requestId: 'r1' })
    await asked({ requestId: 'r2' })
    await asked({ requestId: 'r3' })
    await chain.rest()
    expect(runs()).toHaveLength(2)
    expect(events('Extract Finished').map(({ detail }) => detail)).toMatchObject([
      { source: 'quotes', requestIds: ['r1'], backfillIds: [], files: 1, rows: 20 },
      { source: 'quotes', requestIds: ['r2', 'r3'], backfillIds: [], files: 1, rows: 20 },
    ])
  })

  test('move the cursor by one each, and the next one goes on from there', async () => {
    await asked({ requestId: 'r1' })
    await chain.rest()
    const [first] = runs()
    expect(await state()).toMatchObject({
      ordinal: 1,
      stateUri: plan(first).next_state_uri,
      cursors: { market_data: `after ${first?.runId}` },
    })
    await asked({ requestId: 'r2' })
    await chain.rest()
    expect(plan(runs()[1]).state_uri).toBe(plan(first).next_state_uri)
    expect(await state()).toMatchObject({ ordinal: 2, builtBy: runs()[1]?.runId })
  })

  test('leave the cursor where it is while none of them ended well', async () => {
    fails(2)
    await asked()
    await chain.rest()
    expect(runs()[0]).toMatchObject({ state: 'PARKED', failureClass: 'crashed' })
    expect(await state()).toBeUndefined()
    expect(chain.parts.told).toEqual(['[P2] extract of quotes: the job crashed'])
  })

  test('keep the state of before where the container kept none', async () => {
    let kept = true
    misbehave({
      report: (content) => ({
        ...extractReportOf(extractPlan(content)),
        ...(!kept && { state_uri: null }),
      }),
    })
    await asked({ requestId: 'r1' })
    await chain.rest()
    kept = false
    await asked({ requestId: 'r2' })
    await chain.rest()
    expect(await state()).toMatchObject({ ordinal: 2, stateUri: plan(runs()[0]).next_state_uri })
  })
})

describe('a failed extraction', () => {
  test('is tried again by its policy, behind the files that are there', async () => {
    fails(1)
    await asked()
    await chain.rest()
    const [run] = runs()
    expect(run).toMatchObject({ state: 'COMMITTED', attempt: 2, tries: 1 })
    const [first, second] = [plan(run, 1), plan(run, 2)]
    expect(second.files_run_id).toBe(first.files_run_id)
    expect(second.created_at).toBe(first.created_at)
    expect(second.next_state_uri).not.toBe(first.next_state_uri)
    expect((await state())?.ordinal).toBe(1)
  })

  test.each([
    [true, 'reported_transient', 2],
    [false, 'reported', 1],
  ])(
    'whose report says so (transient: %s) is parked as %s after %i attempts',
    async (transient, as, tries) => {
      const failure = { transient, message: 'the source says 402' }
      misbehave({
        report: (content) => ({ ...extractReportOf(extractPlan(content)), ok: false, failure }),
      })
      await asked()
      await chain.rest()
      expect(runs()[0]).toMatchObject({
        state: 'PARKED',
        reason: 'the source says 402',
        failureClass: as,
        tries,
      })
      expect(events('Stage Failed')[0]?.detail).toMatchObject({ kind: 'extract', lane: 'extract:quotes' })
      expect(await state()).toBeUndefined()
    },
  )

  test('that is put back goes on behind the same files, and its incident closes', async () => {
    fails(2)
    await asked()
    await chain.rest()
    const [parked] = runs() as [Run]
    expect(await retry(chain.parts.world, parked, { by: 'ann' })).toBe(true)
    await chain.rest()
    const again = runs()[1]
    expect(again).toMatchObject({ state: 'COMMITTED', requestIds: ['r1'] })
    expect(plan(again)).toMatchObject({ files_run_id: parked.runId, created_at: parked.createdAt })
    expect(chain.parts.told.at(-1)).toMatch(/quotes/)
    expect(chain.parts.ledger.all('INCIDENT#').find(({ SK }) => SK === 'META')?.state).toBe('closed')
  })

  test('that is put back after the cursor has moved begins anew: its old files are behind the cursor', async () => {
    fails(2)
    await asked({ requestId: 'r1' })
    await chain.rest()
    const [parked] = runs() as [Run]
    await asked({ requestId: 'r2' })
    await chain.rest()
    expect(chain.parts.ledger.all('INCIDENT#').find(({ SK }) => SK === 'META')?.state).toBe('closed')
    await retry(chain.parts.world, parked, { by: 'ann' })
    await chain.rest()
    const again = runs()[2]
    expect(plan(again).files_run_id).toBe(again?.runId)
    expect(plan(again).state_uri).toBe(plan(runs()[1]).next_state_uri)
  })
})

describe('a window', () => {
  test('neither reads nor moves the cursor', async () => {
    await asked()
    await chain.rest()
    const before = await state()
    await window('2026-01-01', '2026-01-31')
    await chain.rest()
    expect(plan(runs()[1])).toMatchObject({
      window: { from: '2026-01-01', to: '2026-01-31' },
      state_uri: null,
      next_state_uri: null,
    })
    expect(runs()[1]?.state).toBe('COMMITTED')
    expect(await state()).toEqual(before)
  })

  test('is a run of its own, and waits for no plain extraction', async () => {
    await asked()
    expect(await window('2026-01-01', '2026-01-31')).toBe('waits in extract:quotes:0')
    await window('2026-02-01', '2026-02-28')
    await window('2026-03-01', '2026-03-31', { slot: 7 })
    expect(runs().map(({ lane }) => lane)).toEqual(['extract:quotes', 'extract:quotes:0', 'extract:quotes:7'])
    await chain.rest()
    const windows = runs().map((run) => plan(run).window?.from)
    expect(windows.sort()).toEqual(['2026-01-01', '2026-02-01', '2026-03-01', undefined])
    expect(runs().every(({ subject }) => subject === 'quotes')).toBe(true)
  })

  test('of a backfill names it, and is not begun once that is cancelled', async () => {
    await window('2026-01-01', '2026-01-31', { backfillId: 'b1' })
    await chain.rest()
    expect(events('Extract Finished')[0]?.detail).toMatchObject({ backfillIds: ['b1'] })
    chain.parts.cancelled.add('b1')
    await window('2026-02-01', '2026-02-28', { backfillId: 'b1' })
    await chain.rest()
    expect(runs()[1]).toMatchObject({ state: 'COMMITTED', unchanged: 'its backfill b1 was cancelled' })
    expect(chain.parts.tasks.requests).toHaveLength(1)
    expect(events('Extract Finished')).toHaveLength(1)
  })

  test('that failed goes alone and on behind its files when it is put back', async () => {
    fails(2)
    await window('2026-01-01', '2026-01-31')
    await chain.rest()
    const [parked] = runs() as [Run]
    await window('2026-02-01', '2026-02-28')
    await retry(chain.parts.world, parked, { by: 'ann' })
    await window('2026-03-01', '2026-03-31')
    await chain.rest()
    const again = runs().find((run) => plan(run).files_run_id === parked.runId && run !== parked)
    expect(again?.runId).not.toBe(undefined)
    expect(runs().filter(({ state: now }) => now === 'COMMITTED')).toHaveLength(3)
    expect(chain.parts.ledger.all('INCIDENT#').find(({ SK }) => SK === 'META')?.state).toBe('closed')
    const owner = requestKey(extractLane('quotes', 0), 'w 2026-01-01')
    expect((await chain.parts.ledger.get(owner))?.run).toBe(parked.runId)
  })
})

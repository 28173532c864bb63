import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import {
  envelope,
  type Outgoing,
  ReplayRequested,
  RetryRequested,
  RunApproved,
  SOURCE,
} from '../../../events/catalog.js'
import { putBack } from '../../../functions/operate/put-back/put-back.js'
import type { Declared } from '../../../shared/declared.js'
import { stage } from '../../../shared/stage.js'
import { type Behaviour, Chain } from '../../fakes/chain.js'
import { drop, testProject } from '../../fakes/project.js'
import { buildPlan, buildReportOf, cleansePlan, cleanseReportOf } from '../../fakes/work.js'
import { apiOn, ask } from './asking.js'

/** A person's requests from the API to their end: the put-back stage takes them, the chain does the work. */
function workflow(behaviour: Behaviour, project: Declared = testProject) {
  const chain = new Chain(behaviour)
  const { ledger, clock, world } = chain.parts
  const requests = z.union([envelope(RetryRequested), envelope(RunApproved), envelope(ReplayRequested)])
  const handler = stage('put-back', requests, ledger, (event) => putBack({ ...world, project }, event))
  let puts = 0
  const request = async ({ name, detail }: Outgoing) => {
    puts += 1
    const time = new Date(clock.now()).toISOString()
    await handler({ id: `e-${puts}`, time, source: SOURCE, 'detail-type': name, detail })
    return `e-${puts}`
  }
  const effects = { ...apiOn(chain.parts), project, request }
  return {
    chain,
    get: async (path: string) => (await ask(effects, path)).body,
    post: (path: string, body: object) =>
      ask(effects, path, { method: 'POST', body: { by: 'ada', ...body } }),
    why: async (subject: string): Promise<string> => {
      const { body } = await ask(effects, `/why?subject=${encodeURIComponent(subject)}`)
      return body.lines.map(({ what }: { what: string }) => what).join('\n')
    },
  }
}

describe('a request', () => {
  test('to let a gated run through publishes its rows, and says who and why wherever it is asked', async () => {
    const { chain, get, post, why } = workflow({ rejected: () => 9 })
    await chain.record(chain.land('a.json'))
    await chain.rest()
    const [parked] = (await get('/runs?state=PARKED')).runs
    const { status, body } = await post(`/runs/${parked.runId}/approve`, { why: 'a holiday' })
    expect(status).toBe(202)
    await chain.rest()
    const [committed] = (await get('/runs?kind=cleanse&state=COMMITTED')).runs
    expect(committed).toMatchObject({ rows: { in: 10, out: 1, rejected: 9 } })
    expect(await why(body.eventId)).toContain('put-back took it: approved by ada: a holiday')
    expect(await why(parked.runId)).toContain(
      `it was put back into its lane (approve, asked by ada: a holiday)\nrun ${committed.runId} took it; it is COMMITTED`,
    )
    expect(await why(committed.runId)).toContain('its report passed the gate, let through by ada: a holiday')
    const file = await why('a.json')
    expect(file).toContain(`it was merged into run ${parked.runId} alone`)
    expect(file).toContain(`it was put back, and went into run ${committed.runId} alone`)
    expect(file).toContain('was published and is the current one')
    expect((await post(`/runs/${parked.runId}/approve`, { why: 'again' })).status).toBe(409)
  })

  test('to retry a failed run is done once, and its files are where they went', async () => {
    let fails = true
    const { chain, get, post, why } = workflow({
      job: () => (fails ? { ok: false, reason: 'exit code 1', failureClass: 'reported' } : { ok: true }),
    })
    await chain.record(chain.land('a.json'))
    await chain.rest()
    const [parked] = (await get('/runs?state=PARKED')).runs
    fails = false
    expect((await post(`/runs/${parked.runId}/retry`, { why: 'fixed' })).status).toBe(202)
    await chain.rest()
    expect((await get('/runs?state=COMMITTED&kind=cleanse')).runs).toHaveLength(1)
    const again = await post(`/runs/${parked.runId}/retry`, {})
    expect([again.status, again.body.message]).toEqual([
      409,
      expect.stringContaining('it is REPLAYED, put back into run'),
    ])
    expect(await why('a.json')).toContain('10 went to silver')
  })

  test('to put rejected rows back gives them to a run of their own, once', async () => {
    let rejected = 1
    const key = 'entity=market_data/reason=close_missing/run=x/attempt=1/rejected.ndjson'
    const report = (plan: unknown) => {
      if ((plan as { kind: string }).kind === 'build') return buildReportOf(buildPlan(plan))
      const quarantine = rejected > 0 ? [{ reason: 'close_missing', key, rows: 1, bytes: 80 }] : []
      return { ...cleanseReportOf(cleansePlan(plan), { rejected }), quarantine }
    }
    const { chain, get, post, why } = workflow({ report })
    await chain.record(...['a.json', 'b.json', 'c.json'].map((name) => chain.land(name)))
    await chain.rest()
    const [{ runId, reasons }] = (await get('/quarantine?entity=market_data')).runs
    expect(reasons).toEqual({ close_missing: 1 })
    expect(await why(runId)).toContain('1 rejected row of it rests in quarantine')
    rejected = 0
    const { status, body } = await post('/quarantine/replay', { runId })
    expect(status).toBe(202)
    await chain.rest()
    const [again] = (await get('/runs?kind=cleanse')).runs
    expect(await why(body.eventId)).toContain('put-back took it: rejected rows put back by ada')
    expect(await why(runId)).toContain(
      `its rejected rows were put back into its lane (replay, asked by ada)\nrun ${again.runId} took them; it is COMMITTED`,
    )
    expect(await why(again.runId)).toContain(`it took the rejected rows of run ${runId}`)
    expect((await get('/quarantine')).runs).toEqual([])
    const refused = await post('/quarantine/replay', { runId })
    expect([refused.status, refused.body.message]).toEqual([
      409,
      expect.stringContaining('were put back already'),
    ])
  })

  test('to put a file back works once its source is declared', async () => {
    const sources = { ...testProject.sources, fmp: drop('fmp', 'market_data') }
    const { chain, get, post, why } = workflow({}, { ...testProject, sources })
    await chain.record(chain.land('a.json', { source: 'fmp' }))
    const [{ fileId }] = (await get('/quarantine')).files
    const { status, body } = await post('/quarantine/replay', { fileId })
    expect(status).toBe(202)
    await chain.rest()
    expect(await why(body.eventId)).toContain('put-back took it: put into cleanse:market_data by ada')
    expect(await why(fileId)).toContain('it joined lane cleanse:market_data (replay, asked by ada)')
    expect((await get('/quarantine')).files).toEqual([])
    const again = await post('/quarantine/replay', { fileId })
    expect([again.status, again.body.message]).toEqual([
      409,
      expect.stringContaining('joined cleanse:market_data'),
    ])
  })
})

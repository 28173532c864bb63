import { describe, expect, test } from 'vitest'
import { why } from '../../functions/5-serve/api/why/why.js'
import { carried, correlated, correlationOfLanding } from '../../shared/correlation.js'
import { retry } from '../../shared/put-back.js'
import type { Run } from '../../shared/run.js'
import { Chain } from '../fakes/chain.js'
import { testProject } from '../fakes/project.js'

const runs = (chain: Chain) => chain.parts.ledger.all('RUN#').filter(({ SK }) => SK === 'META') as Run[]
const runOf = (chain: Chain, kind: string) => runs(chain).find((run) => run.kind === kind) as Run
/** Lands files whose events have these ids. */
const land = (chain: Chain, ...ids: string[]) =>
  chain.record(...ids.map((id) => ({ ...chain.land(`${id}.json`), id })))
const whyOf = (chain: Chain, subject: string) => {
  const { ledger, clock } = chain.parts
  const listVersions = async () => ({ versions: [] })
  return why({ project: testProject, ledger, clock, bronzeBucket: 'bronze', listVersions }, subject)
}

describe('the id of a run', () => {
  test('is that of its inputs where they share one', () => {
    expect(correlated('r', [{ correlationId: 'a' }, { correlationId: 'a' }])).toEqual({ correlationId: 'a' })
  })

  test('is its own where it merges several, of which it names twenty and counts all', () => {
    const inputs = Array.from({ length: 25 }, (_, n) => ({ correlationId: `c${n}` }))
    const { correlationId, correlationIds, correlationCount } = correlated('r', [
      ...inputs,
      { correlationId: 'c0' },
    ])
    expect([correlationId, correlationIds?.length, correlationCount]).toEqual(['r', 20, 25])
  })

  test('is its own where some input has none', () => {
    expect(correlated('r', [{ correlationId: 'a' }, {}])).toMatchObject({ correlationIds: ['a'] })
    expect(correlated('r', [{}, null])).toEqual({ correlationId: 'r' })
  })

  test.each(['', 'a b', 'x'.repeat(65), 7, null, undefined])(
    '%j is none, and goes no further',
    (correlationId) => {
      expect(carried({ correlationId })).toEqual({})
    },
  )

  test('of a file that no event brought is made of the file', () => {
    expect(correlationOfLanding('listing:v1', 'f'.repeat(64))).toBe('f'.repeat(32))
    expect(correlationOfLanding('8f0c-1', 'f'.repeat(64))).toBe('8f0c-1')
  })
})

describe('one id, from a landed file to gold', () => {
  test('is in the ledger, in every event, in what the jobs are told', async () => {
    const chain = new Chain()
    await land(chain, 'door-1')
    await chain.rest()
    expect(runs(chain).map(({ correlationId }) => correlationId)).toEqual(['door-1', 'door-1'])
    const own = chain.parts.bus.seen.map(({ detail }) => (detail as { correlationId?: string }).correlationId)
    expect(own).toEqual(own.map(() => 'door-1'))
    expect(chain.parts.bus.seen.map(({ name }) => name)).toContain('Gold Published')
    const told = runs(chain).map(
      ({ request }) => (request as { environment: { CORRELATION_ID: string } }).environment.CORRELATION_ID,
    )
    expect(told).toEqual(['door-1', 'door-1'])
    const plans = [...chain.parts.artifacts.objects].filter(([key]) => key.endsWith('plan.json'))
    expect(plans.map(([, plan]) => (plan as { correlation_id: string }).correlation_id)).toEqual([
      'door-1',
      'door-1',
    ])
  })

  test('is told a Glue job as an argument', async () => {
    const chain = new Chain()
    await chain.record({ ...chain.land('n.json', { source: 'notes' }), id: 'door-1' })
    await chain.deliverNext()
    expect(chain.parts.jobs.running()[0]?.request).toMatchObject({ correlationId: 'door-1' })
  })

  test('of several that are merged leads to the run that took them, and to gold', async () => {
    const chain = new Chain()
    await land(chain, 'door-1', 'door-2')
    await chain.rest()
    const cleanse = runOf(chain, 'cleanse')
    const build = runOf(chain, 'build')
    expect(cleanse).toMatchObject({ correlationId: cleanse.runId, correlationIds: ['door-1', 'door-2'] })
    expect(build.correlationId).toBe(cleanse.runId)
    const answer = (await whyOf(chain, 'door-2')) as { kind: string; lines: { what: string }[] }
    const said = answer.lines.map(({ what }) => what).join('\n')
    expect(answer.kind).toBe('delivery')
    expect(said).toContain('door-2.json landed')
    expect(said).toContain('cleanse of market_data, with 1 other delivery')
    expect(said).toContain(`build ${build.runId} took its silver`)
    expect(said).toContain('of finance was published and is the current one')
  })

  test('stays with inputs that are put back', async () => {
    let isBad = true
    const job = () =>
      isBad ? { ok: false as const, reason: 'no', failureClass: 'reported' as const } : { ok: true as const }
    const chain = new Chain({ job })
    await land(chain, 'door-1')
    await chain.rest()
    isBad = false
    await retry(chain.parts.landing, runOf(chain, 'cleanse'), { by: 'jo' })
    await chain.rest()
    expect(runs(chain).map(({ correlationId }) => correlationId)).toEqual(['door-1', 'door-1', 'door-1'])
  })

  test('of an extraction is that of the files that it wrote', async () => {
    const chain = new Chain()
    const runId = 'e'.repeat(26)
    await chain.parts.ledger.write({
      put: { PK: `RUN#${runId}`, SK: 'META', runId, kind: 'extract', correlationId: 'request-9' },
    })
    const event = chain.land('x.json', { source: 'quotes' })
    const key = `source=quotes/entity=market_data/year=2026/month=03/day=02/hour=07/run_id=${runId}/x.json`
    await chain.record({ ...event, detail: { ...event.detail, object: { ...event.detail.object, key } } })
    expect(runOf(chain, 'cleanse')).toMatchObject({ correlationId: 'request-9' })
  })
})

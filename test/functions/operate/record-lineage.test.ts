import { describe, expect, test } from 'vitest'
import { recordLineage } from '../../../functions/operate/record-lineage/record-lineage.js'
import { POST_LIMITS } from '../../../shared/alerts/post.js'
import { requestExtract } from '../../../shared/extract.js'
import { parseEndpoint, poster } from '../../../shared/lineage/endpoint.js'
import type { RunEvent } from '../../../shared/lineage/facets.js'
import { Chain } from '../../fakes/chain.js'
import { lineageEffects, lineageOf } from '../../fakes/lineage.js'
import { WebhookServer } from '../../fakes/webhook-server.js'

async function rested(): Promise<Chain> {
  const chain = new Chain()
  await chain.record(chain.land('a.json'))
  await chain.rest()
  return chain
}
const told = (chain: Chain, name: 'Run Started' | 'Silver Updated') => {
  const [detail] = chain.parts.bus.details(name)
  return { 'detail-type': name, time: '2026-03-02T07:30:00.000Z', detail: detail ?? { runId: '' } }
}

describe('the lineage of a run', () => {
  test('lies under its day, once, however often its events come', async () => {
    const chain = await rested()
    const first = await lineageOf(chain)
    const again = await lineageOf(chain)
    expect([...again]).toEqual([...first])
    expect([...first.keys()][0]).toMatch(/^lineage\/date=2026-03-02\/run=[0-9a-z]{26}\/start\.json$/)
  })

  test('has its start also when the event of that got lost', async () => {
    const chain = await rested()
    const { did } = await recordLineage(lineageEffects(chain), told(chain, 'Silver Updated'))
    expect(did).toBe('wrote START; wrote COMPLETE')
  })

  test('of a run that nobody knows is nothing', async () => {
    const unknown = { 'detail-type': 'Run Started', time: 'x', detail: { runId: 'r' } }
    expect((await recordLineage(lineageEffects(new Chain()), unknown)).did).toBe('no such run')
  })

  test('of an extraction names its source and the folders that it filled', async () => {
    const chain = new Chain()
    const request = { source: 'quotes', requestId: 'q1', correlationId: 'door-1' }
    const { starts, landing } = chain.parts
    await requestExtract({ ...starts.extract, project: landing.project }, request)
    await chain.rest()
    const events = [...(await lineageOf(chain)).values()]
    const ended = events.find(
      ({ job, eventType }) => job.name === 'extract.quotes' && eventType === 'COMPLETE',
    )
    expect(ended).toMatchObject({
      inputs: [{ namespace: 'sluice-test', name: 'source.quotes' }],
      outputs: [
        {
          namespace: 's3://bronze',
          name: 'source=quotes/entity=market_data',
          outputFacets: { outputStatistics: { rowCount: 20, size: 200, fileCount: 1 } },
        },
      ],
    })
    expect(ended?.run.facets.sluice_correlation).toMatchObject({ correlationId: 'door-1' })
    await expect(`${JSON.stringify(ended, null, 2)}\n`).toMatchFileSnapshot(
      '../../payloads/lineage/extract-complete.json',
    )
  })
})

describe('the endpoint of a stage', () => {
  const how = {
    limits: { ...POST_LIMITS, timeoutMilliseconds: 300 },
    wait: async () => undefined,
    now: () => 0,
  }
  const event = { eventType: 'START' } as RunEvent

  test('is posted the event, with the key that it asks for', async () => {
    const server = new WebhookServer({ status: 201 })
    const url = `${await server.start()}/api/v1/lineage`
    const post = poster(async () => ({ url, apiKey: 'k3y-k3y-k3y' }), how)
    expect(await post(event)).toBe('posted it')
    expect(server.received).toMatchObject([
      { path: '/api/v1/lineage', body: { eventType: 'START' }, authorization: 'Bearer k3y-k3y-k3y' },
    ])
    await server.stop()
  })

  test('that is dead stops nothing: what came of it is said without address and key', async () => {
    const post = poster(async () => ({ url: 'http://127.0.0.1:9/secret-part', apiKey: 'k3y-k3y-k3y' }), how)
    const said = await post(event)
    expect(said).toMatch(/^could not post it: lineage gave no answer/)
    expect(said).not.toMatch(/k3y|secret-part/)
    const chain = await rested()
    const { did } = await recordLineage(lineageEffects(chain, post), told(chain, 'Run Started'))
    expect(did).toMatch(/^wrote START, could not post it/)
  })

  test('may be named by nobody', async () => {
    expect(await poster(undefined, how)(event)).toBeUndefined()
  })

  test('whose secret is wrong is refused without quoting it', () => {
    expect(parseEndpoint('{"url":"https://marquez.example.com/api/v1/lineage"}').url).toContain('marquez')
    for (const text of [
      '',
      '{}',
      '{"url":"http://elsewhere.example.com"}',
      '{"url":"https://a.example.com","x":1}',
    ])
      expect(() => parseEndpoint(text)).toThrow(/^the secret of the lineage is not right: it is/)
  })
})

import type { SQSEvent } from 'aws-lambda'
import { beforeEach, describe, expect, test } from 'vitest'
import { objectCreated } from '../../../events/aws.js'
import { BatchReady, envelope } from '../../../events/catalog.js'
import { recordLandings } from '../../../functions/1-ingest/record-landing/record-landing.js'
import type { Said } from '../../../functions/5-serve/api/why/said.js'
import type { Item } from '../../../shared/ledger.js'
import { queueStage, stage } from '../../../shared/stage.js'
import { Chain } from '../../fakes/chain.js'
import { apiOn, ask } from './asking.js'

let chain: Chain
beforeEach(() => {
  chain = new Chain()
})

async function why(subject: string): Promise<string[]> {
  const { status, body } = await ask(apiOn(chain.parts), `/why?subject=${encodeURIComponent(subject)}`)
  expect([status, body.message]).toEqual([200, undefined])
  return body.lines.map(({ what }: Said) => what)
}

describe('why a file whose event a stage failed on', () => {
  const message = (event: object, messageId: string) => ({ messageId, body: JSON.stringify(event) })
  const queued = (events: object[]) =>
    ({ Records: events.map((event, place) => message(event, `m${place}`)) }) as unknown as SQSEvent

  /** record-landing as its handler makes it, with some of its effects in the place of the chain's own. */
  function landingStage(broken: object = {}) {
    const { landing, ledger } = chain.parts
    const putAll = async (items: Item[]) => {
      for (const put of items) await ledger.write({ put })
    }
    const effects = { ...landing, ...broken }
    return queueStage('record-landing', objectCreated, { ledger, putAll }, async (events) => ({
      ...(await recordLandings(effects, events)),
      outcome: { did: 'recorded' },
    }))
  }

  test('says so, and not that its event has not come', async () => {
    const events = [chain.land('a.json'), chain.land('b.json')]
    const write = { value: () => Promise.reject(new Error('the ledger is away')) }
    const ledger = Object.create(chain.parts.landing.ledger, { write })
    const { batchItemFailures } = await landingStage({ ledger })(queued(events))
    expect(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier).sort()).toEqual(['m0', 'm1'])
    for (const file of ['a.json', 'b.json']) {
      const said = await why(file)
      expect(said).toContain('record-landing failed on event "Object Created": the ledger is away')
      expect(said.at(-1)).toContain('its event came, and is brought again')
    }
    await landingStage()(queued(events))
    const said = (await why('a.json')).join('\n')
    expect(said).toContain('record-landing took event "Object Created": joined cleanse:market_data')
    expect(said).not.toContain('failed')
  })

  test('also when it joined its lane, and only the claim failed', async () => {
    const announceReady = () => Promise.reject(new Error('the bus is away'))
    await landingStage({ announceReady })(queued([chain.land('a.json')]))
    expect(await why('a.json')).toContain('record-landing failed on event "Object Created": the bus is away')
  })
})

describe('why a run whose event a stage failed on', () => {
  const failing = <E extends object>(event: E) =>
    stage('start-cleanse', envelope(BatchReady), chain.parts.ledger, () =>
      Promise.reject(new Error('Glue is away')),
    )(event)
  const header = { id: 'e-1', time: '2026-03-02T07:00:00Z', source: 'sluice' }

  test.each([
    ['that names it', 'Batch Ready', (runId: string) => ({ runId }), 'Glue is away'],
    [
      'of a task that it started',
      'ECS Task State Change',
      (runId: string) => ({ startedBy: `${runId}/1` }),
      'start-cleanse cannot read this event',
    ],
  ])('%s says so', async (_, name, detail, did) => {
    await chain.record(chain.land('a.json'))
    const runId = String(chain.parts.ledger.all('RUN#').find(({ SK }) => SK === 'META')?.runId)
    await expect(failing({ ...header, 'detail-type': name, detail: detail(runId) })).rejects.toThrow(did)
    expect((await why(runId)).join('\n')).toContain(`start-cleanse failed on event "${name}": ${did}`)
  })

  test('and one about nothing that has a name is found by its own id only', async () => {
    const detail = { runId: 'x'.repeat(300) }
    await expect(failing({ ...header, 'detail-type': 'Batch Ready', detail })).rejects.toThrow()
    await expect(failing({ ...header, id: 'e-2', 'detail-type': 'Batch Ready' })).rejects.toThrow()
    for (const fate of chain.parts.ledger.all('EVENT#')) expect(fate).not.toHaveProperty('eventPk')
    expect((await why('e-2')).join('\n')).toContain('start-cleanse failed on it')
  })
})

import { beforeEach, describe, expect, test } from 'vitest'
import { requestExtract } from '../../../shared/extract.js'
import { retry } from '../../../shared/put-back.js'
import type { Run } from '../../../shared/run.js'
import { Chain } from '../../fakes/chain.js'

/** What a backfill brings, beside what lands meanwhile: the cleanse that takes only the former lets others go first. */
let chain: Chain
beforeEach(() => {
  chain = new Chain()
})

/** An extraction from its request to its end; gives its run. */
async function extracted(asked: { backfillId?: string; window?: { from: string; to: string } }) {
  const { starts, landing } = chain.parts
  const request = { source: 'quotes', requestId: `r ${JSON.stringify(asked)}`, ...asked }
  await requestExtract({ ...starts.extract, project: landing.project }, request)
  await chain.rest()
  return runs('extract').at(-1) as Run
}

const runs = (kind: string) => {
  const items = chain.parts.ledger.all('RUN#') as Run[]
  const own = items.filter((run) => run.SK === 'META' && run.kind === kind)
  return own.sort((one, other) => (one.runId < other.runId ? -1 : 1))
}

/** The event of a file that an extraction wrote. */
function written({ runId }: Run, name = 'x.json') {
  const event = chain.land(name, { source: 'quotes' })
  const key = `source=quotes/entity=market_data/year=2026/month=03/day=02/hour=07/run_id=${runId}/${name}`
  return { ...event, detail: { ...event.detail, object: { ...event.detail.object, key } } }
}

describe('the files of a backfill', () => {
  const chunk = { backfillId: 'b1', window: { from: '2020-01-01', to: '2020-01-31' } }

  test('have low priority', async () => {
    await chain.record(written(await extracted(chunk)))
    expect(runs('cleanse').map(({ priority }) => priority)).toEqual(['low'])
  })

  test('go with the priority of a live file that is taken along with them', async () => {
    const run = await extracted(chunk)
    await chain.record(written(run), chain.land('live.json'))
    expect(runs('cleanse').map(({ priority }) => priority)).toEqual(['normal'])
  })

  test('keep it when their cleanse is put back', async () => {
    let isBad = false
    const stopped = { ok: false, reason: 'somebody stopped it', failureClass: 'stopped' } as const
    chain = new Chain({ job: () => (isBad ? stopped : { ok: true }) })
    const run = await extracted(chunk)
    isBad = true
    await chain.record(written(run))
    await chain.rest()
    await retry(chain.parts.landing, runs('cleanse')[0] as Run, { by: 'jo' })
    expect(runs('cleanse').map(({ priority }) => priority)).toEqual(['low', 'low'])
  })

  test('are not those of a window that a person asked for, nor of a plain extraction', async () => {
    await chain.record(written(await extracted({ window: chunk.window })))
    await chain.rest()
    await chain.record(written(await extracted({}), 'y.json'))
    expect(runs('cleanse').map(({ priority }) => priority)).toEqual([undefined, undefined])
  })
})

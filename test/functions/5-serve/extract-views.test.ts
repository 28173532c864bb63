import { expect, test } from 'vitest'
import { runsQuery } from '../../../functions/5-serve/api/queries.js'
import { runsView, runView } from '../../../functions/5-serve/api/runs.js'
import { runSaid } from '../../../functions/5-serve/api/why/run.js'
import { askedPk, requestExtract } from '../../../shared/extract.js'
import type { Run } from '../../../shared/run.js'
import { Chain } from '../../fakes/chain.js'
import { testProject as project } from '../../fakes/project.js'

/** What a person sees of an extraction: its run, its files, and in plain words why it is where it is. */
async function extracted(detail: Partial<Parameters<typeof requestExtract>[1]>): Promise<Chain> {
  const chain = new Chain()
  const world = { ...chain.parts.starts.extract, project }
  await requestExtract(world, { source: 'quotes', requestId: 'r1', ...detail })
  await chain.drain()
  if (detail.source === 'models') {
    const platformRunId = chain.parts.platform.runs[0]?.id ?? ''
    const ended = { source: 'models', platformRunId, ok: true, reason: '' }
    await chain.deliver({ name: 'Platform Job Ended', detail: ended })
  }
  return chain
}
const runOf = ({ parts }: Chain) => parts.ledger.all('RUN#').find(({ SK }) => SK === 'META') as Run
const view = (chain: Chain) =>
  runView({ ledger: chain.parts.ledger, reports: chain.parts.artifacts }, runOf(chain).runId)
const said = async (chain: Chain) => {
  const { ledger, clock } = chain.parts
  const lines = await runSaid({ ledger, clock, project } as never, runOf(chain))
  return lines.map(({ what }) => what).join('\n')
}

test('an extraction is listed, with its requests and the files that it landed', async () => {
  const chain = await extracted({})
  const query = runsQuery.parse({ kind: 'extract' })
  expect((await runsView(chain.parts, query)).runs).toMatchObject([
    { kind: 'extract', subject: 'quotes', state: 'COMMITTED', engine: 'dlt', files: 1, requestIds: ['r1'] },
  ])
  const { runId } = runOf(chain)
  const key = `source=quotes/entity=market_data/run_id=${runId}/20260302T070000Z_000000.json`
  expect(await view(chain)).toMatchObject({ outputs: [{ key, rows: 20 }], outputsCount: 1 })
})

test('why tells what it brought, and what became of the cursor', async () => {
  expect(await said(await extracted({}))).toMatch(
    /an extraction of quotes.*it took the request r1$.*20 rows landed in 1 file, and the cursor moved/ms,
  )
  const window = { from: '2026-01-01', to: '2026-01-31' }
  expect(await said(await extracted({ window }))).toMatch(
    /r1 for the days from 2026-01-01 until before 2026-01-31$.*the cursor stays where it was/ms,
  )
})

test('a job of the dbt platform shows its id, and no files', async () => {
  const chain = await extracted({ source: 'models' })
  expect(await view(chain)).toMatchObject({ engine: 'dbt-platform', state: 'COMMITTED', outputs: [] })
  expect(await said(chain)).toContain('run 7000 of the dbt platform ended well')
})

test('what remembers a request is known from the request, also of a window of days', async () => {
  const window = { from: '2026-01-01', to: '2026-01-03' }
  for (const detail of [{}, { window }, { window, slot: 2 }]) {
    const chain = await extracted(detail)
    const pk = askedPk({ source: 'quotes', requestId: 'r1', ...detail })
    expect(await chain.parts.ledger.get({ PK: pk, SK: 'META' })).toMatchObject({ run: runOf(chain).runId })
  }
})

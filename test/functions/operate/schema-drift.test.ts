import { describe, expect, test } from 'vitest'
import { why } from '../../../functions/5-serve/api/why/why.js'
import { alerted } from '../../../functions/operate/raise-alert/raise-alert.js'
import type { CleanseReport } from '../../../shared/cleanse-gate.js'
import type { Run } from '../../../shared/run.js'
import { COLUMNS_MAX } from '../../../shared/schema/columns.js'
import { Chain } from '../../fakes/chain.js'
import { incidents, openCauses } from '../../fakes/failed-runs.js'
import { testProject } from '../../fakes/project.js'
import { cleanseReportOf } from '../../fakes/work.js'

type Plan = Parameters<typeof cleanseReportOf>[0] & { kind: string }
/** A chain whose cleanse of market data reports these things too. */
const chainOf = (more: (plan: Plan) => Partial<CleanseReport>) =>
  new Chain({
    report: (plan) => {
      const { kind, entity } = plan as Plan
      if (kind !== 'cleanse' || entity !== 'market_data') return undefined
      return { ...cleanseReportOf(plan as Plan), ...more(plan as Plan) }
    },
  })
const runs = (chain: Chain) => chain.parts.ledger.all('RUN#').filter(({ SK }) => SK === 'META') as Run[]
const land = async (chain: Chain, file: string, source = 'prices') => {
  await chain.record(chain.land(file, { source }))
  await chain.rest()
}
const columns = (...names: string[]) => names.map((column) => ({ column, rows: 2, first_file: 'a' }))

describe('a new column', () => {
  test('passes, is recorded with the run that saw it first, and is told of once', async () => {
    const chain = chainOf(() => ({ drift: columns('venue', 'note') }))
    await land(chain, 'a.json')
    await land(chain, 'b.json')
    const [first, second] = runs(chain).filter(({ kind }) => kind === 'cleanse')
    expect([first?.state, second?.state]).toEqual(['COMMITTED', 'COMMITTED'])
    expect([first?.schemaAdded, second?.schemaAdded]).toEqual([['venue', 'note'], undefined])
    const known = chain.parts.ledger.all('SCHEMA#market_data').filter(({ SK }) => SK.startsWith('COLUMN#'))
    expect(known.map(({ SK, runId }) => [SK, runId])).toEqual([
      ['COLUMN#note', first?.runId],
      ['COLUMN#venue', first?.runId],
    ])
    expect(incidents(chain.parts)).toMatchObject([{ priority: 'P4', state: 'open', runs: [first?.runId] }])
    expect(chain.parts.told).toEqual([
      '[P4] cleanse of market_data: a column that its contract does not declare',
    ])
  })

  test('that comes later is told of by its own name', async () => {
    let names = ['venue']
    const chain = chainOf(() => ({ drift: columns(...names) }))
    await land(chain, 'a.json')
    names = ['venue', 'note']
    await land(chain, 'b.json')
    expect(incidents(chain.parts).map(({ reason }) => reason.split(':')[0])).toEqual(['venue', 'note'])
  })

  test('silences no failure of what is built from it, and its note closes after a week', async () => {
    const chain = new Chain({
      job: (_, __, kind) =>
        kind === 'build' ? { ok: false, reason: 'dbt left', failureClass: 'reported' } : { ok: true },
      report: (plan) =>
        (plan as Plan).kind === 'cleanse'
          ? { ...cleanseReportOf(plan as Plan), drift: columns('venue') }
          : undefined,
    })
    await land(chain, 'a.json')
    expect(chain.parts.told).toContainEqual(expect.stringContaining('build of finance+risk'))
    chain.parts.clock.advance(7 * 86_400)
    await alerted(chain.parts.alert, { 'detail-type': 'Scheduled Event' })
    expect(openCauses(chain.parts)).toEqual([expect.stringContaining('build:finance+risk')])
  })

  test('of a producer that invents names does not fill the ledger', async () => {
    let file = 0
    const chain = chainOf(() => ({
      drift: columns(...Array.from({ length: 50 }, (_, n) => `c${file}-${n}`)),
    }))
    for (file = 0; file < 4; file += 1) await land(chain, `${file}.json`)
    const known = chain.parts.ledger.all('SCHEMA#market_data').filter(({ SK }) => SK.startsWith('COLUMN#'))
    expect(known).toHaveLength(COLUMNS_MAX)
  })

  test('is told of also when the event got lost', async () => {
    const chain = chainOf(() => ({ drift: columns('venue') }))
    await chain.record(chain.land('a.json'))
    await chain.deliverNext()
    await chain.endOneJob()
    const told = Array.from({ length: 2 }, () => chain.parts.bus.take()?.name)
    expect(told).toEqual(['Silver Updated', 'Schema Changed'])
    await chain.rest()
    expect(incidents(chain.parts)).toHaveLength(1)
    expect(runs(chain)[0]?.duePk).toBeUndefined()
  })
})

describe('why', () => {
  const whyOf = async (chain: Chain, subject: string) => {
    const { ledger, clock } = chain.parts
    const listVersions = async () => ({ versions: [] })
    const answer = await why(
      { project: testProject, ledger, clock, bronzeBucket: 'bronze', listVersions },
      subject,
    )
    return 'lines' in answer ? answer.lines.map(({ what }) => what).join('\n') : answer.unknown
  }

  test('tells of new columns at the run that saw them first, and at the entity', async () => {
    const chain = chainOf(() => ({ drift: columns('venue', 'note') }))
    await land(chain, 'a.json')
    expect(await whyOf(chain, String(runs(chain)[0]?.runId))).toContain('was the first to see venue, note')
    expect(await whyOf(chain, 'market_data')).toContain('does not declare: note, venue')
  })
})

describe('a changed type', () => {
  const held = {
    file: null,
    column: 'close',
    change: 'retyped',
    expected: 'double',
    rows: 10,
    of: 10,
  } as const

  test('stops its entity with a diff, and no other', async () => {
    const chain = chainOf(() => ({ schema_changes: [{ ...held, seen: 'text "n/a"' }] }))
    await land(chain, 'a.json')
    await land(chain, 'b.json', 'trades')
    expect(runs(chain).map(({ subject, state }) => [subject, state])).toEqual([
      ['market_data', 'PARKED'],
      ['transactions', 'COMMITTED'],
      ['finance+risk', 'COMMITTED'],
    ])
    const [incident] = incidents(chain.parts)
    expect(incident).toMatchObject({ cause: 'cleanse:market_data:schema', priority: 'P2' })
    expect(incident?.reason).toContain('close is no double in 10 of 10 rows of the batch, such as text "n/a"')
    expect(chain.parts.bus.details('Schema Changed')).toMatchObject([
      {
        entity: 'market_data',
        change: 'retyped',
        columns: [{ name: 'close', was: 'double', is: 'text "n/a"' }],
      },
    ])
  })
})

describe('the schema of what went to silver', () => {
  test('is registered once, and every run says which version it was', async () => {
    const chain = chainOf(() => ({}))
    await land(chain, 'a.json')
    await land(chain, 'b.json')
    const own = runs(chain).filter(({ kind }) => kind === 'cleanse')
    expect(own.map(({ schemaVersion }) => schemaVersion)).toEqual(['1', '1'])
    const versions = chain.parts.ledger.all('SCHEMA#market_data')
    expect(versions).toMatchObject([{ version: 1, definition: expect.stringContaining('"symbol"') }])
  })
})

import { beforeAll, describe, expect, test } from 'vitest'
import type { CleanseReport } from '../../../shared/cleanse-gate.js'
import type { RunEvent } from '../../../shared/lineage/facets.js'
import { runUuid } from '../../../shared/lineage/names.js'
import { Chain } from '../../fakes/chain.js'
import { lineageOf } from '../../fakes/lineage.js'
import { cleanseReportOf } from '../../fakes/work.js'

type Plan = Parameters<typeof cleanseReportOf>[0] & { kind: string }
/** What the real cleanse says beside the rest of its report. */
const withInputs =
  (more: Partial<CleanseReport> = {}) =>
  (plan: unknown) => {
    const { kind, inputs } = plan as Plan
    if (kind !== 'cleanse') return undefined
    const byFile = inputs.map(({ key }) => ({ key, version_id: 'v1', rows: 10, out: 9, rejected: 1 }))
    return { ...cleanseReportOf(plan as Plan, { rejected: 1 }), inputs: byFile, ...more }
  }
/** The events of one land of two files, by the job and the type. */
async function eventsOf(behaviour: ConstructorParameters<typeof Chain>[0], source = 'prices') {
  const chain = new Chain(behaviour)
  const own = ['a.json', 'b.json'].map((file) => ({ ...chain.land(file, { source }), id: `door-${file[0]}` }))
  await chain.record(...own)
  await chain.rest()
  const events = [...(await lineageOf(chain)).values()]
  const find = (job: string, type: string) =>
    events.find(({ job: { name }, eventType }) => name === job && eventType === type) as RunEvent
  return { chain, events, find }
}
const golden = (name: string, event: RunEvent) =>
  expect(`${JSON.stringify(event, null, 2)}\n`).toMatchFileSnapshot(`../../payloads/lineage/${name}.json`)

describe('a chain that goes well', () => {
  let world: Awaited<ReturnType<typeof eventsOf>>
  beforeAll(async () => {
    const job = () => ({ ok: true as const })
    const rows = { in: 100, out: 98, duplicates: 0, rejected: 2 }
    world = await eventsOf({ job, report: withInputs({ rows, reasons: { symbol_missing: 2 } }) })
  })

  test('says of each run that it started and that it ended', () => {
    expect(world.events.map(({ job, eventType }) => `${job.name} ${eventType}`)).toEqual([
      'cleanse.market_data START',
      'cleanse.market_data COMPLETE',
      'build.finance+risk START',
      'build.finance+risk COMPLETE',
    ])
  })

  test.each([
    ['cleanse.market_data', 'START', 'cleanse-start'],
    ['cleanse.market_data', 'COMPLETE', 'cleanse-complete'],
    ['build.finance+risk', 'COMPLETE', 'build-complete'],
  ])('in the words of OpenLineage: %s %s', async (job, type, name) => {
    await golden(name, world.find(job, type))
  })

  test('ties the build to the cleanse whose silver it read, and both to their deliveries', () => {
    const [cleanse, build] = ['cleanse.market_data', 'build.finance+risk'].map((job) =>
      world.find(job, 'COMPLETE'),
    ) as [RunEvent, RunEvent]
    expect(build.run.facets.parent).toMatchObject({ run: { runId: cleanse.run.runId } })
    expect(cleanse.run.facets.sluice_correlation).toMatchObject({ correlationIds: ['door-a', 'door-b'] })
    const own = cleanse.run.facets.sluice_correlation as { runId: string }
    expect(build.run.facets.sluice_correlation).toMatchObject({ correlationId: own.runId })
  })

  test('names the table that the cleanse writes as the build names what it reads', () => {
    const [silver] = world.find('cleanse.market_data', 'COMPLETE').outputs
    const read = world.find('build.finance+risk', 'COMPLETE').inputs.map(({ name }) => name)
    expect(read).toContain(silver?.name)
  })
})

describe('a run that does not go well', () => {
  test('fails for what its gate found', async () => {
    const changed = {
      file: null,
      column: 'symbol',
      change: 'removed',
      expected: 'string',
      rows: 20,
      of: 20,
    } as const
    const { find } = await eventsOf({ report: withInputs({ schema_changes: [{ ...changed, seen: null }] }) })
    await golden('cleanse-fail', find('cleanse.market_data', 'FAIL'))
  })

  test('aborts where a person stopped its job', async () => {
    const job = () => ({ ok: false as const, reason: 'stopped', failureClass: 'stopped' as const })
    const { find } = await eventsOf({ job })
    await golden('cleanse-abort', find('cleanse.market_data', 'ABORT'))
  })
})

test('the id of a run is a UUID of version 8, the same each time', () => {
  const uuid = runUuid('r0000000000000000000000001')
  expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(runUuid('r0000000000000000000000001')).toBe(uuid)
  expect(runUuid('r0000000000000000000000002')).not.toBe(uuid)
})

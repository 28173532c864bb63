import { beforeEach, describe, expect, test } from 'vitest'
import { choose, filesOf } from '../../../functions/operate/plan-compaction/choose.js'
import { silverRunKey } from '../../../shared/cleanse.js'
import {
  compactStateKey,
  graceOf,
  type SilverFile,
  type SilverRunItem,
  snapshotsOf,
} from '../../../shared/compact.js'
import { Chain } from '../../fakes/chain.js'
import { GRACE_SECONDS } from '../../fakes/parts.js'
import { buildPlan } from '../../fakes/work.js'
import { asks, DAY, ENTITY, isWhole, lands, request } from './compacted.js'

describe('a compaction', () => {
  let chain: Chain
  beforeEach(async () => {
    chain = new Chain()
    await lands(chain, 'a.json', 'b.json', 'c.json')
  })
  const files = () => chain.parts.silver.keys(`entity=${ENTITY}`)

  test('puts the small files of a day together, and the old ones go after the grace', async () => {
    const old = files()
    expect(old).toHaveLength(6)
    await asks(chain)
    expect(files().filter((key) => !old.includes(key))).toHaveLength(1)
    await isWhole(chain)
    await chain.rest()
    expect(files()).toHaveLength(7)
    chain.parts.clock.advance(GRACE_SECONDS)
    await chain.rest()
    expect(files().filter((key) => old.includes(key))).toEqual([])
    await isWhole(chain)
    expect(chain.parts.bus.details('Silver Compacted')).toMatchObject([
      { entity: ENTITY, days: 1, files: { before: 6, after: 1 } },
    ])
  })

  test('is told to the next build, whose database names the old files', async () => {
    await asks(chain)
    await lands(chain, 'd.json')
    const plans = chain.parts.artifacts.keys('runs/').filter((key) => key.endsWith('plan.json'))
    const last = chain.parts.artifacts.objects.get(String(plans.at(-1)))
    const { moved, silver } = buildPlan(last) as ReturnType<typeof buildPlan> & { moved: object }
    expect(silver[ENTITY]).toMatchObject([{ number: 4 }])
    expect(moved).toMatchObject({ [ENTITY]: [{ day: DAY, up_to: 3, files: [{ from: 1, up_to: 3 }] }] })
    await lands(chain, 'e.json')
    const after = chain.parts.artifacts.keys('runs/').filter((key) => key.endsWith('plan.json'))
    expect(chain.parts.artifacts.objects.get(String(after.at(-1)))).not.toHaveProperty('moved')
  })

  test('leaves days alone that are not over, and looks at what is new only once', async () => {
    await asks(chain, { requestId: 'night 1', by: 'schedule' })
    expect(files()).toHaveLength(6)
    chain.parts.clock.advance(24 * 3_600)
    await asks(chain, { requestId: 'night 2', by: 'schedule' })
    expect(files()).toHaveLength(7)
    expect(await chain.parts.ledger.get(compactStateKey(ENTITY))).toMatchObject({ ordinal: 1, upTo: 3 })
    const runs = () => chain.parts.ledger.all('RUN#').filter(({ kind }) => kind === 'compact').length
    const before = runs()
    await asks(chain, { requestId: 'night 3', by: 'schedule' })
    expect(runs()).toBe(before)
  })

  test('takes a late file of the day along with what is there', async () => {
    await asks(chain)
    await lands(chain, 'late.json')
    await asks(chain, { ...request, requestId: 'r2' })
    const snapshot = (await snapshotsOf(chain.parts.ledger, ENTITY, [DAY])).get(DAY)
    expect(snapshot).toMatchObject({ upTo: 4, files: [{ from: 1, upTo: 4 }] })
    await isWhole(chain)
  })

  test('never takes a file from a build that began before it', async () => {
    const { ledger, clock } = chain.parts
    await asks(chain)
    const runId = String(ledger.all('COMPACTED#')[0]?.PK).slice('COMPACTED#'.length)
    const PK = 'LANE#build:finance+risk'
    const build = 'r0000000000000000000000099'
    const begun = { runId: build, createdAt: '2026-03-02T06:00:00.000Z' }
    await ledger.write({ update: { PK, SK: 'HOLD' }, set: { holder: build } })
    await ledger.write({ put: { PK: `RUN#${build}`, SK: 'META', ...begun } })
    clock.advance(GRACE_SECONDS + 1)
    const { COMPACTED } = chain.parts.reconcile.drives
    expect(await COMPACTED?.(runId)).toContain('may read the old files')
    expect(files()).toHaveLength(7)
    await ledger.write({ update: { PK, SK: 'HOLD' }, remove: ['holder'] })
    clock.advance(300)
    expect(await COMPACTED?.(runId)).toContain('deleted 6 files')
    expect(await COMPACTED?.(runId)).toBe('its old files are gone')
  })

  test('whose job says that values differ is parked, told, and leaves silver as it was', async () => {
    const report = (plan: unknown) =>
      (plan as { kind: string }).kind === 'compact'
        ? { failure: { transient: false, message: 'ValuesDiffer: rows 6 became 5' } }
        : undefined
    const bad = new Chain({ report })
    await lands(bad, 'a.json', 'b.json')
    await asks(bad)
    expect(bad.parts.told).toEqual([`[P2] compact of ${ENTITY}: the job failed`])
    expect(await bad.parts.ledger.get(compactStateKey(ENTITY))).toBeUndefined()
    await isWhole(bad)
  })
})

describe('which files go together', () => {
  const file = (from: number, bytes: number): SilverFile => ({ key: `f${from}`, bytes, from, upTo: from })
  const keys = (groups: SilverFile[][]) => groups.map((group) => group.map(({ key }) => key))

  test('small ones, in order, up to the target and never over it', () => {
    const { groups, kept } = choose(
      [40, 50, 30, 60, 10].map((bytes, n) => file(n, bytes)),
      100,
    )
    expect(keys(groups)).toEqual([
      ['f0', 'f1'],
      ['f2', 'f3', 'f4'],
    ])
    expect(kept).toEqual([])
  })

  test('none over the target, none alone, and no large one for the sake of a single late file', () => {
    const files = [file(1, 100), file(2, 250), file(3, 95), file(4, 1)]
    expect(choose(files, 100)).toEqual({ groups: [], kept: files })
    const many = Array.from({ length: 9 }, (_, n) => file(n + 10, 0))
    expect(keys(choose([file(1, 95), ...many], 100).groups)[0]).toHaveLength(10)
  })

  test('of a run that does not say how large its files are, none', () => {
    const run: SilverRunItem = { runId: 'x', ordinal: 1, days: [DAY, DAY] }
    expect(choose(filesOf(ENTITY, DAY, undefined, [run]), 1_000).groups).toEqual([])
  })
})

test('a grace below an hour is refused', () => {
  expect(graceOf('7200')).toBe(7_200)
  expect(() => graceOf('60')).toThrow('3600 at least')
  expect(silverRunKey(ENTITY, 1).SK).toBe('RUN#0000000001')
})

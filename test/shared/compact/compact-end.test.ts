import { beforeEach, describe, expect, test } from 'vitest'
import { silverKey } from '../../../shared/cleanse.js'
import {
  compactedKey,
  compactStateKey,
  replacedKey,
  type SilverFile,
  snapshotKey,
} from '../../../shared/compact.js'
import { compactEnd } from '../../../shared/compact-end.js'
import { TerminalError } from '../../../shared/errors.js'
import type { Item } from '../../../shared/ledger.js'
import type { Run } from '../../../shared/run.js'
import { FakeClock } from '../../fakes/clock.js'
import { FakeLedger } from '../../fakes/ledger.js'
import { FakeObjects } from '../../fakes/objects.js'

const E = 'trades'
const [ONE, TWO] = ['2026/03/01', '2026/03/02'] as const
const GRACE = 7_200
const PATH = 'runs/c1/attempt=2/'
const file = (name: string, from: number, upTo = from): SilverFile => ({ key: name, bytes: 1, from, upTo })
const run = (set: object = {}) => ({ runId: 'c1', attempt: 2, subject: E, ...set }) as Run

const plan = {
  ...{ entity: E, base: 4, up_to: 9, more: false },
  groups: [
    { day: ONE, files: [file('b', 3, 5), file('a', 1, 2)] },
    { day: TWO, files: [file('c', 6), file('d', 9), file('e', 7)] },
    { day: TWO, files: [file('f', 8), file('g', 8)] },
  ],
  days: [
    { day: ONE, before: 'c0', kept: [file('kept', 2)] },
    { day: TWO, before: null, kept: [] },
  ],
}
const made = (day: string, place: number, files: number) => ({
  ...{ key: `_pending/${place}`, day, bytes: 10 * (place + 1), rows: 5, files },
})
const report = {
  ...{ run_id: 'c1', attempt: 2, rows: 15 },
  files: [made(ONE, 0, 2), made(TWO, 1, 3), made(TWO, 2, 2)],
}

let clock: FakeClock
let ledger: FakeLedger
let artifacts: FakeObjects
let copied: string[][]
beforeEach(() => {
  clock = new FakeClock()
  ledger = new FakeLedger()
  artifacts = new FakeObjects('artifacts')
  copied = []
  artifacts.objects.set(`${PATH}plan.json`, plan)
  artifacts.objects.set(`${PATH}report.json`, report)
})
const end = () =>
  compactEnd({
    clock,
    reports: artifacts,
    graceSeconds: GRACE,
    copyObject: async (from, to) => {
      copied.push([from, to])
    },
  })
const reports = (content: unknown) => artifacts.objects.set(`${PATH}report.json`, content)
const plans = (content: object) => artifacts.objects.set(`${PATH}plan.json`, { ...plan, ...content })

describe('the report of a compaction', () => {
  test('that did what was asked passes, with its rows, files and bytes', async () => {
    const rows = { in: 15, out: 15, duplicates: 0, rejected: 0 }
    const shown = { rows, outputs: 3, bytesAfter: 60 }
    expect(await end().judge(run())).toEqual({ pass: true, shown })
    plans({ more: true })
    expect(await end().judge(run())).toEqual({ pass: true, shown: { ...shown, more: true } })
  })

  test('that did something else has failed', async () => {
    reports({ ...report, files: [made(ONE, 0, 2), made(TWO, 1, 2)] })
    const failed =
      'the job put together 2 files of 2026/03/01, 2 files of 2026/03/02, ' +
      'but was asked for 2 files of 2026/03/01, 3 files of 2026/03/02, 2 files of 2026/03/02'
    expect(await end().judge(run())).toEqual({ failed })
  })

  test('that says that it failed is believed, and none is none', async () => {
    reports({ failure: { transient: true, message: 'the disk is full' } })
    const failed = { failed: 'the disk is full', fromReport: true, transient: true }
    expect(await end().judge(run())).toEqual(failed)
    artifacts.objects.delete(`${PATH}report.json`)
    expect(await end().judge(run())).toBeUndefined()
  })

  test('that is no report, or whose plan is gone, is refused', async () => {
    for (const wrong of [
      { failure: { transient: true } },
      { ...report, rows: -1 },
      { ...report, files: [{}] },
    ]) {
      reports(wrong)
      await expect(end().judge(run())).rejects.toThrow(TerminalError)
    }
    reports(report)
    plans({ groups: [{ day: ONE, files: [file('a', 1)] }] })
    await expect(end().judge(run())).rejects.toThrow(TerminalError)
    artifacts.objects.delete(`${PATH}plan.json`)
    await expect(end().judge(run())).rejects.toThrow('the plan of compaction c1 is gone')
  })
})

describe('the commit of a compaction', () => {
  const commit = async () => {
    const { writes = [] } = await end().commit(run())
    return ledger.write(...writes)
  }
  const seed = async () => {
    await ledger.write({ put: { ...compactStateKey(E), ordinal: 4, upTo: 2 } })
    await ledger.write({ put: { ...snapshotKey(E, ONE), day: ONE, upTo: 2, files: [], by: 'c0' } })
  }
  const key = (day: string, place: number) => silverKey(E, day, 'c1', place)

  test('moves each day to its new files, which know the runs that they hold', async () => {
    await seed()
    expect((await commit()).done).toBe(true)
    expect(copied).toEqual([
      ['_pending/0', key(ONE, 0)],
      ['_pending/1', key(TWO, 1)],
      ['_pending/2', key(TWO, 2)],
    ])
    const all = { upTo: 9, by: 'c1' }
    expect(await ledger.get(snapshotKey(E, ONE))).toMatchObject({
      ...{ ...all, day: ONE, files: [file('kept', 2), { key: key(ONE, 0), bytes: 10, from: 1, upTo: 5 }] },
    })
    expect(await ledger.get(snapshotKey(E, TWO))).toMatchObject({
      ...{ ...all, day: TWO },
      files: [
        { key: key(TWO, 1), bytes: 20, from: 6, upTo: 9 },
        { key: key(TWO, 2), bytes: 30, from: 8, upTo: 8 },
      ],
    })
    expect(await ledger.get(compactStateKey(E))).toMatchObject({ ordinal: 5, upTo: 9, builtBy: 'c1' })
    expect(await ledger.get(compactedKey(E, 5))).toMatchObject({ runId: 'c1', days: [ONE, TWO] })
    expect(await ledger.get(replacedKey('c1'))).toMatchObject({
      ...{ runId: 'c1', entity: E, attempt: 2, at: clock.now(), duePk: 'all' },
      dueAt: new Date(clock.now() + GRACE * 1_000).toISOString(),
    })
  })

  test.each<[string, Item]>([
    ['a newer compaction', { ...compactStateKey(E), ordinal: 5 }],
    ['another snapshot of a day', { ...snapshotKey(E, ONE), by: 'c7' }],
    ['a snapshot where none was', { ...snapshotKey(E, TWO), by: 'c7' }],
    ['its own number', { ...compactedKey(E, 5), runId: 'c7' }],
    ['its own old files', { ...replacedKey('c1'), runId: 'c1' }],
  ])('is refused as a whole by %s', async (_what, item) => {
    await seed()
    await ledger.write({ put: item })
    const before = ledger.all('')
    expect((await commit()).done).toBe(false)
    expect(ledger.all('')).toEqual(before)
  })
})

describe('what is told of a compaction', () => {
  const done = { files: 7, outputs: 3, days: 2, rows: { out: 15 }, correlationId: 'k1' }
  const detail = { runId: 'c1', entity: E, days: 2, rows: 15, files: { before: 7, after: 3 } }
  const told = { name: 'Silver Compacted', detail: { ...detail, correlationId: 'k1' } }

  test('is its outcome, and nothing where there was nothing to do', () => {
    expect(end().outcome(run(done))).toEqual([told])
    expect(end().outcome(run({ unchanged: 'no small files in 0 days' }))).toEqual([])
    expect(end().outcome(run({ ...done, rows: undefined }))).toMatchObject([{ detail: { rows: 0 } }])
  })

  test('asks for the next one where it met its bounds', () => {
    const more = { entity: E, requestId: 'after:c1', by: 'compaction' }
    expect(end().outcome(run({ ...done, more: true }))).toEqual([
      told,
      { name: 'Compaction Requested', detail: more },
    ])
  })
})

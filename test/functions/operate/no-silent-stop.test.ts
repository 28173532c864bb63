import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { alarmStateChange } from '../../../events/aws.js'
import {
  BuildRequested,
  CompactionRequested,
  ExtractRequested,
  type FailureClass,
  failureClasses,
  type Outgoing,
} from '../../../events/catalog.js'
import { chain as rows } from '../../../events/chain.js'
import { alarmPattern } from '../../../events/routes.js'
import { alerted } from '../../../functions/operate/raise-alert/raise-alert.js'
import { FAULTS, priorityOf } from '../../../shared/alerts/priorities.js'
import { POLICIES } from '../../../shared/policies.js'
import type { RunKind } from '../../../shared/run.js'
import { Chain } from '../../fakes/chain.js'
import { incidents } from '../../fakes/failed-runs.js'
import { type Parts, parts } from '../../fakes/parts.js'
import { cleansePlan, cleanseReportOf } from '../../fakes/work.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))

describe('work that fails, in every way that there is, for good', () => {
  /** Every job of a kind fails in one way, until nothing is tried any more. */
  async function failing(kind: RunKind, failureClass: FailureClass): Promise<Chain> {
    const job = (_: string, __: number, of: RunKind) =>
      of === kind
        ? { ok: false as const, reason: `it was ${failureClass}`, failureClass }
        : { ok: true as const }
    const chain = new Chain({ job })
    await chain.record(chain.land('a.json'))
    await chain.rest()
    const request = REQUESTS[kind]
    if (request) await asking(chain, request)
    return chain
  }

  async function asking(chain: Chain, request: Outgoing): Promise<void> {
    await chain.parts.bus.publish([request])
    await chain.rest()
  }

  /** What begins a run that no landed file does. */
  const REQUESTS: { [kind in RunKind]?: Outgoing } = {
    compact: { name: CompactionRequested.name, detail: { requestId: 'r', today: true, by: 'test' } },
    extract: { name: ExtractRequested.name, detail: { source: 'quotes', requestId: 'r', by: 'test' } },
  }

  const cases = (Object.keys(POLICIES) as FailureClass[]).flatMap((failureClass) =>
    (['cleanse', 'build', 'compact', 'extract'] as const).map((kind) => [failureClass, kind] as const),
  )
  test('is every class that the catalog knows', () => {
    expect(Object.keys(POLICIES).sort()).toEqual([...failureClasses].sort())
    expect(Object.keys(FAULTS).sort()).toEqual([...failureClasses, 'gate', 'schema'].sort())
  })

  test.each(cases)('%s of a %s opens an incident, and people are told', async (failureClass, kind) => {
    const chain = await failing(kind, failureClass)
    const fault = POLICIES[failureClass].parkedAs ?? failureClass
    const [incident] = incidents(chain.parts)
    expect(incidents(chain.parts)).toHaveLength(1)
    expect(incident).toMatchObject({ state: 'open', priority: priorityOf(fault, kind), count: 1 })
    expect(chain.parts.ledger.all('RUN#').filter(({ state }) => state === 'PARKED')).toMatchObject([{ kind }])
    expect(incident?.reason).toContain(`it was ${failureClass}`)
    expect(incident?.cause).toContain(fault)
    expect(chain.parts.told).toEqual([`[${incident?.priority}] ${incident?.title}`])
  })

  test.each(['cleanse', 'build'] as const)('and so does a %s that its gate holds back', async (kind) => {
    const report = (plan: unknown) => heldBack(plan as Planned, kind)
    const chain = new Chain({ report })
    await chain.record(chain.land('a.json'))
    await chain.rest()
    const lane = kind === 'cleanse' ? 'cleanse:market_data' : 'build:finance+risk'
    expect(incidents(chain.parts)).toMatchObject([{ cause: `${lane}:gate`, priority: FAULTS.gate[kind] }])
    expect(chain.parts.told).toHaveLength(1)
  })

  test('and so does a batch whose columns are not those of its contract', async () => {
    const change = { file: null, column: 'close', change: 'removed', expected: 'double', seen: null }
    const schema_changes = [{ ...change, rows: 10, of: 10 }]
    const report = (plan: unknown) =>
      (plan as { kind: RunKind }).kind === 'cleanse'
        ? { ...cleanseReportOf(cleansePlan(plan)), schema_changes }
        : undefined
    const chain = new Chain({ report })
    await chain.record(chain.land('a.json'))
    await chain.rest()
    expect(incidents(chain.parts)).toMatchObject([
      {
        ...{ cause: 'cleanse:market_data:schema', priority: FAULTS.schema.cleanse, state: 'open' },
        reason: 'the schema changed: close (double, required) is missing in 10 of 10 rows of the batch',
      },
    ])
    expect(chain.parts.told).toHaveLength(1)
  })

  test.each([
    ['that has an edition before it', true],
    ['that is the first of all', false],
  ])('and so do the tests of an edition that readers saw before them, %s', async (_, hasBefore) => {
    const report = (plan: unknown) =>
      (plan as { mode?: string }).mode === 'test' ? heldBack(plan as Planned, 'build') : undefined
    const chain = new Chain({ report })
    if (hasBefore) await chain.record(chain.land('a.json'))
    await chain.rest()
    const detail = { domain: 'risk', requestId: 'r', mode: 'fast' as const, by: 'test' }
    await asking(chain, { name: BuildRequested.name, detail })
    const [run] = chain.parts.ledger.all('RUN#').filter(({ state }) => state === 'PARKED')
    expect(run).toMatchObject({ kind: 'build', mode: 'test', gate: 'failed' })
    expect(incidents(chain.parts)).toMatchObject([
      {
        ...{ cause: 'build:finance+risk:gate', priority: FAULTS.gate.build, state: 'open' },
        ...{ runs: [run?.runId], reason: expect.stringContaining('unique') },
      },
    ])
    expect(chain.parts.told).toHaveLength(1)
  })
})

interface Planned {
  kind: RunKind
  run_id: string
  attempt: number
}

/** The report of a job of this kind whose gate holds it back; of any other one the usual report. */
function heldBack(plan: Planned, kind: RunKind): unknown {
  if (plan.kind !== kind) return undefined
  const { run_id, attempt } = plan
  if (kind === 'cleanse') {
    const rows = { in: 10, out: 0, duplicates: 0, rejected: 10 }
    return { run_id, attempt, rows, reasons: { close_missing: 10 }, files: [], quarantine: [], drift: [] }
  }
  const failed = [{ test: 'unique', model: 'daily_summary', failures: 3 }]
  const tests = { passed: 0, warned: 0, failed: 1 }
  const verdict = { verdict: 'tests_failed', error: null, tests, failed_tests: failed, warned_tests: [] }
  return { run_id, attempt, edition: `${run_id}-${attempt}`, ...verdict, datasets: [], database: null }
}

interface Declared {
  destinations?: { onFailure?: { arn?: string } }
}
/** The template's own words; its tags stand for themselves. */
const yaml = (file: string) =>
  parse(readFileSync(`${root}/${file}`, 'utf8'), { logLevel: 'silent', merge: true })
const functions = yaml('infra/functions.yml') as Record<string, Declared>
const queues = yaml('infra/bus.yml').Resources as Record<string, { Properties?: { RedrivePolicy?: object } }>
const alarms = yaml('infra/alarms.yml').Resources as Record<
  string,
  { Properties: { Dimensions?: { Value: string }[] } }
>

/** The dead-letter queue into which an event goes on which a stage fails for good; nothing where a caller is answered. */
function deadLettersOf({ stage, on }: (typeof rows)[number]): string | undefined {
  if (on.every((trigger) => 'http' in trigger)) return undefined
  const queue = on.some((one) => 'landing' in one)
    ? 'LandingQueue'
    : on.some((one) => 'queue' in one) && 'LaterQueue'
  if (queue) {
    const redrive = queues[queue]?.Properties?.RedrivePolicy as { deadLetterTargetArn?: string }
    return redrive.deadLetterTargetArn?.replace('.Arn', '')
  }
  return functions[stage]?.destinations?.onFailure?.arn?.replace('.Arn', '')
}

const alarmOf = (queue: string) =>
  Object.entries(alarms).find(
    ([, one]) => one.Properties.Dimensions?.[0]?.Value === `${queue}.QueueName`,
  )?.[0]

describe('a stage that fails for good', () => {
  let own: Parts
  beforeEach(() => {
    own = parts()
  })
  const said = (alarm: string, value: 'ALARM' | 'OK', second: number) => {
    const timestamp = `2026-03-02T07:00:${String(second).padStart(2, '0')}.000+0000`
    const detail = {
      alarmName: `sluice-prod-${alarm}-1ABC`,
      state: { value, reason: 'Threshold Crossed', timestamp },
    }
    const time = '2026-03-02T07:00:00Z'
    const event = { id: 'e', time, 'detail-type': 'CloudWatch Alarm State Change', detail }
    return alerted(own.alert, alarmStateChange.parse(event))
  }

  test.each(rows.map((row) => [row.stage, row] as const))(
    '%s leaves its event in a queue whose alarm opens an incident, or answers its caller',
    async (stage, row) => {
      const queue = deadLettersOf(row)
      if (queue === undefined) return expect(['api', 'accept-webhook']).toContain(stage)
      const alarm = alarmOf(queue) ?? `no alarm watches ${queue}`
      expect(alarmPattern.detail.alarmName).toContainEqual({ Ref: alarm })
      await said(alarm, 'ALARM', 1)
      expect(incidents(own)).toMatchObject([
        { cause: `dead_letters:${queue}`, priority: 'P2', state: 'open' },
      ])
      expect(own.bus.details('Incident Opened')).toHaveLength(1)
    },
  )

  test('and so does an event that EventBridge could not deliver at all', async () => {
    await said(String(alarmOf('RuleDeadLetters')), 'ALARM', 1)
    expect(incidents(own)).toMatchObject([{ title: 'messages in RuleDeadLetters', runs: [] }])
    expect(own.bus.details('Incident Opened')[0]).not.toHaveProperty('runId')
  })

  test('the incident closes when the queue is empty, and the next message opens another', async () => {
    await said('FunctionDeadLettersAlarm', 'ALARM', 1)
    await said('FunctionDeadLettersAlarm', 'ALARM', 1)
    await said('FunctionDeadLettersAlarm', 'OK', 2)
    expect(incidents(own)).toMatchObject([{ state: 'closed' }])
    await said('FunctionDeadLettersAlarm', 'ALARM', 3)
    expect(incidents(own).map(({ state }) => state)).toEqual(['closed', 'open'])
    expect(own.bus.details('Incident Opened')).toHaveLength(2)
  })

  test('an alarm that is heard of late, after it was over, opens nothing', async () => {
    await said('FunctionDeadLettersAlarm', 'OK', 2)
    expect((await said('FunctionDeadLettersAlarm', 'ALARM', 1)).did).toBe('FunctionDeadLetters is OK')
    expect(incidents(own)).toEqual([])
  })
})

import { describe, expect, test } from 'vitest'
import {
  BuildRequested,
  CompactionRequested,
  ExpiryRequested,
  ExtractRequested,
} from '../../events/catalog.js'
import { plannedOf, schedulesOf } from '../../events/schedules.js'
import { testProject } from '../fakes/project.js'

const sources = {
  fmp: {
    kind: 'extract' as const,
    feeds: [],
    schedule: { cron: '15 6 ? * MON-FRI *', timeZone: 'Europe/Berlin' },
  },
  often: { kind: 'extract' as const, feeds: [], schedule: { rate: '15 minutes', timeZone: 'UTC' } },
  quiet: { kind: 'extract' as const, feeds: [] },
}
const { lanes, entities } = testProject
const { Resources } = schedulesOf({ sources, lanes, entities })
const resource = (id: string) =>
  (Resources as Record<string, { Properties: Record<string, unknown> }>)[id]?.Properties
const SCHEMAS: Record<string, { safeParse(detail: unknown): { error?: unknown } }> = {
  [CompactionRequested.name]: CompactionRequested.detail,
  [ExpiryRequested.name]: ExpiryRequested.detail,
  [BuildRequested.name]: BuildRequested.detail,
  [ExtractRequested.name]: ExtractRequested.detail,
}

describe('the schedules of the template', () => {
  test('are those of the sources that have one, in their time zones, two for each lane, one for editions and one for compaction', () => {
    const shown = Object.keys(Resources).map((id) => [
      id,
      resource(id)?.ScheduleExpression,
      resource(id)?.ScheduleExpressionTimezone,
    ])
    expect(shown.slice(1)).toEqual([
      ['ExtractFmpSchedule', 'cron(15 6 ? * MON-FRI *)', 'Europe/Berlin'],
      ['ExtractOftenSchedule', 'rate(15 minutes)', 'UTC'],
      ['BuildDailyFinanceRiskSchedule', 'cron(0 2 * * ? *)', 'UTC'],
      ['BuildHourlyFinanceRiskSchedule', 'cron(30 * * * ? *)', 'UTC'],
      ['ExpireEditionsSchedule', 'cron(15 4 * * ? *)', 'UTC'],
      ['CompactSilverSchedule', 'cron(0 2 * * ? *)', 'UTC'],
    ])
  })

  test('put events of ours that their stages can read, each time with an id of its own', () => {
    for (const { event, detail } of plannedOf({ sources, lanes, entities })) {
      expect((detail as { requestId: string }).requestId).toMatch(/^[a-z]+:<aws\.scheduler\.scheduled-time>$/)
      const fired = JSON.stringify(detail).replace('<aws.scheduler.scheduled-time>', '2026-03-02T02:00:00Z')
      expect(SCHEMAS[event]?.safeParse(JSON.parse(fired)).error).toBeUndefined()
    }
  })

  test('have names that Scheduler takes, and dead letters', () => {
    expect(resource('BuildDailyFinanceRiskSchedule')).toMatchObject({
      Name: { 'Fn::Sub': '${AWS::StackName}-build-daily-finance.risk' },
      Target: { DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['RuleDeadLetters', 'Arn'] } } },
    })
  })

  test('have one role, which may put these events only', () => {
    const policies = resource('SchedulerRole')?.Policies as {
      PolicyDocument: { Statement: { Condition?: object }[] }
    }[]
    expect(policies[0]?.PolicyDocument.Statement[0]?.Condition).toEqual({
      StringEquals: {
        'events:source': 'sluice',
        'events:detail-type': [
          'Build Requested',
          'Compaction Requested',
          'Expiry Requested',
          'Extract Requested',
        ],
      },
    })
  })

  test('must have names of their own', () => {
    const [lane] = lanes
    expect(() => schedulesOf({ sources: {}, entities: {}, lanes: lane ? [lane, lane] : [] })).toThrow(
      'two schedules have one name',
    )
  })
})

import { type Declared, project, type Schedule } from '../shared/declared.js'
import {
  BuildRequested,
  CompactionRequested,
  type Detail,
  ExpiryRequested,
  ExtractRequested,
  SOURCE,
} from './catalog.js'

/**
 * What the clock asks for. EventBridge Scheduler knows time zones; it puts events of ours on our bus, so that every
 * trigger is an event. The scheduled time stands in the request's id: a schedule that fires twice asks once.
 */
interface Planned {
  /** A part of the schedule's name, and of the logical id in the template. */
  name: string
  when: Schedule
  event: string
  detail: object
}

/** Scheduler puts the time for which it fires in the place of this (Scheduler user guide, context attributes). */
const SCHEDULED_TIME = '<aws.scheduler.scheduled-time>'
const by = 'schedule'
const DAILY: Schedule = { cron: '0 2 * * ? *', timeZone: 'UTC' }
/** Not on the hour, where the daily one and most people's schedules are. */
const HOURLY: Schedule = { cron: '30 * * * ? *', timeZone: 'UTC' }

/** Every day all of a lane anew; every hour what is new, if anything is. */
const ofLane = ({ lane, domains }: Declared['lanes'][number]): Planned[] => {
  const build = (often: string, when: Schedule, asked: object): Planned => {
    const detail = { domain: domains[0] as string, requestId: `${often}:${SCHEDULED_TIME}`, ...asked, by }
    return { name: `build-${often}-${lane}`, when, event: BuildRequested.name, detail }
  }
  const everything = { mode: 'full-refresh' } satisfies Partial<Detail<typeof BuildRequested>>
  const onlyNew = { mode: 'standard', onlyIfNew: true } satisfies Partial<Detail<typeof BuildRequested>>
  return [build('daily', DAILY, everything), build('hourly', HOURLY, onlyNew)]
}

const ofSource = ([source, { schedule }]: [string, Declared['sources'][string]]): Planned[] => {
  if (!schedule) return []
  const detail = { source, requestId: `schedule:${SCHEDULED_TIME}`, by }
  return [{ name: `extract-${source}`, when: schedule, event: ExtractRequested.name, detail }]
}

/** When the builds of the night are mostly over. */
const NIGHTLY: Schedule = { cron: '15 4 * * ? *', timeZone: 'UTC' }
const expiry: Planned = {
  ...{ name: 'expire-editions', when: NIGHTLY, event: ExpiryRequested.name },
  detail: { requestId: `nightly:${SCHEDULED_TIME}`, by } satisfies Detail<typeof ExpiryRequested>,
}

/** Yesterday's days are over then, in every entity: days are UTC. */
const compaction: Planned = {
  ...{ name: 'compact-silver', when: DAILY, event: CompactionRequested.name },
  detail: { requestId: `nightly:${SCHEDULED_TIME}`, by } satisfies Detail<typeof CompactionRequested>,
}

/** All schedules of a project: those of its sources, two for each lane of domains, of editions, and of compaction. */
export const plannedOf = ({
  sources,
  lanes,
  entities,
}: Pick<Declared, 'sources' | 'lanes' | 'entities'>): Planned[] => [
  ...Object.entries(sources).flatMap(ofSource),
  ...lanes.flatMap(ofLane),
  ...(lanes.length > 0 ? [expiry] : []),
  ...(Object.keys(entities).length > 0 ? [compaction] : []),
]

/** `build-daily-finance+risk` -> `BuildDailyFinanceRiskSchedule`. */
const idOf = (name: string) =>
  `${name.replace(/(^|[^A-Za-z0-9]+)([A-Za-z0-9])/g, (_, __, letter: string) => letter.toUpperCase())}Schedule`

const expression = ({ cron, rate }: Schedule) => (cron ? `cron(${cron})` : `rate(${rate})`)
const getArn = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] })
/** Scheduler allows letters, digits, - _ and . in a name, 64 in all with the stack's. */
const nameOf = (name: string) => ({
  'Fn::Sub': `\${AWS::StackName}-${name.replaceAll('+', '.').slice(0, 44)}`,
})

const schedule = ({ name, when, event, detail }: Planned) => ({
  Type: 'AWS::Scheduler::Schedule',
  Properties: {
    Name: nameOf(name),
    ScheduleExpression: expression(when),
    ScheduleExpressionTimezone: when.timeZone,
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: {
      Arn: getArn('Bus'),
      RoleArn: getArn('SchedulerRole'),
      EventBridgeParameters: { DetailType: event, Source: SOURCE },
      Input: JSON.stringify(detail),
      DeadLetterConfig: { Arn: getArn('RuleDeadLetters') },
      RetryPolicy: { MaximumEventAgeInSeconds: 3_600, MaximumRetryAttempts: 20 },
    },
  },
})

/** Scheduler may put exactly these events, and leave what it could not put with the rules' dead letters. */
const role = (events: string[]) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'scheduler.amazonaws.com' },
          Action: 'sts:AssumeRole',
          Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
        },
      ],
    },
    Policies: [
      {
        PolicyName: 'schedules',
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Action: ['events:PutEvents'],
              Resource: [getArn('Bus')],
              Condition: { StringEquals: { 'events:source': SOURCE, 'events:detail-type': events } },
            },
            { Effect: 'Allow', Action: ['sqs:SendMessage'], Resource: [getArn('RuleDeadLetters')] },
          ],
        },
      },
    ],
  },
})

/** The template's schedules and their role. Throws when two have one name in the template. */
export function schedulesOf(declared: Pick<Declared, 'sources' | 'lanes' | 'entities'>) {
  const planned = plannedOf(declared)
  const entries = planned.map((one) => [idOf(one.name), schedule(one)] as const)
  if (new Set(entries.map(([id]) => id)).size < entries.length)
    throw new Error(`two schedules have one name: ${planned.map(({ name }) => name).join(', ')}`)
  const events = [...new Set(planned.map(({ event }) => event))].sort()
  return { Resources: { SchedulerRole: role(events), ...Object.fromEntries(entries) } }
}

export const schedules = schedulesOf(project)

import { SOURCE } from './catalog.js'
import { chain } from './chain.js'
import { consuming, emitting, everyStage, rights, type Statement } from './rights.js'
import type { Row, Trigger, Work } from './row.js'

/** The template's share of the chain: each stage's `events:` entries, and its role. */

const sub = (text: string) => ({ 'Fn::Sub': text })
const getArn = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] })

/** EventBridge's own tries for a target, then the rule's dead-letter queue. */
const rule = (pattern: object, eventBus?: object) => ({
  eventBridge: {
    ...(eventBus && { eventBus }),
    pattern,
    deadLetterQueueArn: getArn('RuleDeadLetters'),
    retryPolicy: { maximumEventAge: 3_600, maximumRetryAttempts: 20 },
  },
})

const STOPPED = { lastStatus: ['STOPPED'] }
const GLUE_ENDS = ['SUCCEEDED', 'FAILED', 'TIMEOUT', 'STOPPED', 'ERROR', 'EXPIRED']

const taskEnd = (family: string) => ({
  source: ['aws.ecs'],
  'detail-type': ['ECS Task State Change'],
  detail: {
    ...STOPPED,
    clusterArn: [getArn('Cluster')],
    group: [sub(`family:\${AWS::StackName}-${family}`)],
  },
})

const jobEnd = (job: string) => ({
  source: ['aws.glue'],
  'detail-type': ['Glue Job State Change'],
  detail: { jobName: [{ Ref: job }], state: GLUE_ENDS },
})

/** The pattern of each kind of heavy work's end, as AWS announces it on the default bus. */
export const workEnds: Record<Work, object> = {
  'cleanse task': taskEnd('cleanse'),
  'dbt task': taskEnd('dbt'),
  'extract task': taskEnd('extract'),
  'compact task': taskEnd('compact'),
  'cleanse job': jobEnd('CleanseJob'),
  'compact job': jobEnd('CompactJob'),
}

/** The alarms on the depth of the dead-letter queues (infra/alarms.yml), as CloudWatch announces their changes. */
const DEAD_LETTER_ALARMS = [
  'RuleDeadLettersAlarm',
  'FunctionDeadLettersAlarm',
  'LandingDeadLettersAlarm',
  'LaterDeadLettersAlarm',
]
export const alarmPattern = {
  source: ['aws.cloudwatch'],
  'detail-type': ['CloudWatch Alarm State Change'],
  detail: { alarmName: DEAD_LETTER_ALARMS.map((Ref) => ({ Ref })), state: { value: ['ALARM', 'OK'] } },
}

/** What S3 announces of the bronze bucket. */
export const landingPattern = {
  source: ['aws.s3'],
  'detail-type': ['Object Created'],
  detail: { bucket: { name: [{ Ref: 'BronzeBucket' }] } },
}

function routes(trigger: Trigger): object[] {
  if ('event' in trigger) return [rule({ source: [SOURCE], 'detail-type': [trigger.event] }, { Ref: 'Bus' })]
  if ('ended' in trigger) return [rule(workEnds[trigger.ended])]
  if ('alarm' in trigger) return [rule(alarmPattern)]
  if ('everyMinutes' in trigger) return [{ schedule: `rate(${trigger.everyMinutes} minutes)` }]
  if ('http' in trigger) return trigger.http.map((route) => ({ httpApi: route }))
  // The clock puts an event of ours on the bus, and the row hears that event like any other.
  if ('schedules' in trigger) return []
  return [{ sqs: { arn: getArn(queueOf(trigger)), batchSize: 10, functionResponseType: PARTLY } }]
}

/** A batch whose messages failed in part gives only these back. */
const PARTLY = 'ReportBatchItemFailures'
type Queued = Extract<Trigger, { landing: unknown } | { queue: unknown }>
const queueOf = (trigger: Queued) => ('queue' in trigger ? 'LaterQueue' : 'LandingQueue')

/** The `events:` entries of one stage in `serverless.yml`. */
export const eventsOf = (row: Row): object[] => row.on.flatMap(routes)

/** The statements of one stage's role: its own rights, its own events, and what every stage needs. */
export function statementsOf(row: Row): Statement[] {
  const queues = row.on.flatMap((one) => ('landing' in one || 'queue' in one ? [queueOf(one)] : []))
  return [
    ...everyStage(row.stage),
    ...queues.map(consuming),
    ...(row.emits?.length ? [emitting(row.emits, SOURCE)] : []),
    ...row.may.flatMap((right) => rights[right] as readonly Statement[]),
  ]
}

/** `record-landing` -> `RecordLandingRole`, the role's logical id. */
export const roleId = (stage: string) =>
  `${stage.replace(/(^|-)([a-z])/g, (_, __, letter: string) => letter.toUpperCase())}Role`

function role(row: Row) {
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
        ],
      },
      Policies: [
        { PolicyName: row.stage, PolicyDocument: { Version: '2012-10-17', Statement: statementsOf(row) } },
      ],
    },
  }
}

/** One role per function, as the template's resources. */
export const roles = { Resources: Object.fromEntries(chain.map((row) => [roleId(row.stage), role(row)])) }

export const stages: Record<string, object[]> = Object.fromEntries(
  chain.map((row) => [row.stage, eventsOf(row)]),
)

import { project } from '../shared/declared.js'
import { secretNames } from '../shared/sources/secrets.js'

/**
 * What a stage may do, in the words of the chain, and what each word means in IAM: actions and the resources that they
 * name. Only X-Ray knows no resource, so there is no `*` anywhere else.
 */
type Arn = { 'Fn::GetAtt': [string, 'Arn'] } | { 'Fn::Sub': string } | '*'

export interface Statement {
  Effect: 'Allow'
  Action: string[]
  Resource: Arn[]
  Condition?: Record<string, Record<string, unknown>>
}

const arn = (logicalId: string): Arn => ({ 'Fn::GetAtt': [logicalId, 'Arn'] })
const sub = (text: string): Arn => ({ 'Fn::Sub': text })
const allow = (Action: string[], Resource: Arn[], Condition?: Statement['Condition']): Statement => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition && { Condition }),
})

const inBucket = (bucket: string, prefix = '*') => sub(`\${${bucket}.Arn}/${prefix}`)
const glue = (path: string) => sub(`arn:\${AWS::Partition}:glue:\${AWS::Region}:\${AWS::AccountId}:${path}`)
const inDatabase = (database: string) => [
  glue('catalog'),
  glue(`database/\${${database}}`),
  glue(`table/\${${database}}/*`),
]
const job = glue('job/${CleanseJob}')
const compactJob = glue('job/${CompactJob}')
const family = (name: string) =>
  sub(
    `arn:\${AWS::Partition}:ecs:\${AWS::Region}:\${AWS::AccountId}:task-definition/\${AWS::StackName}-${name}:*`,
  )
const ofCluster = (what: string) =>
  sub(`arn:\${AWS::Partition}:ecs:\${AWS::Region}:\${AWS::AccountId}:${what}/\${AWS::StackName}/*`)
const [tasksOfCluster, instancesOfCluster] = [ofCluster('task'), ofCluster('container-instance')]

/** RunTask hands the task its roles, and nobody else may be handed them. */
const runTask = (name: string, taskRole: string) => [
  // Asked of a cluster, it is a right on the cluster's instances, of which Fargate has none.
  allow(['ecs:ListTasks'], [instancesOfCluster], { ArnEquals: { 'ecs:cluster': arn('Cluster') } }),
  allow(['ecs:RunTask'], [family(name)], { ArnEquals: { 'ecs:cluster': arn('Cluster') } }),
  allow(['iam:PassRole'], [arn(taskRole), arn('ExecutionRole')], {
    StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
  }),
  allow(['ecs:StopTask'], [tasksOfCluster]),
]

const secretsNamed = (name: string): Arn =>
  sub(`arn:\${AWS::Partition}:secretsmanager:\${AWS::Region}:\${AWS::AccountId}:secret:${name}`)
/** A secret by its name, to which Secrets Manager adds a hyphen and six characters. */
export const secretArn = (name: string): Arn => secretsNamed(`${name}-??????`)
/** The secrets that the declared sources name. */
const doorSecrets = secretNames(project).map(secretArn)

export const rights = {
  'ledger:get': [allow(['dynamodb:GetItem'], [arn('Ledger')])],
  'ledger:put': [allow(['dynamodb:PutItem'], [arn('Ledger')])],
  'ledger:update': [allow(['dynamodb:UpdateItem'], [arn('Ledger')])],
  'ledger:query': [allow(['dynamodb:Query'], [arn('Ledger')])],
  'ledger:index': [allow(['dynamodb:Query'], [sub('${Ledger.Arn}/index/*')])],
  // The API begins and steers backfills; what became of anything else it can only read.
  'ledger:backfills': [
    allow(['dynamodb:PutItem', 'dynamodb:UpdateItem'], [arn('Ledger')], {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['BACKFILL#*'] },
    }),
  ],
  'ledger:batch': [allow(['dynamodb:BatchWriteItem'], [arn('Ledger')])],
  // Joining, claiming and ending: transactions of puts, updates, deletes and checks.
  'ledger:lane': [
    allow(
      [
        'dynamodb:GetItem',
        'dynamodb:Query',
        'dynamodb:PutItem',
        'dynamodb:UpdateItem',
        'dynamodb:DeleteItem',
        'dynamodb:ConditionCheckItem',
      ],
      [arn('Ledger')],
    ),
  ],
  'bronze:read': [
    allow(['s3:GetObject', 's3:GetObjectVersion'], [inBucket('BronzeBucket')]),
    // Without the right to list, S3 answers 403 where 404 is meant (S3 API reference, HeadObject).
    allow(['s3:ListBucket'], [arn('BronzeBucket')]),
  ],
  'bronze:list': [allow(['s3:ListBucketVersions'], [arn('BronzeBucket')])],
  'quarantine:write': [allow(['s3:PutObject'], [inBucket('QuarantineBucket', 'entity=unknown/*')])],
  'quarantine:read': [
    allow(['s3:GetObject'], [inBucket('QuarantineBucket', 'entity=*')]),
    allow(['s3:ListBucket'], [arn('QuarantineBucket')]),
  ],
  'plans:write': [allow(['s3:PutObject'], [inBucket('ArtifactsBucket', 'runs/*')])],
  // Whom a deletion is about, while it is under way.
  'subjects:write': [allow(['s3:PutObject'], [inBucket('ArtifactsBucket', 'forgets/*')])],
  'subjects:remove': [allow(['s3:DeleteObject'], [inBucket('ArtifactsBucket', 'forgets/*')])],
  'reports:read': [
    allow(['s3:GetObject'], [inBucket('ArtifactsBucket', 'runs/*')]),
    allow(['s3:ListBucket'], [arn('ArtifactsBucket')]),
  ],
  'lineage:write': [allow(['s3:PutObject', 's3:GetObject'], [inBucket('ArtifactsBucket', 'lineage/*')])],
  'lineage-secret:read': [
    allow(['secretsmanager:GetSecretValue'], [secretsNamed('/${AWS::StackName}/lineage*')]),
  ],
  'silver:commit': [
    allow(['s3:GetObject'], [inBucket('SilverBucket', '_pending/*')]),
    allow(['s3:PutObject'], [inBucket('SilverBucket', 'entity=*')]),
  ],
  'silver:remove': [allow(['s3:DeleteObject'], [inBucket('SilverBucket', 'entity=*')])],
  'partitions:write': [allow(['glue:BatchCreatePartition'], inDatabase('SilverDatabase'))],
  'schemas:register': [
    allow(
      ['glue:RegisterSchemaVersion', 'glue:CreateSchema'],
      [glue('registry/${AWS::StackName}'), glue('schema/${AWS::StackName}/*')],
    ),
  ],
  'gold-tables:write': [
    allow(['glue:GetTable', 'glue:CreateTable', 'glue:UpdateTable'], inDatabase('GoldDatabase')),
    allow(['glue:CreateTable'], inDatabase('GoldEditionsDatabase')),
  ],
  'gold:expire': [
    allow(['glue:DeleteTable'], inDatabase('GoldEditionsDatabase')),
    allow(['s3:DeleteObject'], [inBucket('GoldBucket', 'domain=*'), inBucket('GoldBucket', 'dashboards/*')]),
    allow(['s3:ListBucket'], [arn('GoldBucket')]),
  ],
  'dashboards:write': [allow(['s3:PutObject'], [inBucket('GoldBucket', 'dashboards/*')])],
  'dashboards:read': [allow(['s3:GetObject'], [inBucket('GoldBucket', 'dashboards/*')])],
  'dbt-state:expire': [
    allow(
      ['s3:DeleteObject'],
      [inBucket('ArtifactsBucket', 'dbt/duckdb/*'), inBucket('ArtifactsBucket', 'runs/*/partial.duckdb')],
    ),
  ],
  'task:run': runTask('cleanse', 'CleanseTaskRole'),
  'dbt-task:run': runTask('dbt', 'DbtTaskRole'),
  'extract-task:run': runTask('extract', 'ExtractTaskRole'),
  'compact-task:run': runTask('compact', 'CompactTaskRole'),
  'task:read': [allow(['ecs:DescribeTasks'], [tasksOfCluster])],
  'job:run': [allow(['glue:StartJobRun', 'glue:GetJobRuns', 'glue:BatchStopJobRun'], [job])],
  'job:read': [allow(['glue:GetJobRun'], [job])],
  'compact-job:run': [allow(['glue:StartJobRun', 'glue:GetJobRuns', 'glue:BatchStopJobRun'], [compactJob])],
  'compact-job:read': [allow(['glue:GetJobRun'], [compactJob])],
  'alerts:publish': [allow(['sns:Publish'], [{ 'Fn::Sub': '${AlertsTopic}' }])],
  'alert-secrets:read': [allow(['secretsmanager:GetSecretValue'], [{ 'Fn::Sub': '${AlertSecrets}' }])],
  // A statement without resources is none, so without such a source there is nothing to allow.
  'door-secrets:read': doorSecrets.length > 0 ? [allow(['secretsmanager:GetSecretValue'], doorSecrets)] : [],
  'later:send': [allow(['sqs:SendMessage'], [arn('LaterQueue')])],
  'token:read': [allow(['secretsmanager:GetSecretValue'], [{ 'Fn::Sub': '${ApiToken}' }])],
  'gold:query': [
    allow(
      ['athena:StartQueryExecution', 'athena:GetQueryExecution', 'athena:GetQueryResults'],
      [sub('arn:${AWS::Partition}:athena:${AWS::Region}:${AWS::AccountId}:workgroup/${Workgroup}')],
    ),
    allow(['glue:GetDatabase', 'glue:GetTable', 'glue:GetPartitions'], inDatabase('GoldEditionsDatabase')),
    allow(['s3:GetObject'], [inBucket('GoldBucket', 'domain=*')]),
    allow(['s3:ListBucket'], [arn('GoldBucket')]),
    allow(
      ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload'],
      [inBucket('ArtifactsBucket', 'athena/*')],
    ),
    allow(['s3:GetBucketLocation'], [arn('ArtifactsBucket'), arn('GoldBucket')]),
  ],
} as const satisfies Record<string, Statement[]>

export type Right = keyof typeof rights

/** Logging, tracing and the dead-letter queue of a function with its own role: the framework adds none of them. */
export const everyStage = (stage: string): Statement[] => [
  allow(
    ['logs:CreateLogStream', 'logs:PutLogEvents'],
    [
      sub(
        `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/\${AWS::StackName}-${stage}:*`,
      ),
    ],
  ),
  allow(['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], ['*']),
  allow(['sqs:SendMessage'], [arn('FunctionDeadLetters')]),
]

/** Putting exactly the events that the stage's row says it emits. */
export const emitting = (names: readonly string[], source: string): Statement =>
  allow(['events:PutEvents'], [arn('Bus')], {
    StringEquals: { 'events:source': source, 'events:detail-type': names },
  })

/** Taking messages from a queue. */
export const consuming = (queue: string): Statement =>
  allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], [arn(queue)])

/**
 * Rights that no case of the acceptance run uses, each with the moment in which it is needed. The key is a stage, or
 * `*` for every stage, and the action.
 */
const AFTER_A_CRASH = 'when a run is late: the reconciler takes the step that a stage could not finish'
const FULL_LANE = 'when more than 32 entries wait at once, the rest is taken page by page under this check'
const SPARK = 'when a batch is large or pinned to Spark: the Glue case of the full run uses it'
const ATHENA = 'Athena asks for it on the caller’s behalf; the local AWS checks it and records no call'
const SERVICE =
  'the Lambda service asks for it on the role’s behalf; the local AWS checks it and records no call'
const GLUE_REGISTRY =
  'when the stage keeps the versions of schemas in Glue Schema Registry, which the local AWS does not have'
const PARKED =
  'when a job cannot be started for good: the run is parked, people are told and the lane is claimed again'
const NOT_FOUND =
  'makes S3 say 404 and not 403 for a report that a crashed job never wrote; no call has its name'
const TAKEN_OVER = 'when an attempt was taken over by another: its own task is stopped'
const ADOPTED = 'when every answer to a start was lost: the task that runs is looked for by its name'
const REPEATED = 'when a failed build is tried again: the results of the attempt before are read'

const OF_ALL =
  'a transaction of the ledger asks for all of its kinds of write: they are one right of the chain'
const FORGOTTEN =
  'when a deletion request has ended, whom it names goes too: the full run of the compaction ends with one'
const RETENTION = 'when editions are beyond count and age: the editions of the full run'

export const unusedRights: Record<string, string> = {
  '* logs:CreateLogStream': SERVICE,
  '* logs:PutLogEvents': SERVICE,
  '* xray:PutTraceSegments': 'the Lambda service sends the traces; the local AWS has no X-Ray',
  '* xray:PutTelemetryRecords': 'the Lambda service sends the traces; the local AWS has no X-Ray',
  '* sqs:SendMessage': 'the Lambda service sends on an event that failed three times, after three minutes',
  '* dynamodb:ConditionCheckItem': FULL_LANE,
  'record-landing sqs:ReceiveMessage': SERVICE,
  'record-landing sqs:DeleteMessage': SERVICE,
  'record-landing sqs:GetQueueAttributes': SERVICE,
  'record-landing s3:ListBucket':
    'makes S3 say 404 and not 403 for a file that went away; no call has its name',
  'put-later sqs:ReceiveMessage': SERVICE,
  'put-later sqs:DeleteMessage': SERVICE,
  'put-later sqs:GetQueueAttributes': SERVICE,
  'put-later dynamodb:PutItem': 'when an event could not be put on the bus: its fate says so',
  'start-extract ecs:ListTasks': ADOPTED,
  'start-extract ecs:StopTask': TAKEN_OVER,
  'start-extract secretsmanager:GetSecretValue':
    'when Sluice starts a job of a dbt platform: the full run of the extractions',
  'finish-extract dynamodb:DeleteItem': PARKED,
  'finish-extract s3:ListBucket': NOT_FOUND,
  'start-cleanse dynamodb:DeleteItem': PARKED,
  'start-cleanse ecs:StopTask': TAKEN_OVER,
  'start-cleanse ecs:ListTasks': ADOPTED,
  'start-cleanse glue:StartJobRun': SPARK,
  'start-cleanse glue:GetJobRuns': SPARK,
  'start-cleanse glue:BatchStopJobRun': SPARK,
  'finish-cleanse s3:DeleteObject': FORGOTTEN,
  'finish-cleanse s3:ListBucket': NOT_FOUND,
  'finish-cleanse glue:GetJobRun': SPARK,
  'finish-cleanse glue:RegisterSchemaVersion': GLUE_REGISTRY,
  'finish-cleanse glue:CreateSchema': GLUE_REGISTRY,
  'record-lineage s3:ListBucket': NOT_FOUND,
  'record-lineage secretsmanager:GetSecretValue':
    'when the stage names an endpoint to which lineage is posted',
  'reconcile glue:RegisterSchemaVersion': GLUE_REGISTRY,
  'reconcile glue:CreateSchema': GLUE_REGISTRY,
  'start-build dynamodb:DeleteItem': PARKED,
  'start-build ecs:StopTask': TAKEN_OVER,
  'start-build ecs:ListTasks': ADOPTED,
  'start-build s3:GetObject': REPEATED,
  'start-build s3:ListBucket': REPEATED,
  'finish-build s3:ListBucket': NOT_FOUND,
  'publish-gold s3:ListBucket': NOT_FOUND,
  'publish-gold dynamodb:Query': OF_ALL,
  'publish-gold dynamodb:DeleteItem': OF_ALL,
  'warm-cache s3:GetObject': ATHENA,
  'warm-cache s3:ListBucket': ATHENA,
  'warm-cache s3:GetBucketLocation': ATHENA,
  'warm-cache s3:AbortMultipartUpload': ATHENA,
  'warm-cache glue:GetDatabase': ATHENA,
  'warm-cache glue:GetTable': ATHENA,
  'warm-cache glue:GetPartitions': ATHENA,
  'check-health dynamodb:DeleteItem': OF_ALL,
  'expire-editions dynamodb:GetItem': RETENTION,
  'expire-editions dynamodb:Query': RETENTION,
  'expire-editions dynamodb:PutItem': RETENTION,
  'expire-editions dynamodb:UpdateItem': RETENTION,
  'expire-editions dynamodb:DeleteItem': RETENTION,
  'expire-editions s3:ListBucket': RETENTION,
  'expire-editions s3:DeleteObject': RETENTION,
  'expire-editions glue:DeleteTable': RETENTION,
  'reconcile s3:ListBucket': NOT_FOUND,
  'reconcile s3:GetObject': AFTER_A_CRASH,
  'reconcile s3:GetObjectVersion':
    'when a version that S3 lists has no size, or an event lost its version id',
  'reconcile s3:PutObject': AFTER_A_CRASH,
  'reconcile s3:DeleteObject': AFTER_A_CRASH,
  'reconcile glue:BatchCreatePartition': AFTER_A_CRASH,
  'reconcile ecs:RunTask': AFTER_A_CRASH,
  'reconcile iam:PassRole': AFTER_A_CRASH,
  'reconcile ecs:StopTask': AFTER_A_CRASH,
  'reconcile ecs:DescribeTasks': AFTER_A_CRASH,
  'reconcile ecs:ListTasks': ADOPTED,
  'reconcile glue:StartJobRun': SPARK,
  'reconcile glue:GetJobRuns': SPARK,
  'reconcile glue:BatchStopJobRun': SPARK,
  'reconcile glue:GetJobRun': SPARK,
  'api s3:ListBucket': ATHENA,
  'api s3:GetBucketLocation': ATHENA,
  'api s3:PutObject': ATHENA,
  'api s3:AbortMultipartUpload': ATHENA,
  'api glue:GetDatabase': ATHENA,
  'api glue:GetTable': ATHENA,
  'api glue:GetPartitions': ATHENA,
}

/** Stages that no case of this run wakes: their doors have runs of their own, with the same roles, in the full tests. */
const DOORS = 'webhooks and syncs: the full run of the doors'
const COMPACTION = 'many small files: the full run of the compaction'
export const otherDoors: Record<string, string> = {
  'close-batch': DOORS,
  'accept-webhook': DOORS,
  'confirm-sync': DOORS,
  'put-later': 'what waits for its time: the full runs of the doors and of the backfill',
  'expire-editions': RETENTION,
  'plan-compaction': COMPACTION,
  'finish-compaction': COMPACTION,
}

import { dirname, relative } from 'node:path'
import { buildSync } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { chain, type Row } from '../../events/chain.js'
import type { Statement } from '../../events/rights.js'
import { statementsOf } from '../../events/routes.js'
import { project } from '../../shared/declared.js'
import { secretNames } from '../../shared/sources/secrets.js'
import { root } from './packaged.js'

/** What IAM asks for when an SDK command is sent (service authorization reference, per API operation). */
const ACTIONS: Record<string, string[]> = {
  GetCommand: ['dynamodb:GetItem'],
  QueryCommand: ['dynamodb:Query'],
  PutCommand: ['dynamodb:PutItem'],
  UpdateCommand: ['dynamodb:UpdateItem'],
  DeleteCommand: ['dynamodb:DeleteItem'],
  BatchWriteCommand: ['dynamodb:BatchWriteItem'],
  TransactWriteCommand: [
    'dynamodb:PutItem',
    'dynamodb:UpdateItem',
    'dynamodb:DeleteItem',
    'dynamodb:ConditionCheckItem',
  ],
  PutEventsCommand: ['events:PutEvents'],
  GetObjectCommand: ['s3:GetObject', 's3:ListBucket'],
  HeadObjectCommand: ['s3:GetObject', 's3:GetObjectVersion', 's3:ListBucket'],
  ListObjectVersionsCommand: ['s3:ListBucketVersions'],
  PutObjectCommand: ['s3:PutObject'],
  CopyObjectCommand: ['s3:GetObject', 's3:PutObject'],
  DeleteObjectCommand: ['s3:DeleteObject'],
  DeleteObjectsCommand: ['s3:DeleteObject'],
  ListObjectsV2Command: ['s3:ListBucket'],
  DeleteTableCommand: ['glue:DeleteTable'],
  RunTaskCommand: ['ecs:RunTask', 'iam:PassRole'],
  StopTaskCommand: ['ecs:StopTask'],
  DescribeTasksCommand: ['ecs:DescribeTasks'],
  ListTasksCommand: ['ecs:ListTasks'],
  StartJobRunCommand: ['glue:StartJobRun'],
  GetJobRunsCommand: ['glue:GetJobRuns'],
  GetJobRunCommand: ['glue:GetJobRun'],
  BatchStopJobRunCommand: ['glue:BatchStopJobRun'],
  BatchCreatePartitionCommand: ['glue:BatchCreatePartition'],
  RegisterSchemaVersionCommand: ['glue:RegisterSchemaVersion'],
  CreateSchemaCommand: ['glue:CreateSchema'],
  GetTableCommand: ['glue:GetTable'],
  CreateTableCommand: ['glue:CreateTable'],
  UpdateTableCommand: ['glue:UpdateTable'],
  PublishCommand: ['sns:Publish'],
  GetSecretValueCommand: ['secretsmanager:GetSecretValue'],
  SendMessageCommand: ['sqs:SendMessage'],
  // Athena reads the catalog and the data, and writes its result, in the caller's name.
  StartQueryExecutionCommand: [
    'athena:StartQueryExecution',
    'glue:GetDatabase',
    'glue:GetTable',
    'glue:GetPartitions',
    's3:GetObject',
    's3:ListBucket',
    's3:PutObject',
    's3:AbortMultipartUpload',
    's3:GetBucketLocation',
  ],
  GetQueryExecutionCommand: ['athena:GetQueryExecution'],
  GetQueryResultsCommand: ['athena:GetQueryResults'],
}
/** What Lambda itself does in the role's name: logs, traces, dead letters, reading the queue. */
const BY_LAMBDA = /^(logs|xray|sqs):/
const isByLambda = (action: string, { Resource }: Statement) =>
  BY_LAMBDA.test(action) && !(action === 'sqs:SendMessage' && JSON.stringify(Resource).includes('LaterQueue'))

const PHASE_FOLDER = {
  ingest: '1-ingest',
  cleanse: '2-cleanse',
  transform: '3-transform',
  publish: '4-publish',
}
const folderOf = ({ phase, stage }: Row) => {
  const folder = { ...PHASE_FOLDER, serve: '5-serve', operate: 'operate' }[phase]
  return `functions/${folder}/${stage}`
}

/** The bundles of all stages by folder: what is left in each once unused code is gone. */
const bundles = new Map(
  buildSync({
    absWorkingDir: root,
    entryPoints: chain.map((row) => `${folderOf(row)}/handler.ts`),
    outbase: root,
    outdir: root,
    bundle: true,
    write: false,
    treeShaking: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
  }).outputFiles.map(({ path, text }) => [dirname(relative(root, path)), text]),
)

function bundleOf(row: Row): string {
  const text = bundles.get(folderOf(row))
  if (!text) throw new Error(`no bundle of ${row.stage}`)
  return text
}

/** The SDK commands that a stage's bundle can send. */
function commandsOf(row: Row): string[] {
  const text = bundleOf(row)
  return [...new Set([...text.matchAll(/new (\w+Command)\d*\(/g)].map((match) => match[1] as string))]
}

/** The actions that a bundle asks AWS for without the SDK, which are named as in IAM. */
function callsOf(row: Row): string[] {
  return [...bundleOf(row).matchAll(/\bcall\("(\w+:\w+)"/g)].map((match) => match[1] as string)
}

/** Without a source that names a secret there is no right to one, and none is read. */
const isUnnamed = (action: string, { may }: Row) =>
  action === 'secretsmanager:GetSecretValue' &&
  may.includes('door-secrets:read') &&
  secretNames(project).length === 0

const allowed = (row: Row) =>
  [
    ...new Set(statementsOf(row).flatMap((one) => one.Action.filter((action) => !isByLambda(action, one)))),
  ].sort()

describe('each role allows what its stage calls, and nothing else', () => {
  it.each(chain.map((row) => [row.stage, row] as const))('%s', (_, row) => {
    const commands = commandsOf(row)
    const unknown = commands.filter((command) => !ACTIONS[command])
    expect(unknown).toEqual([])
    const needed = [
      ...new Set([...commands.flatMap((command) => ACTIONS[command] ?? []), ...callsOf(row)]),
    ].sort()
    expect(allowed(row)).toEqual(needed.filter((action) => !isUnnamed(action, row)))
  })

  it('names every action and every resource; only X-Ray knows no resource', () => {
    for (const row of chain) {
      for (const { Action, Resource } of statementsOf(row)) {
        expect(Action.filter((action) => action.includes('*'))).toEqual([])
        if (Resource.includes('*')) expect(Action.every((action) => action.startsWith('xray:'))).toBe(true)
      }
    }
  })

  it('lets a stage put only the events of its row', () => {
    for (const row of chain) {
      const puts = statementsOf(row).filter(({ Action }) => Action.includes('events:PutEvents'))
      expect(puts.map(({ Condition }) => Condition?.StringEquals?.['events:detail-type'])).toEqual(
        row.emits?.length ? [row.emits] : [],
      )
    }
  })
})

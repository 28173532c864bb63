import { CloudFormationClient, ListStackResourcesCommand } from '@aws-sdk/client-cloudformation'
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import {
  GetObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ObjectVersion,
  S3Client,
} from '@aws-sdk/client-s3'
import { DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { wholeLedger } from '../../tools/chaos/rest.js'

/** What the account's owner sees beside the API: the stack's resources, the ledger's items, objects, logs. */

/** The stack's resources: physical ids by logical id. */
export async function stackResources(stack = 'sluice-local'): Promise<Record<string, string>> {
  const client = new CloudFormationClient({})
  const found: Record<string, string> = {}
  let NextToken: string | undefined
  do {
    const page = await client.send(new ListStackResourcesCommand({ StackName: stack, NextToken }))
    for (const { LogicalResourceId, PhysicalResourceId } of page.StackResourceSummaries ?? []) {
      found[String(LogicalResourceId)] = String(PhysicalResourceId)
    }
    NextToken = page.NextToken
  } while (NextToken)
  return found
}

const dynamo = () => DynamoDBDocumentClient.from(new DynamoDBClient({}))

export async function ledgerItem(PK: string, SK = 'META'): Promise<Record<string, unknown> | undefined> {
  const TableName = process.env.SLUICE_LEDGER_TABLE
  return (await dynamo().send(new GetCommand({ TableName, Key: { PK, SK }, ConsistentRead: true }))).Item
}

/** Sets one attribute of an item, such as the time at which something happened. */
export async function setItem(PK: string, SK: string, attribute: string, value: unknown): Promise<void> {
  const update = {
    TableName: process.env.SLUICE_LEDGER_TABLE,
    Key: { PK, SK },
    UpdateExpression: 'SET #name = :value',
    ExpressionAttributeNames: { '#name': attribute },
    ExpressionAttributeValues: { ':value': value },
  }
  await dynamo().send(new UpdateCommand(update))
}

/** Every item of the ledger whose partition key starts so. */
export const ledgerItems: (prefix: string) => Promise<Record<string, unknown>[]> = wholeLedger

/** Every version of every object in the bronze bucket. */
export async function bronzeVersions(): Promise<ObjectVersion[]> {
  const versions: ObjectVersion[] = []
  const s3 = new S3Client({})
  let marker: { KeyMarker?: string; VersionIdMarker?: string } = {}
  for (;;) {
    const page = await s3.send(
      new ListObjectVersionsCommand({ Bucket: process.env.SLUICE_BRONZE_BUCKET, ...marker }),
    )
    versions.push(...(page.Versions ?? []))
    if (!page.IsTruncated) return versions
    marker = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
  }
}

export type Zone = 'SILVER' | 'GOLD' | 'QUARANTINE' | 'ARTIFACTS'
const bucketOf = (zone: Zone) => String(process.env[`SLUICE_${zone}_BUCKET`])

/** The keys below a prefix of one zone. */
export async function keysOf(zone: Zone, Prefix: string): Promise<string[]> {
  const keys: string[] = []
  const s3 = new S3Client({})
  let ContinuationToken: string | undefined
  do {
    const page = await s3.send(
      new ListObjectsV2Command({ Bucket: bucketOf(zone), Prefix, ContinuationToken }),
    )
    keys.push(...(page.Contents ?? []).map(({ Key }) => String(Key)))
    ContinuationToken = page.NextContinuationToken
  } while (ContinuationToken)
  return keys
}

export async function textOf(zone: Zone, Key: string): Promise<string> {
  const { Body } = await new S3Client({}).send(new GetObjectCommand({ Bucket: bucketOf(zone), Key }))
  return (await Body?.transformToString()) ?? ''
}

/** The JSON objects of a newline-delimited file. */
export async function linesOf(zone: Zone, key: string): Promise<Record<string, unknown>[]> {
  const text = await textOf(zone, key)
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

/** Invokes one stage's function and waits for its end. Throws when the function fails. */
export async function invoke(stage: string, event: unknown): Promise<void> {
  const answer = await new LambdaClient({}).send(
    new InvokeCommand({ FunctionName: `sluice-local-${stage}`, Payload: JSON.stringify(event) }),
  )
  if (answer.FunctionError) throw new Error(`${stage}: ${answer.Payload?.transformToString()}`)
}

/** The reconciler's tick, as its schedule sends it. */
export const reconcile = () =>
  invoke('reconcile', {
    version: '0',
    id: '00000000-0000-0000-0000-000000000000',
    time: new Date().toISOString(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    detail: {},
  })

/** What a stage's function has logged that holds a word. */
export async function logLines(stage: string, word: string): Promise<string[]> {
  const { events } = await new CloudWatchLogsClient({}).send(
    new FilterLogEventsCommand({ logGroupName: `/aws/lambda/sluice-local-${stage}`, limit: 10_000 }),
  )
  return (events ?? []).map(({ message }) => String(message)).filter((line) => line.includes(word))
}

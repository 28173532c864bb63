import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge'
import { until } from './poll.js'

const BATCH = 10
const EMPTY_SECONDS_MAX = 120

/** One call of the SQS API in its JSON protocol; the local AWS reads the key of the caller and no signature. */
async function sqs<T>(action: string, body: object): Promise<T> {
  const credential = 'Credential=test/20260101/us-east-1/sqs/aws4_request'
  const answer = await fetch(String(process.env.AWS_ENDPOINT_URL), {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `AmazonSQS.${action}`,
      authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`SQS ${action}: ${await answer.text()}`)
  return (await answer.json()) as T
}

/** Sends bodies to a queue, ten a call. */
export async function send(QueueUrl: string, bodies: string[]): Promise<void> {
  for (let from = 0; from < bodies.length; from += BATCH) {
    const Entries = bodies
      .slice(from, from + BATCH)
      .map((MessageBody, place) => ({ Id: `m${place}`, MessageBody }))
    await sqs('SendMessageBatch', { QueueUrl, Entries })
  }
}

/** Takes everything that is in a queue. */
export async function drain(QueueUrl: string): Promise<string[]> {
  const bodies: string[] = []
  for (;;) {
    const { Messages = [] } = await sqs<{ Messages?: { Body: string; ReceiptHandle: string }[] }>(
      'ReceiveMessage',
      {
        QueueUrl,
        MaxNumberOfMessages: BATCH,
        WaitTimeSeconds: 0,
      },
    )
    if (Messages.length === 0) return bodies
    bodies.push(...Messages.map(({ Body }) => Body))
    const Entries = Messages.map(({ ReceiptHandle }, place) => ({ Id: `m${place}`, ReceiptHandle }))
    await sqs('DeleteMessageBatch', { QueueUrl, Entries })
  }
}

/** Messages that wait in a queue or are being worked on. */
async function depth(QueueUrl: string): Promise<number> {
  const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible']
  const { Attributes } = await sqs<{ Attributes: Record<string, string> }>('GetQueueAttributes', {
    QueueUrl,
    AttributeNames: names,
  })
  return names.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0)
}

export async function emptied(QueueUrl: string): Promise<void> {
  let seen = 0
  await until(
    'the queue is empty',
    async () => {
      seen = await depth(QueueUrl)
      return seen === 0
    },
    { seconds: EMPTY_SECONDS_MAX, seen: () => seen },
  )
}

/** A queue of our own that gets a copy of each event that S3 sends of a bucket; gives its address. */
export async function tap(bucket: string): Promise<string> {
  const name = 'acceptance-tap'
  const { QueueUrl } = await sqs<{ QueueUrl: string }>('CreateQueue', { QueueName: name })
  const Arn = `arn:aws:sqs:us-east-1:000000000000:${name}`
  const statement = {
    Effect: 'Allow',
    Principal: { Service: 'events.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: Arn,
  }
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
  await sqs('SetQueueAttributes', { QueueUrl, Attributes: { Policy } })
  const events = new EventBridgeClient({})
  const EventPattern = JSON.stringify({
    source: ['aws.s3'],
    'detail-type': ['Object Created'],
    detail: { bucket: { name: [bucket] } },
  })
  await events.send(new PutRuleCommand({ Name: name, EventPattern }))
  await events.send(new PutTargetsCommand({ Rule: name, Targets: [{ Id: name, Arn }] }))
  return QueueUrl
}

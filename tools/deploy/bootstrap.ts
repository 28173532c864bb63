import { readFileSync } from 'node:fs'
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
  waitUntilStackCreateComplete,
  waitUntilStackUpdateComplete,
} from '@aws-sdk/client-cloudformation'

export const BOOTSTRAP_STACK = 'sluice-bootstrap'
const WAIT = { maxWaitTime: 600, minDelay: 1, maxDelay: 10 }

/** Creates or updates the bootstrap stack and gives the name of the bucket for code. Throws when the stack fails. */
export async function bootstrap(
  template: string,
  client = new CloudFormationClient({}),
): Promise<{ codeBucket: string }> {
  const input = { StackName: BOOTSTRAP_STACK, TemplateBody: readFileSync(template, 'utf8') }
  const waiting = { client, ...WAIT }
  if (!(await outputs(client, BOOTSTRAP_STACK))) {
    await client.send(new CreateStackCommand(input))
    await waitUntilStackCreateComplete(waiting, { StackName: BOOTSTRAP_STACK })
  } else if (await update(client, input)) {
    await waitUntilStackUpdateComplete(waiting, { StackName: BOOTSTRAP_STACK })
  }
  const codeBucket = (await outputs(client, BOOTSTRAP_STACK))?.CodeBucketName
  if (!codeBucket) throw new Error(`the stack ${BOOTSTRAP_STACK} has no output CodeBucketName`)
  return { codeBucket }
}

async function update(client: CloudFormationClient, input: { StackName: string; TemplateBody: string }) {
  try {
    await client.send(new UpdateStackCommand(input))
    return true
  } catch (error) {
    if (error instanceof Error && error.message.includes('No updates are to be performed')) return false
    throw error
  }
}

/** A stack's outputs by name, or nothing when there is no such stack. */
export async function outputs(
  client: CloudFormationClient,
  StackName: string,
): Promise<Record<string, string> | undefined> {
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName }))
    const stack = Stacks?.[0]
    return (
      stack && Object.fromEntries((stack.Outputs ?? []).map((o) => [o.OutputKey ?? '', o.OutputValue ?? '']))
    )
  } catch (error) {
    if (error instanceof Error && error.message.includes('does not exist')) return undefined
    throw error
  }
}

import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge'
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import { AddPermissionCommand, CreateFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { buildSync } from 'esbuild'
import { zipSync } from 'fflate'

export const PROBE = 'sluice-local-probe'
export const PROBE_SOURCE = 'sluice.probe.bench'

const trust = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
}
const rights = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: [
        'dynamodb:PutItem',
        'events:PutEvents',
        'logs:CreateLogGroup',
        'logs:CreateLogStream',
        'logs:PutLogEvents',
      ],
      Resource: '*',
    },
  ],
}

/** Puts the probe beside the stages: the same runtime, memory and bus, and a rule of its own. */
export async function deployProbe(
  root: string,
  variables: Record<string, string>,
): Promise<{ zipBytes: number }> {
  const iam = new IAMClient({})
  const { Role } = await iam.send(
    new CreateRoleCommand({ RoleName: PROBE, AssumeRolePolicyDocument: JSON.stringify(trust) }),
  )
  await iam.send(
    new PutRolePolicyCommand({ RoleName: PROBE, PolicyName: PROBE, PolicyDocument: JSON.stringify(rights) }),
  )
  const ZipFile = bundle(root)
  const lambda = new LambdaClient({})
  const { FunctionArn } = await lambda.send(
    new CreateFunctionCommand({
      FunctionName: PROBE,
      Runtime: 'nodejs22.x',
      Architectures: ['arm64'],
      Handler: 'probe.handler',
      MemorySize: 512,
      Timeout: 60,
      Role: Role?.Arn,
      Code: { ZipFile },
      Environment: { Variables: variables },
    }),
  )
  await route(lambda, String(variables.BUS_NAME), String(FunctionArn))
  return { zipBytes: ZipFile.length }
}

function bundle(root: string): Uint8Array {
  const { outputFiles } = buildSync({
    absWorkingDir: root,
    entryPoints: ['bench/hops/probe.ts'],
    bundle: true,
    minify: true,
    write: false,
    platform: 'node',
    target: 'node20',
    mainFields: ['module', 'main'],
  })
  return zipSync({ 'probe.js': outputFiles[0]?.contents ?? new Uint8Array() })
}

async function route(lambda: LambdaClient, EventBusName: string, Arn: string): Promise<void> {
  const events = new EventBridgeClient({})
  const EventPattern = JSON.stringify({ source: [PROBE_SOURCE] })
  const { RuleArn } = await events.send(new PutRuleCommand({ Name: PROBE, EventBusName, EventPattern }))
  await lambda.send(
    new AddPermissionCommand({
      FunctionName: PROBE,
      StatementId: 'rule',
      Action: 'lambda:InvokeFunction',
      Principal: 'events.amazonaws.com',
      SourceArn: RuleArn,
    }),
  )
  await events.send(new PutTargetsCommand({ Rule: PROBE, EventBusName, Targets: [{ Id: PROBE, Arn }] }))
}

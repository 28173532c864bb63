import {
  CloudFormationClient,
  CreateStackCommand,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation'

const STACK = 'sluice-bench-empty'
export const EMPTY_PATH = '/bench/empty'
const sub = (text: string) => ({ 'Fn::Sub': text })

/**
 * The floor: a function that answers at once, of the stages' size, behind a route of the same API. It writes one line, as
 * Lambda itself does for each call: the local AWS waits 50 ms for the first line of a function that writes none. As each
 * of the stages it may keep its log; without the right, the local AWS writes an error for each call.
 */
const template = {
  Parameters: { Api: { Type: 'String' } },
  Resources: {
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
          ],
        },
        Policies: [
          {
            PolicyName: 'logs',
            PolicyDocument: {
              Version: '2012-10-17',
              Statement: [
                {
                  Effect: 'Allow',
                  Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
                  Resource: sub(
                    `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/${STACK}*`,
                  ),
                },
              ],
            },
          },
        ],
      },
    },
    Empty: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        FunctionName: STACK,
        Runtime: 'nodejs22.x',
        Architectures: ['arm64'],
        Handler: 'index.handler',
        MemorySize: 512,
        Timeout: 10,
        Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
        Code: {
          ZipFile:
            "exports.handler = async () => { console.log('{}'); return { statusCode: 202, body: '{}' } }",
        },
      },
    },
    Integration: {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        ApiId: { Ref: 'Api' },
        IntegrationType: 'AWS_PROXY',
        IntegrationUri: { 'Fn::GetAtt': ['Empty', 'Arn'] },
        PayloadFormatVersion: '2.0',
      },
    },
    Route: {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        ApiId: { Ref: 'Api' },
        RouteKey: `POST ${EMPTY_PATH}`,
        Target: sub('integrations/${Integration}'),
      },
    },
    MayInvoke: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunction',
        FunctionName: { 'Fn::GetAtt': ['Empty', 'Arn'] },
        Principal: 'apigateway.amazonaws.com',
        SourceArn: sub('arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*'),
      },
    },
  },
}

/** Puts the empty function behind an API. */
export async function deployEmpty(apiId: string): Promise<void> {
  const client = new CloudFormationClient({})
  await client.send(
    new CreateStackCommand({
      StackName: STACK,
      TemplateBody: JSON.stringify(template),
      Parameters: [{ ParameterKey: 'Api', ParameterValue: apiId }],
      Capabilities: ['CAPABILITY_IAM'],
    }),
  )
  await waitUntilStackCreateComplete(
    { client, maxWaitTime: 60, minDelay: 1, maxDelay: 2 },
    { StackName: STACK },
  )
}

import { project } from '../shared/declared.js'
import { type Statement, secretArn } from './rights.js'

/**
 * The role of the extract container, as the template's resources: it puts files below `source=` of bronze, keeps its own
 * state, and reads the secrets of the declared extractions, no other. Generated, because the sources say which those are.
 */
const sub = (text: string) => ({ 'Fn::Sub': text })
const allow = (Action: string[], ...Resource: Statement['Resource']): Statement => ({
  Effect: 'Allow',
  Action,
  Resource,
})

const secrets = Object.values(project.sources).flatMap(({ extract }) => extract?.secret ?? [])

const statements: Statement[] = [
  // A file that is there is the checkpoint: the next attempt reads what stands with it, and never writes it again.
  allow(['s3:PutObject', 's3:GetObject'], sub('${BronzeBucket.Arn}/source=*')),
  // With the right to list, S3 says 404 for what is not there instead of 403.
  allow(
    ['s3:ListBucket'],
    { 'Fn::GetAtt': ['BronzeBucket', 'Arn'] },
    { 'Fn::GetAtt': ['ArtifactsBucket', 'Arn'] },
  ),
  allow(['s3:GetObject'], sub('${ArtifactsBucket.Arn}/runs/*/plan.json')),
  allow(['s3:PutObject'], sub('${ArtifactsBucket.Arn}/runs/*/report.json')),
  allow(['s3:GetObject', 's3:PutObject'], sub('${ArtifactsBucket.Arn}/extract/*')),
  ...(secrets.length > 0
    ? [allow(['secretsmanager:GetSecretValue'], ...[...new Set(secrets)].sort().map(secretArn))]
    : []),
]

export const extractRole = {
  Resources: {
    ExtractTaskRole: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' },
          ],
        },
        Policies: [
          { PolicyName: 'extract', PolicyDocument: { Version: '2012-10-17', Statement: statements } },
        ],
      },
    },
  },
}

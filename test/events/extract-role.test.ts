import { describe, expect, test } from 'vitest'
import { extractRole } from '../../events/extract-role.js'
import type { Statement } from '../../events/rights.js'
import { project } from '../../shared/declared.js'

/** The role of the extract container: what it may touch, and nothing else. */
const [policy] = extractRole.Resources.ExtractTaskRole.Properties.Policies
const statements: Statement[] = policy?.PolicyDocument.Statement ?? []
const resources = (action: string) =>
  statements.filter(({ Action }) => Action.includes(action)).flatMap(({ Resource }) => Resource)
const named = (action: string) => resources(action).map((one) => JSON.stringify(one))

describe('the extract container', () => {
  test('is assumed by tasks only', () => {
    const { AssumeRolePolicyDocument } = extractRole.Resources.ExtractTaskRole.Properties
    expect(AssumeRolePolicyDocument.Statement).toEqual([
      { Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' },
    ])
  })

  test('names every action and every resource', () => {
    for (const { Action, Resource } of statements) {
      expect(Action.filter((action) => action.includes('*'))).toEqual([])
      expect(Resource).not.toContain('*')
    }
    const actions = new Set(statements.flatMap(({ Action }) => Action))
    const known = ['s3:GetObject', 's3:ListBucket', 's3:PutObject', 'secretsmanager:GetSecretValue']
    expect([...actions].sort()).toEqual(known)
  })

  test('writes files of sources, its own states and its report, and deletes nothing', () => {
    expect(resources('s3:PutObject')).toEqual([
      { 'Fn::Sub': '${BronzeBucket.Arn}/source=*' },
      { 'Fn::Sub': '${ArtifactsBucket.Arn}/runs/*/report.json' },
      { 'Fn::Sub': '${ArtifactsBucket.Arn}/extract/*' },
    ])
    expect(resources('s3:GetObject')).toEqual([
      { 'Fn::Sub': '${BronzeBucket.Arn}/source=*' },
      { 'Fn::Sub': '${ArtifactsBucket.Arn}/runs/*/plan.json' },
      { 'Fn::Sub': '${ArtifactsBucket.Arn}/extract/*' },
    ])
  })

  test('reads the secrets of the declared extractions, each by its name, and of no door', () => {
    const declared = Object.values(project.sources).flatMap(({ extract }) => extract?.secret ?? [])
    const arns = [...new Set(declared)].sort().map((name) => {
      const arn = 'arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:'
      return JSON.stringify({ 'Fn::Sub': `${arn}${name}-??????` })
    })
    expect(arns.length).toBeGreaterThan(0)
    expect(named('secretsmanager:GetSecretValue')).toEqual(arns)
    for (const { door } of Object.values(project.sources))
      if (door && !declared.includes(door.auth.secret))
        expect(named('secretsmanager:GetSecretValue').join()).not.toContain(`secret:${door.auth.secret}-`)
  })
})

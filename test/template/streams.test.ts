import { describe, expect, it } from 'vitest'
import { readYaml, streams } from './stream-templates.js'

const resource = (variant: string, name: string) => streams[variant]?.Resources?.[name]?.Properties ?? {}

describe.each(['firehose', 'kinesis'])('streams: %s', (variant) => {
  it('writes lines below the source’s own folder, in a format that the name tells, and errors elsewhere', () => {
    const to = resource(variant, 'NewsDelivery').ExtendedS3DestinationConfiguration
    expect(to.Prefix).toMatch(/^source=news\/year=!\{timestamp:yyyy\}\/.*hour=!\{timestamp:HH\}\/$/)
    expect(to.ErrorOutputPrefix).toMatch(/^errors\/source=news\/!\{firehose:error-output-type\}\//)
    expect([to.CompressionFormat, to.FileExtension]).toEqual(['GZIP', '.ndjson.gz'])
    expect(to.ProcessingConfiguration.Processors).toEqual([
      {
        Type: 'AppendDelimiterToRecord',
        Parameters: [{ ParameterName: 'Delimiter', ParameterValue: '\\n' }],
      },
    ])
  })

  it('gives each role one purpose and no wildcard', () => {
    for (const [name, { Type, Properties }] of Object.entries(streams[variant]?.Resources ?? {})) {
      if (Type !== 'AWS::IAM::Role') continue
      const [trust] = Properties.AssumeRolePolicyDocument.Statement
      expect(trust.Principal, name).toEqual({ Service: 'firehose.amazonaws.com' })
      expect(trust.Condition, name).toEqual({
        StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
      })
      const statements = Properties.Policies.flatMap(
        (one: { PolicyDocument: { Statement: object[] } }) => one.PolicyDocument.Statement,
      )
      expect(JSON.stringify(statements), name).not.toMatch(/"(\*|[a-z0-9]+:\*)"/)
    }
  })

  it('lets a publisher do nothing but send, and names the stream for it', () => {
    const [statement] = resource(variant, 'NewsPublisher').PolicyDocument.Statement
    const sends = { firehose: 'firehose:PutRecordBatch', kinesis: 'kinesis:PutRecords' }[variant]
    expect(statement.Action).toEqual([sends])
    const stream = variant === 'firehose' ? 'NewsDelivery' : 'NewsStream'
    expect(statement.Resource).toEqual({ 'Fn::GetAtt': [stream, 'Arn'] })
    expect(streams[variant]?.Outputs?.NewsStreamName).toEqual({ Value: { Ref: stream } })
  })
})

describe('streams as a stage parameter', () => {
  it('are off unless a stage turns them on', () => {
    const service = readYaml('serverless.yml')
    expect(service.params.default.streams).toBe('off')
    expect(service.resources).toContain('${file(./infra/streams.yml):${param:streams}}')
    expect(streams.off).toEqual({})
  })

  it('cost nothing while nothing is sent, but for the variant that says so', () => {
    const types = (variant: string) =>
      Object.values(streams[variant]?.Resources ?? {}).map(({ Type }) => Type)
    expect(types('firehose')).not.toContain('AWS::Kinesis::Stream')
    expect(types('kinesis')).toContain('AWS::Kinesis::Stream')
  })
})

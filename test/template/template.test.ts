import { spawnSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { chain } from '../../events/chain.js'
import { eventsOf } from '../../events/routes.js'
import { project } from '../../shared/declared.js'
import { packageService, root } from './packaged.js'
import { writeStreamTemplates } from './stream-templates.js'

type LifecycleRule = {
  Status: string
  Prefix?: string
  ExpirationInDays?: number
  NoncurrentVersionExpiration?: { NoncurrentDays: number }
}
const ZIP_BYTES_MAX = 350_000
const RESOURCES_MAX = 400
/** Its trees live to the end: looking through them for garbage takes a fifth of its time. */
const CFN_LINT = 'import gc, sys; gc.disable(); from cfnlint.runner import main; sys.exit(main())'

const { folder, template } = packageService()
const resources = Object.entries(template.Resources)
const ofType = (type: string) => resources.filter(([, resource]) => resource.Type === type)
const functions = ofType('AWS::Lambda::Function').filter(([id]) => !id.startsWith('Custom'))
const idInTemplate = (stage: string) =>
  functions.find(([, { Properties }]) => Properties.FunctionName === `sluice-test-${stage}`)?.[0]

describe('the packaged template and the chain', () => {
  it('deploys every stage of the chain, and no function that the chain does not know', () => {
    const deployed = functions.map(([, { Properties }]) => Properties.FunctionName).sort()
    expect(deployed).toEqual(chain.map(({ stage }) => `sluice-test-${stage}`).sort())
  })

  it.each(chain.map((row) => [row.stage, row] as const))('wires %s as its row says', (stage, row) => {
    const id = idInTemplate(stage)
    const target = { 'Fn::GetAtt': [id, 'Arn'] }
    const rules = ofType('AWS::Events::Rule').filter(([, { Properties }]) =>
      Properties.Targets.some((one: { Arn: unknown }) => JSON.stringify(one.Arn) === JSON.stringify(target)),
    )
    const patterns = eventsOf(row).flatMap((event) =>
      'eventBridge' in event ? [(event.eventBridge as { pattern: unknown }).pattern] : [],
    )
    const deployed = rules.flatMap(([, { Properties }]) => Properties.EventPattern ?? [])
    expect(deployed).toHaveLength(patterns.length)
    for (const pattern of patterns) expect(deployed).toContainEqual(pattern)
    const clocks = rules.filter(([, { Properties }]) => Properties.ScheduleExpression)
    expect(clocks).toHaveLength(row.on.filter((trigger) => 'everyMinutes' in trigger).length)
  })

  it('gives every target of an event rule a dead-letter queue', () => {
    const bare = ofType('AWS::Events::Rule')
      .filter(([, { Properties }]) => Properties.EventPattern)
      .flatMap(([id, { Properties }]) =>
        Properties.Targets.some((target: { DeadLetterConfig?: unknown }) => !target.DeadLetterConfig)
          ? [id]
          : [],
      )
    expect(bare).toEqual([])
  })

  it('serves exactly the routes of the chain', () => {
    const routes = ofType('AWS::ApiGatewayV2::Route').map(([, { Properties }]) => Properties.RouteKey)
    const declared = chain.flatMap(({ on }) =>
      on.flatMap((trigger) => ('http' in trigger ? trigger.http : [])),
    )
    expect(routes.sort()).toEqual([...declared].sort())
  })
})

describe('the packaged template by itself', () => {
  it('stays below 400 resources', () => {
    expect(resources.length).toBeLessThanOrEqual(RESOURCES_MAX)
  })

  it('packs each function into at most 350 kB', () => {
    const zips = readdirSync(folder).filter((file) => file.endsWith('.zip'))
    expect(zips).toHaveLength(chain.length)
    const large = zips.filter((file) => statSync(join(folder, file)).size > ZIP_BYTES_MAX)
    expect(large).toEqual([])
  })

  it('encrypts every bucket and lets nobody make one public', () => {
    const buckets = ofType('AWS::S3::Bucket')
    expect(buckets).toHaveLength(5)
    for (const [id, { Properties, DeletionPolicy }] of buckets) {
      expect(Properties.BucketEncryption, id).toBeDefined()
      expect(Object.values(Properties.PublicAccessBlockConfiguration), id).toEqual([true, true, true, true])
      expect(DeletionPolicy, id).toBe('RetainExceptOnCreate')
    }
  })

  it('lets go of rows as they were sent when the contract of their entity says so, older versions too', () => {
    const rulesOf = (bucket: string): LifecycleRule[] =>
      ofType('AWS::S3::Bucket').find(([id]) => id === bucket)?.[1].Properties.LifecycleConfiguration.Rules
    const goneAfter = (bucket: string, key: string) => {
      const days = rulesOf(bucket)
        .filter(({ Status, Prefix = '' }) => Status === 'Enabled' && key.startsWith(Prefix))
        .map(
          (rule) =>
            (rule.ExpirationInDays ?? Infinity) + (rule.NoncurrentVersionExpiration?.NoncurrentDays ?? 0),
        )
      return Math.min(Infinity, ...days)
    }
    const known = Object.entries(project.entities).filter(
      ([, { classified, retentionDays }]) => classified || retentionDays,
    )
    // Events know persons inside their payload, where no column is classified.
    expect(known.map(([entity]) => entity)).toEqual(['events', 'households', 'users'])
    for (const [entity, { retentionDays }] of known) {
      expect(goneAfter('QuarantineBucket', `entity=${entity}/reason=x/run=r/rejected.ndjson`)).toBe(
        retentionDays?.quarantine,
      )
      const folders = Object.values(project.sources).flatMap(({ feeds }) =>
        feeds.filter((feed) => feed.entity === entity),
      )
      expect(folders.length, entity).toBeGreaterThan(0)
      for (const { prefix } of folders)
        expect(goneAfter('BronzeBucket', `${prefix}x.json`)).toBe(retentionDays?.bronze)
    }
    expect(goneAfter('BronzeBucket', 'source=petforce/entity=pets/x.json')).toBe(Infinity)
  })

  it('traces every function, keeps its logs for a bounded time and gives it a role of its own', () => {
    const roles = new Set(functions.map(([, { Properties }]) => JSON.stringify(Properties.Role)))
    expect(roles.size).toBe(functions.length)
    for (const [id, { Properties }] of functions)
      expect(Properties.TracingConfig, id).toEqual({ Mode: 'Active' })
    for (const [id, { Properties }] of ofType('AWS::Logs::LogGroup'))
      expect(Properties.RetentionInDays, id).toBe(30)
  })

  it('sends what a function fails on to a dead-letter queue', () => {
    const kept = ofType('AWS::Lambda::EventInvokeConfig').map(
      ([, { Properties }]) => Properties.FunctionName.Ref,
    )
    const asynchronous = chain.filter(({ on }) =>
      on.some((t) => 'event' in t || 'ended' in t || 'everyMinutes' in t),
    )
    expect(kept.sort()).toEqual(asynchronous.map(({ stage }) => idInTemplate(stage)).sort())
  })

  it('watches the depth of every dead-letter queue', () => {
    const queues = ofType('AWS::SQS::Queue').flatMap(([id]) => (id.endsWith('DeadLetters') ? [id] : []))
    const watched = ofType('AWS::CloudWatch::Alarm').map(
      ([, { Properties }]) => Properties.Dimensions[0].Value['Fn::GetAtt'][0],
    )
    expect(queues).toHaveLength(4)
    expect(watched.sort()).toEqual(queues.sort())
  })

  it('gives each kind of task its own family, role and size, and none the rights of another', () => {
    const tasks = ofType('AWS::ECS::TaskDefinition').map(([id, { Properties }]) => [id, Properties] as const)
    expect(tasks.map(([id]) => id).sort()).toEqual(['CleanseTask', 'CompactTask', 'DbtTask', 'ExtractTask'])
    for (const [id, { Family, TaskRoleArn, ContainerDefinitions, Cpu, Memory }] of tasks) {
      const name = id.replace('Task', '').toLowerCase()
      expect(Family).toEqual({ 'Fn::Sub': `\${AWS::StackName}-${name}` })
      expect(TaskRoleArn).toEqual({ 'Fn::GetAtt': [`${id}Role`, 'Arn'] })
      expect(ContainerDefinitions).toHaveLength(1)
      expect(ContainerDefinitions[0]).toMatchObject({ Name: name })
      // Nothing but the name of a secret, where a deployment gives one.
      const environment = name === 'dbt' ? [{ Name: 'SNOWFLAKE_SECRET', Value: '' }] : []
      expect(ContainerDefinitions[0].Environment ?? []).toEqual(environment)
      // A size that Fargate offers: at least 2 and at most 8 GB a vCPU (ECS developer guide).
      expect(Number(Memory) / Number(Cpu)).toBeGreaterThanOrEqual(2)
      expect(Number(Memory) / Number(Cpu)).toBeLessThanOrEqual(8)
    }
  })

  it('keeps the ledger recoverable, encrypted and paid by use', () => {
    const [[, ledger]] = ofType('AWS::DynamoDB::Table') as [[string, (typeof resources)[0][1]]]
    expect(ledger.Properties).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      SSESpecification: { SSEEnabled: true },
    })
  })

  it('passes cfn-lint without a warning, and so do the bootstrap stack and the streams', () => {
    const packaged = join(folder, 'cloudformation-template-update-stack.json')
    const files = [packaged, 'infra/bootstrap.yml', ...writeStreamTemplates(folder)]
    // The framework writes dependencies that a reference already implies (W3005); they are not ours to remove.
    // A condition on a stage parameter is constant once the template is packaged (W8003).
    const ignored = ['--ignore-checks', 'W3005', 'W8003']
    const answer = spawnSync('.venv/bin/python', ['-c', CFN_LINT, ...ignored, '--', ...files], {
      cwd: root,
      encoding: 'utf8',
    })
    expect(`${answer.stdout}${answer.stderr}`).toBe('')
    expect(answer.status).toBe(0)
  })
})

import { EventBridgeClient, TestEventPatternCommand } from '@aws-sdk/client-eventbridge'
import { describe, expect, test } from 'vitest'
import { catalog, SOURCE } from '../../events/catalog.js'
import { chain } from '../../events/chain.js'
import { landingPattern, stages, workEnds } from '../../events/routes.js'
import { type Payload, payload, payloadNames } from '../payloads/read.js'

/** The template's names, as they are in the payloads. */
const NAMES: Record<string, string> = {
  BronzeBucket: 'sluice-bronze',
  CleanseJob: 'sluice-cleanse',
  'Cluster.Arn': 'arn:aws:ecs:eu-west-1:111122223333:cluster/sluice',
  'AWS::StackName': 'sluice',
}

/** A pattern as CloudFormation hands it to EventBridge. */
function resolved(pattern: unknown): unknown {
  if (Array.isArray(pattern)) return pattern.map(resolved)
  if (pattern === null || typeof pattern !== 'object') return pattern
  const object = pattern as { Ref?: string; 'Fn::GetAtt'?: string[]; 'Fn::Sub'?: string }
  if (object.Ref) return NAMES[object.Ref]
  if (object['Fn::GetAtt']) return NAMES[object['Fn::GetAtt'].join('.')]
  if (object['Fn::Sub']) return object['Fn::Sub'].replace(/\$\{([^}]+)\}/g, (_, name) => NAMES[name] ?? '')
  return Object.fromEntries(Object.entries(pattern).map(([name, value]) => [name, resolved(value)]))
}

const client = new EventBridgeClient({})
async function matches(pattern: object, event: Payload): Promise<boolean> {
  const EventPattern = JSON.stringify(resolved(pattern))
  const answer = await client.send(
    new TestEventPatternCommand({ EventPattern, Event: JSON.stringify(event) }),
  )
  return answer.Result === true
}

const ALL = [...payloadNames('ecs-'), ...payloadNames('glue-'), ...payloadNames('s3-'), 'scheduled-event']
const cleansing = (name: string) => payload(name, { group: 'family:sluice-cleanse' })

describe('the pattern of each kind of work’s end', () => {
  test.each(payloadNames('ecs-'))('%s: only a task that is over, of its own family', async (name) => {
    const over = name.includes('stopped') || name.includes('memory') || name.includes('failed')
    expect(await matches(workEnds['dbt task'], payload(name))).toBe(over)
    expect(await matches(workEnds['cleanse task'], payload(name))).toBe(false)
    expect(await matches(workEnds['cleanse task'], cleansing(name))).toBe(over)
    expect(await matches(workEnds['dbt task'], cleansing(name))).toBe(false)
  })

  test('leaves the tasks of another cluster alone', async () => {
    const foreign = payload('ecs-task-stopped-success', { clusterArn: `${NAMES['Cluster.Arn']}-2` })
    expect(await matches(workEnds['dbt task'], foreign)).toBe(false)
  })

  test.each(payloadNames('glue-'))('%s: every end of our job, and of no other', async (name) => {
    expect(await matches(workEnds['cleanse job'], payload(name))).toBe(true)
    expect(await matches(workEnds['cleanse job'], payload(name, { jobName: 'sluice-cleanse-2' }))).toBe(false)
  })

  test.each(['RUNNING', 'STARTING', 'STOPPING', 'WAITING'])(
    'a Glue job that is %s is not over',
    async (state) => {
      expect(await matches(workEnds['cleanse job'], payload('glue-job-succeeded', { state }))).toBe(false)
    },
  )
})

describe('the pattern of a landing', () => {
  test.each(payloadNames('s3-'))('%s of the bronze bucket', async (name) => {
    expect(await matches(landingPattern, payload(name))).toBe(true)
    expect(await matches(landingPattern, payload(name, { bucket: { name: 'sluice-silver' } }))).toBe(false)
  })

  test('is none for a deletion', async () => {
    const deleted = { ...payload('s3-object-created'), 'detail-type': 'Object Deleted' }
    expect(await matches(landingPattern, deleted)).toBe(false)
  })
})

test('an event of AWS wakes at most one kind of stage', async () => {
  for (const name of ALL) {
    const woken = await Promise.all(
      [...Object.values(workEnds), landingPattern].map((pattern) => matches(pattern, payload(name))),
    )
    expect(woken.filter(Boolean).length, name).toBeLessThanOrEqual(1)
  }
})

type Entry = { eventBridge?: { pattern: object; eventBus?: object } }
const envelopeOf = (name: string): Payload => ({
  ...payload('scheduled-event'),
  source: SOURCE,
  'detail-type': name,
  detail: { runId: 'r1' },
})

test.each(catalog.map(({ name }) => name))('%s wakes exactly the stages whose row says so', async (name) => {
  for (const { stage, on } of chain) {
    const rules = (stages[stage] as Entry[]).flatMap(({ eventBridge }) =>
      eventBridge?.eventBus ? [eventBridge] : [],
    )
    const woken = await Promise.all(rules.map(({ pattern }) => matches(pattern, envelopeOf(name))))
    const expected = on.some((trigger) => 'event' in trigger && trigger.event === name)
    expect(woken.includes(true), stage).toBe(expected)
  }
})

test('an event of somebody else on our bus wakes nobody', async () => {
  const rules = Object.values(stages).flatMap((entries) =>
    (entries as Entry[]).flatMap(({ eventBridge }) => eventBridge ?? []),
  )
  for (const { pattern, eventBus } of rules) {
    if (eventBus) expect(await matches(pattern, { ...envelopeOf('Batch Ready'), source: 'else' })).toBe(false)
  }
})

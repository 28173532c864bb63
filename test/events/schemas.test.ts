import { describe, expect, test } from 'vitest'
import type * as z from 'zod'
import { jobStateChange, objectCreated, taskStateChange, tick } from '../../events/aws.js'
import {
  BatchReady,
  BuildRequested,
  CompactionRequested,
  catalog,
  ExpiryRequested,
  ExtractRequested,
  envelope,
  SilverUpdated,
} from '../../events/catalog.js'
import { chain, row } from '../../events/chain.js'
import { rights, type Statement } from '../../events/rights.js'
import { roleId, statementsOf } from '../../events/routes.js'
import { payload, payloadNames } from '../payloads/read.js'

const SCHEMAS: Record<string, z.ZodType> = {
  'ecs-': taskStateChange,
  'glue-': jobStateChange,
  's3-': objectCreated,
  scheduled: tick,
}

describe('AWS’s payloads', () => {
  const files = Object.keys(SCHEMAS).flatMap((prefix) =>
    payloadNames(prefix).map((name) => ({ name, prefix })),
  )

  test.each(files)('$name is read by its schema and refused by every other', ({ name, prefix }) => {
    for (const [other, schema] of Object.entries(SCHEMAS))
      expect(schema.safeParse(payload(name)).success, other).toBe(other === prefix)
  })

  test('keep keys that no schema knows from failing anything', () => {
    const grown = { ...payload('ecs-task-stopped-success', { somethingNew: { a: 1 } }), trace: 'x' }
    expect(taskStateChange.safeParse(grown).success).toBe(true)
  })

  test('of a task that failed to start have no containers', () => {
    expect(taskStateChange.parse(payload('ecs-task-failed-to-start')).detail.containers).toEqual([])
    const { containers: _, ...rest } = payload('ecs-task-failed-to-start').detail
    expect(
      taskStateChange.parse({ ...payload('ecs-task-failed-to-start'), detail: rest }).detail.containers,
    ).toEqual([])
  })

  test('of a sparse landing lack version and size', () => {
    const { object } = objectCreated.parse(payload('s3-object-created-sparse')).detail
    expect(object).toEqual({ key: 'raw-events/2026/03/02/with space+plus%20literal.json' })
  })

  test.each([
    [objectCreated, 's3-object-created', { object: { size: 1 } }],
    [objectCreated, 's3-object-created', { object: { key: '' } }],
    [objectCreated, 's3-object-created', { bucket: {} }],
    [taskStateChange, 'ecs-task-stopped-success', { lastStatus: 1 }],
    [taskStateChange, 'ecs-task-stopped-success', { containers: [{ exitCode: 0 }] }],
    [jobStateChange, 'glue-job-failed', { jobRunId: undefined }],
  ])('without what a stage needs are refused: %#', (schema, name, detail) => {
    expect(schema.safeParse(payload(name, detail)).success).toBe(false)
  })
})

describe('our own events', () => {
  const event = { id: 'e', time: 't', source: 'sluice', 'detail-type': 'Batch Ready', detail: { runId: 'r' } }

  test('are read by the envelope of their own name only', () => {
    expect(envelope(BatchReady).safeParse(event).success).toBe(true)
    expect(envelope(SilverUpdated).safeParse(event).success).toBe(false)
    expect(envelope(BatchReady).safeParse({ ...event, source: 'else' }).success).toBe(false)
    expect(envelope(BatchReady).safeParse({ ...event, detail: { runId: '' } }).success).toBe(false)
  })

  test('have names of their own, past tense and Title Case', () => {
    const names = catalog.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^([A-Z][a-z]+ )+[A-Z][a-z]+$/)
  })
})

/** What EventBridge Scheduler puts on our bus. */
const PUT_BY_CLOCK = {
  ...{ sources: ExtractRequested.name, builds: BuildRequested.name },
  editions: ExpiryRequested.name,
  compaction: CompactionRequested.name,
}

describe('the chain', () => {
  test('names each stage once, and every stage has a role of its own', () => {
    const stages = chain.map(({ stage }) => stage)
    expect(new Set(stages.map(roleId)).size).toBe(stages.length)
    expect(roleId('record-landing')).toBe('RecordLandingRole')
  })

  test('is heard: every event that somebody waits for is emitted by somebody', () => {
    const emitted = new Set<string>(chain.flatMap(({ emits = [] }) => emits))
    for (const { on } of chain)
      for (const trigger of on) if ('schedules' in trigger) emitted.add(PUT_BY_CLOCK[trigger.schedules])
    const awaited = chain.flatMap(({ on }) =>
      on.flatMap((trigger) => ('event' in trigger ? [trigger.event] : [])),
    )
    expect(awaited.filter((name) => !emitted.has(name))).toEqual([])
  })

  test('is finished: every work that is started has a stage that hears its end', () => {
    const started = new Set(chain.flatMap(({ starts = [] }) => starts))
    const ended = new Set(chain.flatMap(({ on }) => on.flatMap((one) => ('ended' in one ? [one.ended] : []))))
    expect(ended).toEqual(started)
  })

  test('gives no stage a right on everything, except the traces, which know no resource', () => {
    for (const one of chain) {
      for (const { Action, Resource } of statementsOf(one)) {
        expect(
          Action.filter((action) => action.includes('*')),
          one.stage,
        ).toEqual([])
        if (Resource.includes('*')) expect(Action.every((action) => action.startsWith('xray:'))).toBe(true)
      }
    }
  })

  test('lets a stage put its own events only', () => {
    for (const one of chain) {
      const put = statementsOf(one).filter(({ Action }) => Action.includes('events:PutEvents'))
      const names = put.map(({ Condition }) => Condition?.StringEquals?.['events:detail-type'])
      expect(names, one.stage).toEqual(one.emits?.length ? [one.emits] : [])
    }
  })

  test('gives the API no right to write anything but backfills', () => {
    const statements: readonly Statement[] = row('api').may.flatMap((right) => rights[right])
    const writing = statements.filter(({ Action }) =>
      Action.some((action) => /dynamodb:(Put|Update|Delete|Batch)/.test(action)),
    )
    expect(writing.map(({ Condition }) => Condition)).toEqual([
      { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['BACKFILL#*'] } },
    ])
  })

  test('says which stage it lacks', () => {
    expect(() => row('nobody')).toThrow('the chain has no stage "nobody"')
  })
})

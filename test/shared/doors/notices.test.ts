import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Message } from '../../../shared/doors/airbyte.js'
import { type Heard, syncIdOf } from '../../../shared/doors/heard.js'
import { at } from '../../../shared/doors/mapped.js'
import { type Reading, readNotice } from '../../../shared/doors/read-notice.js'

const CONNECTION = '5d1c9d7a-7e3f-4a53-8b90-2a1b6c4d8e01'
const sent = (name: string) => readFileSync(new URL(`../../payloads/${name}.json`, import.meta.url), 'utf8')
const message = (text: string, requestId = 'r1'): Message => ({
  body: Buffer.from(text),
  content: JSON.parse(text),
  requestId,
})
const airbyte: Reading = { kind: 'airbyte' }
const platform: Reading = { kind: 'dbt-platform' }
const read = (name: string, reading = airbyte) => readNotice(message(sent(name)), reading) as Heard
const changed = (
  name: string,
  change: (body: { data: Record<string, unknown> }) => void,
  reading = airbyte,
) => {
  const body = JSON.parse(sent(name))
  change(body)
  return readNotice(message(JSON.stringify(body)), reading)
}

describe('Airbyte’s own notices', () => {
  it('tell of a sync that finished', () => {
    expect(read('airbyte-sync-succeeded')).toEqual({
      outcome: 'finished',
      identity: [CONNECTION, '80211', true],
      connection: CONNECTION,
      job: '80211',
      finishedAt: '2026-03-02T06:04:40Z',
    })
  })

  it('are read whatever newer fields they have', () => {
    expect(read('airbyte-sync-succeeded-newer-fields')).toMatchObject({ outcome: 'finished', job: '80214' })
  })

  it('tell of a sync that failed, in Airbyte’s words', () => {
    const why = 'The access token was rejected'
    expect(read('airbyte-sync-failed')).toMatchObject({ outcome: 'failed', job: '80212', why })
  })

  it('tell of a sync that is only queued: it is no failure, and not the failure that may come', () => {
    const queued = read('airbyte-sync-queued')
    expect(queued).toMatchObject({ outcome: 'ignored', why: 'the sync is queued' })
    const failed = changed('airbyte-sync-queued', ({ data }) => {
      data.finishedAt = '2026-03-02T06:04:40Z'
    }) as Heard
    expect(failed.outcome).toBe('failed')
    expect(syncIdOf('ads', failed.identity)).not.toBe(syncIdOf('ads', queued.identity))
  })

  it('tell of a test or a schema change without data', () => {
    expect(read('airbyte-test-message').outcome).toBe('ignored')
    expect(readNotice(message('{"text":"The schema changed","data":null}'), airbyte)).toMatchObject({
      outcome: 'ignored',
    })
  })

  it('start a build although no record was committed', () => {
    const none = changed('airbyte-sync-succeeded', ({ data }) => {
      data.recordsCommitted = 0
    })
    expect(none).toMatchObject({ outcome: 'finished' })
  })

  it('count only for the connections that are declared', () => {
    const only = { ...airbyte, connectionIds: ['another'] }
    expect(read('airbyte-sync-succeeded', only)).toMatchObject({ outcome: 'ignored', job: '80211' })
    expect(read('airbyte-sync-succeeded', { ...airbyte, connectionIds: [CONNECTION] }).outcome).toBe(
      'finished',
    )
  })

  it.each([
    ['jobId', 2 ** 53, 'data.jobId'],
    ['finishedAt', 'x'.repeat(500_000), 'data.finishedAt'],
    ['jobId', undefined, 'data.jobId'],
    ['success', 'true', 'data.success'],
    ['connection', {}, 'data.connection.id'],
  ])('are unreadable with the %s %s, which is named', (field, value, path) => {
    const answer = changed('airbyte-sync-succeeded', ({ data }) => {
      data[field] = value
    })
    expect(answer).toEqual({ problems: [expect.stringContaining(path)] })
  })
})

describe('the flat shape', () => {
  it('tells of a sync by its status', () => {
    expect(read('flat-sync-succeeded')).toMatchObject({ outcome: 'finished', connection: 'abc-123' })
    expect(read('flat-sync-failed')).toMatchObject({ outcome: 'failed', why: 'the sync is failed' })
  })

  it('is a sync of its own with each request, unless it names its job or its end', () => {
    const idOf = (fields: object, requestId: string) => {
      const text = JSON.stringify({ connectionId: 'c', status: 'succeeded', ...fields })
      return syncIdOf('ads', (readNotice(message(text, requestId), airbyte) as Heard).identity)
    }
    expect(idOf({}, 'r1')).not.toBe(idOf({}, 'r2'))
    expect(idOf({ jobId: 5 }, 'r1')).toBe(idOf({ jobId: '5' }, 'r2'))
    const finishedAt = '2026-03-02T06:04:40Z'
    expect(idOf({ finishedAt }, 'r1')).toBe(idOf({ finishedAt }, 'r2'))
  })

  it('is the same sync as Airbyte’s own notice of that job', () => {
    const flat = message(JSON.stringify({ connectionId: CONNECTION, status: 'succeeded', jobId: 80211 }))
    expect((readNotice(flat, airbyte) as Heard).identity).toEqual(read('airbyte-sync-succeeded').identity)
  })
})

describe('the dbt platform’s messages', () => {
  it('tell of a run that went well', () => {
    const answer = read('dbt-run-completed', platform)
    expect(answer).toMatchObject({
      outcome: 'finished',
      identity: ['45001', true],
      job: '45001',
      connection: '123',
    })
  })

  it('tell of one failure twice: it is one', () => {
    const [one, other] = ['dbt-run-errored', 'dbt-run-errored-as-completed'].map((name) =>
      read(name, platform),
    )
    expect(one).toMatchObject({ outcome: 'failed', why: 'the dbt platform says Errored' })
    expect(other?.outcome).toBe('failed')
    expect(syncIdOf('marketing', one?.identity ?? [])).toBe(syncIdOf('marketing', other?.identity ?? []))
  })

  it('trigger nothing for another job, for a run that starts, and for what is no run', () => {
    expect(read('dbt-run-completed', { ...platform, jobIds: ['9'] }).outcome).toBe('ignored')
    expect(read('dbt-run-completed', { ...platform, jobIds: ['123'] }).outcome).toBe('finished')
    const started = message(sent('dbt-run-completed').replace('job.run.completed', 'job.run.started'))
    expect(readNotice(started, platform)).toMatchObject({ outcome: 'ignored', why: 'the run goes on' })
    expect(readNotice(message('{"eventType":"endpoint.test"}'), platform)).toMatchObject({
      outcome: 'ignored',
    })
  })
})

describe('a mapped message', () => {
  const mapping = {
    syncId: '/batch/id',
    succeeded: { at: '/state', values: ['done', 1, true] },
    finishedAt: '/batch/at',
  }
  const mapped = (content: unknown) =>
    readNotice(message(JSON.stringify(content)), { kind: 'webhook', mapping })

  it('says what its source file maps', () => {
    const at = '2026-03-02T06:00:00Z'
    expect(mapped({ batch: { id: 7, at }, state: 'done' })).toEqual({
      outcome: 'finished',
      identity: ['7', true],
      job: '7',
      finishedAt: at,
    })
    expect(mapped({ batch: { id: 'x' }, state: 0 })).toMatchObject({ outcome: 'failed', why: '/state is 0' })
  })

  it('does not take a text for a number', () => {
    expect(mapped({ batch: { id: 1 }, state: '1' })).toMatchObject({ outcome: 'failed' })
  })

  it.each([
    [{ batch: { id: 2 ** 53 }, state: 1 }, ['/batch/id']],
    [{ batch: { id: '' }, state: 1 }, ['/batch/id']],
    [{ batch: { id: true } }, ['/batch/id', '/state']],
    [{ batch: { id: 1, at: 'soon' }, state: 1 }, ['/batch/at']],
  ])('names what it cannot read in %j', (content, paths) => {
    const { problems } = mapped(content) as { problems: string[] }
    expect(problems.map((problem) => problem.split(':')[0])).toEqual(paths)
  })

  it('finds own keys only, by RFC 6901', () => {
    expect(at({ 'a/b': [{ '~': 1 }] }, '/a~1b/0/~0')).toBe(1)
    for (const pointer of ['/constructor', '/__proto__', '/a~1b/length', '/a~1b/00', '/a~1b/-1'])
      expect(at({ 'a/b': [] }, pointer), pointer).toBeUndefined()
  })
})

describe('whatever JSON comes', () => {
  const readings: Reading[] = [airbyte, platform, { kind: 'webhook', mapping: { syncId: '/id' } }]
  const bases = ['airbyte-sync-succeeded', 'flat-sync-succeeded', 'dbt-run-errored'].map((name) =>
    JSON.parse(sent(name)),
  )

  const hard = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom('\ud800', 'x'.repeat(100_000), '\u0000', -1, 1e21, 0.1, {}, [[]]),
  )

  it('is heard or named unreadable, never an error, and a sync has a bounded identity', () => {
    const strange = fc
      .anything({ withNullPrototype: false, maxDepth: 3 })
      .map((value) => JSON.stringify(value) ?? 'null')
    const mutated = fc.tuple(fc.constantFrom(...bases), fc.string(), hard).map(([base, key, value]) => {
      const keys = Object.keys(base.data ?? base)
      const place = { [keys[key.length % keys.length] ?? key]: value }
      return JSON.stringify(base.data ? { ...base, data: { ...base.data, ...place } } : { ...base, ...place })
    })
    fc.assert(
      fc.property(fc.oneof(strange, mutated), fc.constantFrom(...readings), (text, reading) => {
        const answer = readNotice(message(text), reading)
        if ('problems' in answer) {
          expect(answer.problems.length).toBeGreaterThan(0)
        } else {
          expect(JSON.stringify(answer).length).toBeLessThan(2_000)
          expect(JSON.stringify(answer)).not.toMatch(/\\ud[89a-f]/)
          expect(syncIdOf('s', answer.identity)).toMatch(/^[0-9a-f]{32}$/)
        }
      }),
      { numRuns: 500 },
    )
  })
})

import { beforeEach, describe, expect, test } from 'vitest'
import type { ApiEffects } from '../../../functions/5-serve/api/api.js'
import { compactOutputs } from '../../../functions/5-serve/api/compactions.js'
import { silverKey, silverRunKey } from '../../../shared/cleanse.js'
import { type Parts, parts } from '../../fakes/parts.js'
import { testProject } from '../../fakes/project.js'
import { apiOn, ask } from './asking.js'

const E = 'market_data'
const DAY = '2026/03/01'
let own: Parts
let api: ReturnType<typeof apiOn>
beforeEach(() => {
  own = parts()
  api = apiOn(own)
})
const post = (path: string, body: object, project = testProject) =>
  ask({ ...api, project } as ApiEffects, path, { method: 'POST', body })

describe('a request to put small files together', () => {
  const compact = (body: object, entity = E) => post(`/entities/${entity}/compact`, body)

  test('is taken, with who asked', async () => {
    expect((await compact({ by: ' ada ', today: true })).status).toBe(202)
    const requestId = expect.stringMatching(/^api:./)
    expect(api.requested).toEqual([
      { name: 'Compaction Requested', detail: { entity: E, requestId, by: 'ada', today: true } },
    ])
  })

  test('is refused of an unknown entity, and of nobody', async () => {
    expect(await compact({ by: 'ada' }, 'toString')).toMatchObject({
      ...{ status: 404, body: { message: expect.stringContaining('there is no entity "toString"') } },
    })
    for (const body of [{}, { by: ' ' }, { by: 'x'.repeat(201) }, { by: 'ada', days: 3 }])
      expect((await compact(body)).status).toBeGreaterThanOrEqual(400)
    expect(api.requested).toEqual([])
  })

  test('says beforehand what it would do, and does nothing', async () => {
    const today = new Date(own.clock.now()).toISOString().slice(0, 10).replaceAll('-', '/')
    const silver = (number: number, days: string[], bytes: number[]) =>
      own.ledger.write({
        put: { ...silverRunKey(E, number), runId: `r${number}`, ordinal: number, days, bytes },
      })
    await silver(1, [DAY, DAY, DAY], [10, 20, 5_000])
    await silver(2, [today], [10])
    const day = { day: DAY, files: 2, become: 1, bytes: 30, stay: 1 }
    const closed = await compact({ by: 'ada', dryRun: true })
    expect(closed.body).toEqual({ entity: E, days: [day], more: false })
    const open = await compact({ by: 'ada', dryRun: true, today: true })
    expect(open.body.days).toEqual([day, { day: today, files: 0, become: 0, bytes: 0, stay: 1 }])
    expect(api.requested).toEqual([])
  })

  test('names the files that it made as they lie in silver', () => {
    const file = (rows: number) => ({ key: '_pending/x', day: DAY, bytes: 1, rows, files: 2 })
    const content = { run_id: 'c1', attempt: 1, rows: 12, files: [file(5), file(7)] }
    expect(compactOutputs(E, 'c1', content)).toEqual([
      { key: silverKey(E, DAY, 'c1', 0), rows: 5 },
      { key: silverKey(E, DAY, 'c1', 1), rows: 7 },
    ])
  })
})

describe('a request to delete what is held of somebody', () => {
  const market = testProject.entities[E] as (typeof testProject.entities)[string]
  const columns = [...market.columns, { name: 'mail', glueType: 'string' }]
  const of = (entity: object) => ({
    ...testProject,
    entities: { [E]: { ...market, columns, classified: { mail: 'pii' as const }, ...entity } },
  })
  const forget = async (body: object, entity: object = {}) => {
    const asked = { key: 'AAPL', by: 'ada', why: 'letter 17', ...body }
    const { status, body: answer } = await post(`/entities/${E}/forget`, asked, of(entity))
    return [status, JSON.stringify(answer)]
  }

  test.each([
    [
      {},
      { key: ['symbol', 'mail'] },
      422,
      'a row of market_data is known by symbol and mail; name one column',
    ],
    [{ column: 'size' }, {}, 422, 'column: market_data has no column size'],
    [{ column: 'mail' }, {}, 409, 'mail is pii: silver may not show it, so ask by an id'],
    [{ why: 'it is AAPL' }, {}, 422, 'it must not name the subject'],
    [{ column: 'Symbol' }, {}, 422, 'column'],
    [{ column: 'symbol-' }, {}, 422, 'column'],
    [{ by: '  ' }, {}, 422, 'by'],
    [{ why: ' ' }, {}, 422, 'why'],
    [{ why: 'x'.repeat(1_001) }, {}, 422, 'why'],
  ])('as %j of %j is refused with %i: %s', async (body, entity, status, words) => {
    expect(await forget(body, entity)).toEqual([status, expect.stringContaining(words)])
    expect(api.requested).toEqual([])
    expect(own.artifacts.keys('forgets/')).toEqual([])
  })

  test('is taken of the column that is named, where a row is known by several', async () => {
    expect((await forget({ column: 'symbol' }, { key: ['symbol', 'mail'] }))[0]).toBe(202)
    expect(api.requested).toMatchObject([{ detail: { column: 'symbol', dryRun: false } }])
    const [subject = ''] = own.artifacts.keys('forgets/')
    expect(own.artifacts.objects.get(subject)).toEqual({ value: 'AAPL' })
  })
})

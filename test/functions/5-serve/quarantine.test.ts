import { beforeEach, describe, expect, test } from 'vitest'
import type { Entity } from '../../../shared/declared.js'
import type { Item } from '../../../shared/ledger.js'
import { parts } from '../../fakes/parts.js'
import { apiOn, ask } from './asking.js'

const RUN = 'r0000000000000000000000001'
let fakes: ReturnType<typeof parts>
let effects: ReturnType<typeof apiOn>

beforeEach(() => {
  fakes = parts()
  effects = apiOn(fakes)
})

const put = (item: unknown) => fakes.ledger.write({ put: item as Item })
const get = (path: string) => ask(effects, path)

describe('the list of what is in quarantine', () => {
  const at = (minute: number) => `2026-03-02T07:0${minute}:00.000Z`
  const file = (minute: number) => ({
    PK: `FILE#f${minute}`,
    SK: 'META',
    key: `source=x/${minute}.csv`,
    quarantined: 'unknown_source',
    reason: 'nobody declares it',
    quarantinedPk: 'all',
    quarantinedAt: `${at(minute)}#f${minute}`,
  })
  const run = (minute: number, subject: string, reasons: Record<string, number>) => ({
    PK: `RUN#r${minute}`,
    SK: 'META',
    runId: `r${minute}`,
    subject,
    state: 'COMMITTED',
    rows: { in: 10, out: 7, duplicates: 0, rejected: 3 },
    reasons,
    endedAt: at(minute),
    quarantinedPk: 'all',
    quarantinedAt: `${at(minute)}#r${minute}`,
  })

  beforeEach(async () => {
    await put(file(1))
    await put(run(2, 'market_data', { close_missing: 3 }))
    await put(run(3, 'transactions', { close_missing: 1, side_not_allowed: 2 }))
    await put(file(4))
  })

  test('shows files and runs, newest first, and counts by reason', async () => {
    const { body } = await get('/quarantine')
    expect(body.files.map(({ fileId }: { fileId: string }) => fileId)).toEqual(['f4', 'f1'])
    expect(body.runs).toMatchObject([
      { runId: 'r3', entity: 'transactions', state: 'COMMITTED', rejected: 3, at: at(3) },
      { runId: 'r2', entity: 'market_data', reasons: { close_missing: 3 } },
    ])
    expect(body.reasons).toEqual({ unknown_source: 2, close_missing: 4, side_not_allowed: 2 })
    expect(body.next).toBeUndefined()
  })

  test.each([
    ['entity=market_data', ['r2']],
    ['reason=close_missing', ['r3', 'r2']],
    ['reason=close_missing&entity=transactions', ['r3']],
    ['reason=unknown_source', ['f4', 'f1']],
    ['reason=toString', []],
  ])('can be asked by %s', async (query, ids) => {
    const { body } = await get(`/quarantine?${query}`)
    expect([...body.runs, ...body.files].map(({ runId, fileId }) => runId ?? fileId)).toEqual(ids)
  })

  test('comes in pages that join without gap or repeat', async () => {
    const found: string[] = []
    let next = ''
    for (let pages = 0; pages < 9; pages += 1) {
      const { body } = await get(`/quarantine?limit=1${next && `&next=${next}`}`)
      found.push(...[...body.runs, ...body.files].map(({ runId, fileId }) => runId ?? fileId))
      next = body.next ?? ''
      if (!next) break
    }
    expect(found).toEqual(['f4', 'r3', 'r2', 'f1'])
  })
})

describe('the rejected rows of a run', () => {
  const line = (reason: string, n: number, raw: unknown = `row ${n} ä`) =>
    JSON.stringify({
      reason,
      reasons: [reason],
      detail: null,
      source_file: 'a.csv',
      source_version: 'v',
      line: n,
      raw,
    })
  const key = (reason: string) => `entity=market_data/reason=${reason}/run=${RUN}/attempt=1/rejected.ndjson`

  beforeEach(async () => {
    fakes.quarantine.objects.set(key('low'), `${line('low', 1)}\n${line('low', 2)}\n${line('low', 3)}\n`)
    fakes.quarantine.objects.set(key('void'), `${line('void', 9, null)}\nno json\n`)
    const quarantine = ['low', 'void'].map((reason) => ({ reason, key: key(reason), rows: 3 }))
    const rows = { in: 10, out: 5, duplicates: 0, rejected: 5 }
    const reasons = { low: 3, void: 2 }
    const content = { runId: RUN, subject: 'market_data', state: 'PARKED', rows, reasons, quarantine }
    await put({ PK: `RUN#${RUN}`, SK: 'META', ...content })
  })

  test('are shown with reason, file, version, line and text', async () => {
    const { status, body } = await get(`/quarantine/${RUN}`)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      runId: RUN,
      entity: 'market_data',
      state: 'PARKED',
      rejected: 5,
      missing: [],
    })
    expect(body.rows[0]).toEqual({
      reason: 'low',
      reasons: ['low'],
      detail: null,
      file: 'a.csv',
      version: 'v',
      line: 1,
      text: 'row 1 ä',
      cut: false,
    })
    expect(body.rows.slice(3)).toMatchObject([
      { reason: 'void', line: 9, text: null },
      { reason: null, line: null, text: 'no json' },
    ])
    expect(body.next).toBeUndefined()
  })

  test('of an entity that knows persons show only what its contract leaves open', async () => {
    const entity = effects.project.entities.market_data as Entity
    const classified = { symbol: 'pii' } as const
    const columns = [...entity.columns, { name: 'volume', glueType: 'bigint' }]
    const entities = { ...effects.project.entities, market_data: { ...entity, columns, classified } }
    effects = { ...effects, project: { ...effects.project, entities } }
    const row = { volume: 1, symbol: 'Maria', mail: 'maria@example.org', note: null }
    fakes.quarantine.objects.set(key('low'), `${line('low', 1, JSON.stringify(row))}\n${line('low', 2)}\n`)
    const texts = (await get(`/quarantine/${RUN}?reason=low`)).body.rows.map(
      (one: { text: string }) => one.text,
    )
    expect(JSON.parse(texts[0])).toEqual({ volume: 1, symbol: '***', mail: '***', note: null })
    expect(texts[1]).toBe('***')
  })

  test('can be asked by reason', async () => {
    const { body } = await get(`/quarantine/${RUN}?reason=void`)
    expect(body.rows.map(({ line: at }: { line: unknown }) => at)).toEqual([9, null])
    expect((await get(`/quarantine/${RUN}?reason=low&limit=3`)).body.next).toBeUndefined()
    expect((await get(`/quarantine/${RUN}?reason=none`)).body.rows).toEqual([])
  })

  test('come in pages over all files of the run', async () => {
    for (const limit of [1, 2, 3, 4]) {
      const found: unknown[] = []
      let next = ''
      for (let pages = 0; pages < 9; pages += 1) {
        const { body } = await get(`/quarantine/${RUN}?limit=${limit}${next && `&next=${next}`}`)
        expect(body.rows.length).toBeLessThanOrEqual(limit)
        found.push(...body.rows.map(({ line: at }: { line: unknown }) => at))
        next = body.next ?? ''
        if (!next) break
      }
      expect(found).toEqual([1, 2, 3, 9, null])
    }
  })

  test('are cut where a row is very long, and say so', async () => {
    fakes.quarantine.objects.set(key('low'), `${line('low', 1, 'x'.repeat(600_000))}\n`)
    const [row] = (await get(`/quarantine/${RUN}`)).body.rows
    expect([row.text.length, row.cut]).toEqual([2_000, true])
  })

  test('end an answer that has read 8 MiB, and the next page goes on', async () => {
    const long = 'x'.repeat(5 * 1_024 ** 2)
    fakes.quarantine.objects.set(key('low'), `${line('low', 1, long)}\n${line('low', 2, long)}\n`)
    const { body } = await get(`/quarantine/${RUN}`)
    expect(body.rows.map(({ line: at }: { line: unknown }) => at)).toEqual([1, 2])
    expect((await get(`/quarantine/${RUN}?next=${body.next}`)).body.rows).toMatchObject([{ line: 9 }, {}])
  })

  test('whose object is gone are named as missing', async () => {
    fakes.quarantine.objects.delete(key('low'))
    const { body } = await get(`/quarantine/${RUN}`)
    expect(body.missing).toEqual([key('low')])
    expect(body.rows).toHaveLength(2)
  })

  test.each([
    [`/quarantine/${RUN}?limit=0`, 400],
    [`/quarantine/${RUN}?next=x`, 400],
    [`/quarantine/${RUN}?nothing=1`, 400],
    ['/quarantine/r9', 404],
  ])('%s answers %d', async (path, status) => {
    expect((await get(path)).status).toBe(status)
  })
})

describe('incidents', () => {
  const incident = (minute: number, state: string) => ({
    PK: `INCIDENT#i${minute}`,
    SK: 'META',
    incidentId: `i${minute}`,
    state,
    priority: 'P2',
    title: 'held',
    incidentsPk: 'all',
    incidentsAt: `2026-03-02T07:0${minute}:00.000Z`,
  })

  test('are shown newest first, and by state', async () => {
    for (const [minute, state] of ['open', 'closed', 'open'].entries()) await put(incident(minute, state))
    const ids = async (query: string) =>
      (await get(`/incidents${query}`)).body.incidents.map(
        ({ incidentId }: { incidentId: string }) => incidentId,
      )
    expect(await ids('')).toEqual(['i2', 'i1', 'i0'])
    expect(await ids('?state=open')).toEqual(['i2', 'i0'])
    expect((await get('/incidents?limit=1&state=closed')).body).toMatchObject({
      incidents: [{ incidentId: 'i1' }],
    })
    expect((await get('/incidents?state=x')).status).toBe(400)
  })
})

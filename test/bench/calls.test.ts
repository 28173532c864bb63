import { describe, expect, it } from 'vitest'
import { grown, least } from '../../bench/calls/count.js'
import { copyOf, templateOf } from '../../bench/calls/history.js'

const [CLEANSE, BUILD] = [`${'0'.repeat(25)}a`, `${'0'.repeat(25)}b`]
const FILE = 'f'.repeat(64)
const EVENT = '6a7e8feb-b491-4cf7-a9f1-bf3703467718'
const createdAt = '2026-03-02T07:00:00.000Z'
const run = (runId: string, kind: string) => ({
  ...{ PK: `RUN#${runId}`, SK: 'META', runId, kind, state: 'COMMITTED', subject: 'prices', createdAt },
  ...{ duePk: 'all', dueAt: createdAt },
})
const ledger = [
  run(CLEANSE, 'cleanse'),
  run(BUILD, 'build'),
  { PK: `RUN#${CLEANSE}`, SK: `IN#FILE#${FILE}` },
  { PK: `FILE#${FILE}`, SK: 'META', run: CLEANSE },
  { PK: `EVENT#${EVENT}`, SK: 'start-cleanse', eventPk: `RUN#${CLEANSE}`, expiresAt: 1 },
  { PK: 'SILVER#prices', SK: 'RUN#0000000001', runId: CLEANSE, ordinal: 1 },
  { PK: 'SILVER#prices', SK: 'HEAD', count: 1 },
  { PK: 'LANE#build:x', SK: 'STATE', builtBy: BUILD },
]

describe('the past of a ledger', () => {
  const template = templateOf(ledger)
  const keys = (items: { PK: string; SK: string }[]) => items.map(({ PK, SK }) => `${PK} ${SK}`)

  it('is made of what belongs to a run, never of the present', () => {
    expect(keys(template.items as never)).toHaveLength(6)
    expect(keys(template.items as never).join()).not.toMatch(/HEAD|STATE/)
  })

  it('has new keys in each copy, the next number in silver, earlier times, and nothing due', () => {
    const [first, second] = [copyOf(template, 1, 2), copyOf(template, 2, 3)]
    const all = [...template.items, ...first, ...second]
    expect(new Set(keys(all as never)).size).toBe(18)
    expect(first.map(({ SK }) => SK)).toContain('RUN#0000000002')
    expect(second.find(({ SK, kind }) => SK === 'META' && kind)).toMatchObject({
      createdAt: '2026-03-02T06:58:00.000Z',
    })
    expect(all.filter((item) => 'duePk' in item)).toEqual([])
  })
})

describe('growth', () => {
  it('is what even the best round after makes more of than the worst before', () => {
    const before = [{ 'a s3:Get': 2 }, { 'a s3:Get': 3 }]
    expect(grown('w', before, [{ 'a s3:Get': 3 }, { 'a s3:Get': 9 }])).toEqual([])
    expect(grown('w', before, [{ 'a s3:Get': 4 }, { 'a s3:Get': 9 }])).toEqual(['w: a s3:Get 3 -> 4'])
    expect(grown('w', before, [{ 'b s3:Put': 1 }])).toEqual(['w: b s3:Put 0 -> 1'])
    expect(least([{ x: 2 }, {}])).toEqual({})
  })
})

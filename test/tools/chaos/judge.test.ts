import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterAll, describe, expect, it } from 'vitest'
import { seeded } from '../../../tools/chaos/files.js'
import { ledgerDifferences } from '../../../tools/chaos/judge.js'
import { readOptions } from '../../../tools/chaos/options.js'
import { unrest } from '../../../tools/chaos/rest.js'

const folder = mkdtempSync(`${tmpdir()}/sluice-judge-`)
afterAll(() => rmSync(folder, { recursive: true }))
writeFileSync(`${folder}/four.ndjson`, '{}\n{}\n{}\n{}\n')
const landings = [{ source: 'market-data', path: `${folder}/four.ndjson` }]
const rows = { in: 4, out: 2, duplicates: 1, rejected: 1 }
const run = (more: object) => ({ PK: 'RUN#1', SK: 'META', runId: '1', kind: 'cleanse', ...more })

describe('the judge of a chaos run', () => {
  it('finds nothing where each landed row was read once and accounted for', () => {
    expect(ledgerDifferences([run({ state: 'COMMITTED', rows })], landings)).toEqual([])
  })

  it.each([
    [
      'a row that is neither in silver nor anywhere',
      { state: 'COMMITTED', rows: { ...rows, out: 1 } },
      'add up',
    ],
    ['a row that was read twice', { state: 'COMMITTED', rows: { ...rows, in: 5, out: 3 } }, '4 rows landed'],
    ['a run that nobody put back', { state: 'PARKED', reason: 'lost' }, 'is parked: lost'],
  ])('finds %s', (_, more, words) => {
    expect(ledgerDifferences([run(more)], landings).join()).toContain(words)
  })
})

describe('rest', () => {
  const file = { PK: 'FILE#a', SK: 'META', run: '1' }

  it('is when every file stands in a run that has ended, and every outcome is heard', () => {
    expect(unrest([file, run({ state: 'COMMITTED' })], 1)).toBe('')
  })

  it.each([
    ['a file that no event brought', [file], 2, '1 files unheard of'],
    ['a file in no run', [{ ...file, run: undefined }], 1, '1 files in no run'],
    ['a run that goes on', [file, run({ state: 'COMMITTING' })], 1, 'cleanse COMMITTING'],
    ['an entry that waits', [file, { PK: 'LANE#l', SK: 'WAIT#1' }], 1, '1 waiting entries'],
    ['a lane that is held', [file, { PK: 'LANE#l', SK: 'HOLD', holder: '1' }], 1, '1 held lanes'],
    ['an outcome nobody heard', [file, run({ state: 'COMMITTED', duePk: 'all' })], 1, 'not heard yet'],
  ])('is not while there is %s', (_, items, landed, words) => {
    expect(unrest(items, landed)).toContain(words)
  })
})

describe('the options of a chaos run', () => {
  it('are 300 files with seed 1 unless told', () => {
    expect(readOptions([])).toMatchObject({ files: 300, seed: 1, minutes: 12 })
    expect(readOptions(['--files', '5', '--seed', '9']).seed).toBe(9)
  })

  it.each([
    ['--files', '0'],
    ['--minutes', 'x'],
    ['--fils', '3'],
  ])('refuse %s %s', (...args) => {
    expect(() => readOptions(args)).toThrow(/--fil|--minutes/)
  })

  it('let a seed give the same order again', () => {
    const [one, two] = [seeded(4), seeded(4)]
    expect(Array.from({ length: 5 }, one)).toEqual(Array.from({ length: 5 }, two))
  })
})

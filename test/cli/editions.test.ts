import { describe, expect, test } from 'vitest'
import { main } from '../../cli/main.js'
import { terminal } from './answering.js'

const at = terminal()
const edition = (name: string, more: object = {}) => ({
  ...{ edition: name, state: 'earlier', publishedAt: '2026-03-02T07:00:00.000Z' },
  ...{ datasets: [{ dataset: 'daily', version: 2, rows: 1_200 }], ...more },
})
const ROLLBACK = { requestId: 'q1', from: 'e3', by: 'ada', why: 'it is wrong', at: 'T', holds: true }
const page = (more: object = {}) => ({
  ...{ domain: 'finance', shown: 'e2', since: '2026-03-02T08:00:00.000Z', tablesFollowed: true },
  ...{ rollback: null, editions: [], ...more },
})

describe('editions', () => {
  test('are shown with where they stand, and the domain with who rolled it back and why', async () => {
    const editions = [
      edition('e4', { state: 'unpublished', publishedAt: undefined, heldBy: 'q1' }),
      edition('e3', { rolledBack: { by: 'ada', why: 'it is wrong', at: 'T', to: 'e2' } }),
      edition('e2', { state: 'shown' }),
      edition('e1', { state: 'going', retiredAt: 'T1' }),
      edition('e0', { state: 'deleted', retiredAt: 'T1', deletedAt: 'T2' }),
    ]
    at.answer.body = page({ rollback: ROLLBACK, editions, tablesFollowed: false, next: 'm' })
    expect(await main(['editions', 'finance'])).toBe(0)
    expect(at.asked[0]?.path).toBe('/domains/finance/editions?limit=20')
    for (const words of [
      /finance shows e2 since 2026-03-02 08:00:00Z; the catalog tables are still to follow\n/,
      /rolled back from e3 by ada: it is wrong; it holds until a newer edition is published\n/,
      /e4 +unpublished +- +1,200 +daily v2 +begun before a rollback, not published\n/,
      /e3 +earlier .* rolled back by ada: it is wrong\n/,
      /e1 +going .* given up at T1\n/,
      /e0 +deleted .* deleted at T2\n/,
      /more: --next m\n/,
    ])
      expect(at.out).toMatch(words)
  })

  test('of a domain that has published nothing say so', async () => {
    at.answer.body = page({ shown: null, since: null })
    await main(['editions', 'finance'])
    expect(at.out).toBe('  nothing of finance is published yet\n\n  no edition was built yet\n')
  })
})

describe('a diff', () => {
  const outline = {
    ...{ dataset: 'daily', in: 'both', key: ['account', 'day'], versions: { from: 1, to: 2 } },
    rows: { from: 10, to: 12 },
    columns: { added: ['b'], removed: ['a'], retyped: [{ column: 'c', from: 'int', to: 'bigint' }] },
  }
  const gone = { ...outline, dataset: 'old', in: 'from', rows: { from: 1, to: null } }
  const compared = {
    by: 'key',
    rows: { added: 3, removed: 1, changed: 2, same: 7, repeated: 4 },
    columns: { value: 2 },
  }

  test('asks for each dataset by itself, and shows rows, columns and values that changed', async () => {
    at.answer.body = { domain: 'finance', from: 'e1', to: 'e2', datasets: [outline], compared }
    expect(await main(['diff', 'finance', 'e1', 'e2'])).toBe(0)
    expect(at.asked.map(({ path }) => path)).toEqual([
      '/domains/finance/diff?from=e1&to=e2',
      '/domains/finance/diff?from=e1&to=e2&dataset=daily',
    ])
    for (const words of [
      /daily +10 → 12 +3 +1 +2 +7 +account, day\n/,
      /daily: schema version 1 → 2\n/,
      /daily: new columns: b\n/,
      /daily: columns gone: a\n/,
      /daily: other types: c int → bigint\n/,
      /daily: changed values: value 2\n/,
      /daily: 4 keys occur more than once\n/,
    ])
      expect(at.out).toMatch(words)
  })

  test('of a dataset that only one edition holds says so', async () => {
    at.answer.body = { domain: 'finance', from: 'e1', to: 'e2', datasets: [gone] }
    await main(['diff', 'finance', 'e1', 'e2', '--dataset', 'old'])
    expect(at.out).toMatch(/old +1 → - +- +- +- +- +-\n/)
    expect(at.out).toContain('old: is gone\n')
  })

  test('of a dataset that neither holds says what the API says', async () => {
    at.answer = { status: 404, body: { message: 'neither edition has a dataset "x"' } }
    expect(await main(['diff', 'finance', 'e1', 'e2', '--dataset', 'x'])).toBe(1)
    expect(at.err).toBe('sluice: neither edition has a dataset "x"\n')
  })
})

describe('a rollback', () => {
  const asked = { eventId: 'e-1', domain: 'finance', requestId: 'q1', from: 'e3', to: 'e2', follow: 'f' }

  test('is asked for with who and why, and waited for until readers see it', async () => {
    at.answer.body = { ...asked, ...page({ rollback: ROLLBACK }) }
    expect(await main(['rollback', 'finance', '--to', 'e2', '--why', 'it is wrong', '--by', 'ada'])).toBe(0)
    expect(at.asked[0]).toMatchObject({ method: 'POST', path: '/domains/finance/rollback' })
    expect(JSON.parse(at.asked[0]?.body ?? '')).toEqual({ by: 'ada', why: 'it is wrong', to: 'e2' })
    expect(at.asked[1]?.path).toBe('/domains/finance/editions?limit=1')
    expect(at.out).toMatch(/finance shows e2, after [\d.]+ s; it showed e3\n/)
    expect(at.out).toContain('npx sluice rollback finance --to e3')
  })

  test('needs a reason, and says what the API says when it is refused', async () => {
    expect(await main(['rollback', 'finance'])).toBe(1)
    expect(at.err).toContain("required option '--why <reason>' not specified")
    at.answer = { status: 409, body: { message: 'edition e1 was never published' } }
    expect(await main(['rollback', 'finance', '--to', 'e1', '--why', 'x'])).toBe(1)
    expect(at.err).toContain('sluice: edition e1 was never published\n')
  })
})

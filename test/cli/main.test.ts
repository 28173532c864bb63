import { readFileSync } from 'node:fs'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { prefixOf } from '../../cli/land.js'
import { main } from '../../cli/main.js'
import { terminal } from './answering.js'

const at = terminal()

describe('a command', () => {
  test('asks the API with the token and prints a table', async () => {
    at.answer.body = { lanes: [{ lane: 'cleanse:a', runId: null, waiting: 3 }], domains: [] }
    expect(await main(['status'])).toBe(0)
    expect(at.asked).toMatchObject([{ method: 'GET', path: '/status', token: 'Bearer token' }])
    expect(at.out).toMatch(/cleanse:a +free +3/)
  })

  test('filters runs, and tells none that matches from none at all', async () => {
    at.answer.body = { runs: [] }
    await main(['runs', '--state', 'parked', '--subject', 'prices'])
    expect(at.asked[0]?.path).toBe('/runs?limit=20&state=PARKED&subject=prices')
    await main(['runs'])
    expect(at.out).toBe('  no run matches\n  no runs yet\n')
  })

  test('tells its version, which is that of the package', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
    expect(await main(['--version'])).toBe(0)
    expect(at.out).toBe(`${version}\n`)
  })

  test('names its own help after a mistake', async () => {
    expect(await main(['put', 'a.csv'])).toBe(1)
    expect(at.err).toContain('(sluice put --help tells more)')
    at.err = ''
    expect(await main(['quarantine', 'replay'])).toBe(1)
    expect(at.err).toContain('(sluice quarantine replay --help tells more)')
  })

  test('prints the data as it came with --json', async () => {
    at.answer.body = { runs: [], next: 'm' }
    expect(await main(['runs', '--json', '--kind', 'build'])).toBe(0)
    expect(JSON.parse(at.out)).toEqual(at.answer.body)
    expect(at.asked[0]?.path).toBe('/runs?limit=20&kind=build')
  })

  test.each([
    'status',
    'runs',
    'show',
    'why',
    'incidents',
    'put',
    'query',
    'retry',
    'approve',
    'quarantine ls',
    'quarantine show',
    'quarantine replay',
    'sources check',
  ])('%s has --help and --json', async (name) => {
    expect(await main([...name.split(' '), '--help'])).toBe(0)
    expect(at.out).toContain(`Usage: sluice ${name}`)
    expect(at.out).toContain('--json')
  })
})

describe('the filters of a query', () => {
  const query = (...where: string[]) =>
    main(['query', 'finance', 'daily', ...where.flatMap((one) => ['--where', one])])
  beforeEach(() => {
    at.answer.body = { domain: 'finance', dataset: 'daily', edition: 'e1', rows: [] }
  })

  test('become the API’s parameters, with values untouched', async () => {
    const spelled = ['f.gte=2013-01-01', 'g.eq=.lt=1']
    expect(await query('a=x=y&z', 'b>=2013-01-01', 'b<2014-01-01', 'c>1', 'd<=', 'e=a\nb', ...spelled)).toBe(
      0,
    )
    const parameters = new URL(`http://x${at.asked[0]?.path}`).searchParams
    expect([...parameters]).toEqual([
      ['a', 'x=y&z'],
      ['b.gte', '2013-01-01'],
      ['b.lt', '2014-01-01'],
      ['c.gt', '1'],
      ['d.lte', ''],
      ['e', 'a\nb'],
      ['f.gte', '2013-01-01'],
      ['g.eq', '.lt=1'],
      ['limit', '20'],
    ])
  })

  test.each(['nonsense', 'a!=1', '=1', 'a b=1', 'a.like=1', 'a.gte'])(
    '%s is refused in one sentence',
    async (where) => {
      expect(await query(where)).toBe(1)
      expect(at.err).toBe(
        `sluice: "${where}" is no filter: write column=value, or 'column>=value' with >=, <=, > or <\n`,
      )
      expect(at.asked).toEqual([])
    },
  )

  test('none of two on the same column is dropped silently', async () => {
    const code = await query('symbol=AAPL', 'symbol=MSFT')
    const sent = new URL(`http://x${at.asked[0]?.path ?? ''}`).searchParams.getAll('symbol')
    expect(code === 1 || sent.length === 2).toBe(true)
  })

  test('a column named like an option is not dropped silently', async () => {
    const code = await query('limit=5')
    expect(code).toBe(1)
  })

  test('names in the path are encoded', async () => {
    await main(['query', '../runs', 'a/b'])
    expect(at.asked[0]?.path).toMatch(/^\/gold\/\.\.%2Fruns\/a%2Fb\?/)
  })
})

describe('what goes wrong', () => {
  const failing = async (...argv: string[]) => {
    expect(await main(argv)).toBe(1)
    expect(at.err).not.toMatch(/\n {4}at /)
    expect(at.err.trim().split('\n')).toHaveLength(1)
    return at.err
  }

  test('is told in the API’s own words, without a stack', async () => {
    at.answer = { status: 404, body: { message: 'there is no run "x"; GET /runs lists them' } }
    expect(await failing('show', 'x')).toBe('sluice: there is no run "x"; `npx sluice runs` lists them\n')
    at.err = ''
    at.answer.body = { message: 'no edition; GET /domains/finance/editions lists them' }
    expect(await failing('editions', 'finance')).toContain('; `npx sluice editions finance` lists them')
  })

  test('shows each problem of a query', async () => {
    at.answer = {
      status: 400,
      body: { message: 'this query cannot be answered: a: no such column', problems: ['a: no such column'] },
    }
    expect(await failing('query', 'd', 'x', '--where', 'a=1')).toContain('a: no such column')
  })

  test('says that the token is not accepted', async () => {
    at.answer = { status: 401, body: {} }
    expect(await failing('status')).toContain('does not accept this token')
  })

  test('survives an answer that is no JSON object', async () => {
    at.answer = { status: 502, body: 'bad gateway' }
    expect(await failing('status')).toContain('the API answered 502')
  })

  test('says where it asked when nobody answers', async () => {
    vi.stubEnv('SLUICE_API_URL', 'http://127.0.0.1:1')
    expect(await failing('status')).toContain('nobody answers at http://127.0.0.1:1')
  })

  test('says which sources there are, and that a file is missing', async () => {
    expect(await failing('put', 'a.json', '--source', 'nobody')).toContain(
      'no source "nobody" is declared; there are',
    )
    at.err = ''
    expect(await failing('put', '/nowhere/a.json', '--source', 'market-data')).toContain('there is no file')
    at.err = ''
    expect(await failing('put', 'test', '--source', 'market-data')).toContain('"test" is no file')
  })

  test('asks which entity a file is of where its source feeds several', async () => {
    const feeds = [
      { entity: 'pets', prefix: 'a/' },
      { entity: 'users', prefix: 'b/' },
    ]
    const sources = { app: { feeds }, shop: { feeds: feeds.slice(1) }, ads: { feeds: [] } }
    const of = (source: string, entity?: string) => prefixOf(sources as never, source, entity)
    expect([of('app', 'users'), of('shop'), of('shop', 'users')]).toEqual(['b/', 'b/', 'b/'])
    expect(() => of('app')).toThrow('the source "app" feeds pets, users: name one with --entity')
    expect(() => of('app', 'cats')).toThrow('the source "app" feeds no "cats"; it feeds pets, users')
    expect(() => of('ads')).toThrow('feeds no files')
  })

  test('says what to set', async () => {
    vi.stubEnv('SLUICE_API_TOKEN', '')
    expect(await failing('status')).toContain('SLUICE_API_TOKEN')
  })

  test('of the command line itself shows help and leaves with 1', async () => {
    expect(await main(['nothing'])).toBe(1)
    expect(at.err).toContain("unknown command 'nothing'")
  })
})

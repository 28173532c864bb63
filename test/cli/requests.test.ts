import { userInfo } from 'node:os'
import { describe, expect, test } from 'vitest'
import { main } from '../../cli/main.js'
import { whyText } from '../../cli/why-text.js'
import { terminal } from './answering.js'

const at = terminal()
const RUN = 'r0000000000000000000000001'
const FILE = 'a'.repeat(64)
const ACCEPTED = { eventId: 'e-1', event: 'Retry Requested', by: 'ada', follow: 'npx sluice why e-1' }
const posted = () => at.asked.map(({ method, path, body }) => [method, path, JSON.parse(body)])

describe('a request', () => {
  test.each([
    [['retry', RUN, '--by', 'ada'], `/runs/${RUN}/retry`, { by: 'ada' }],
    [['retry', RUN, '--by', 'ada', '--why', 'again'], `/runs/${RUN}/retry`, { by: 'ada', why: 'again' }],
    [['approve', RUN, '--by', 'ada', '--why', 'seen'], `/runs/${RUN}/approve`, { by: 'ada', why: 'seen' }],
    [['quarantine', 'replay', RUN, '--by', 'ada'], '/quarantine/replay', { by: 'ada', runId: RUN }],
    [['quarantine', 'replay', FILE, '--by', 'ada'], '/quarantine/replay', { by: 'ada', fileId: FILE }],
    [
      ['forget', 'users', '--key', 'us-1', '--why', 'letter 17', '--by', 'ada'],
      '/entities/users/forget',
      { key: 'us-1', why: 'letter 17', by: 'ada' },
    ],
    [
      ['forget', 'tasks', '--key', 'us-1', '--column', 'user_id', '--dry-run', '--why', 'w', '--by', 'ada'],
      '/entities/tasks/forget',
      { key: 'us-1', column: 'user_id', dryRun: true, why: 'w', by: 'ada' },
    ],
  ])('%j posts what the person said, and tells how to follow it', async (words, path, body) => {
    at.answer = { status: 202, body: ACCEPTED }
    expect(await main(words)).toBe(0)
    expect(posted()).toEqual([['POST', path, body]])
    expect(at.out).toMatch(
      /^ {2}asked for by ada: .*\b(run|lane)\b.*\n {2}what becomes of it: npx sluice why e-1\n$/,
    )
  })

  test('is made in the name of the machine’s user unless another is told', async () => {
    at.answer = { status: 202, body: ACCEPTED }
    expect(await main(['retry', RUN, '--json'])).toBe(0)
    expect(posted()[0]?.[2]).toEqual({ by: userInfo().username })
    expect(JSON.parse(at.out)).toEqual(ACCEPTED)
  })

  test('that is refused says so in the API’s own words and fails', async () => {
    at.answer = { status: 409, body: { message: `run ${RUN} is not PARKED: it is RUNNING` } }
    expect(await main(['retry', RUN])).toBe(1)
    expect(at.err).toBe(`sluice: run ${RUN} is not PARKED: it is RUNNING\n`)
  })

  test('to let a run through needs a reason, and a replay an id', async () => {
    expect(await main(['approve', RUN])).toBe(1)
    expect(at.err).toContain("required option '--why <reason>' not specified")
    expect(await main(['quarantine', 'replay', 'prices.csv'])).toBe(1)
    expect(at.err).toContain('"prices.csv" is no run and no file')
    expect(at.asked).toEqual([])
  })
})

describe('the quarantine', () => {
  test.each([[['quarantine']], [['quarantine', 'ls']]])(
    '%j lists files, runs and counts by reason',
    async (words) => {
      at.answer.body = {
        files: [
          { fileId: FILE, key: 'source=x/a.csv', reason: 'nobody declares it', landedAt: '2026-03-02' },
        ],
        runs: [
          {
            runId: RUN,
            entity: 'prices',
            state: 'COMMITTED',
            at: '2026-03-02',
            rejected: 3,
            reasons: { low: 1, high: 2 },
          },
        ],
        reasons: { low: 1, high: 2, unknown_source: 1 },
        next: 'm',
      }
      expect(await main([...words, '--entity', 'prices', '--reason', 'low'])).toBe(0)
      expect(at.asked[0]?.path).toBe('/quarantine?limit=50&entity=prices&reason=low')
      for (const shown of [FILE, RUN, 'high 2, low 1', 'unknown_source', '--next m'])
        expect(at.out).toContain(shown)
    },
  )

  test('that is empty says so', async () => {
    at.answer.body = { files: [], runs: [], reasons: {} }
    await main(['quarantine', 'ls'])
    expect(at.out).toBe('  nothing is in quarantine\n')
    at.out = ''
    await main(['quarantine', 'ls', '--reason', 'low'])
    expect(at.out).toBe('  nothing in quarantine matches\n')
  })

  test('shows the rows of a run with file and line, on one line each', async () => {
    const row = { reason: 'low', detail: null, file: 'a.csv', line: 7, text: 'x\u001b[31m,1\n2' }
    const whole = { reason: 'unreadable', detail: 'no JSON', file: 'b.json', line: null, text: null }
    at.answer.body = {
      runId: RUN,
      entity: 'p',
      rejected: 9,
      rows: [row, whole],
      missing: ['gone.ndjson'],
      next: 'm',
    }
    expect(await main(['quarantine', 'show', RUN, '--reason', 'low', '--limit', '2'])).toBe(0)
    expect(at.asked[0]?.path).toBe(`/quarantine/${RUN}?limit=2&reason=low`)
    expect(at.out).not.toContain('\u001b')
    expect(at.out).toMatch(/low +a\.csv +7 +x \[31m,1 2\n/)
    expect(at.out).toMatch(/unreadable +b\.json +whole file +no JSON\n/)
    expect(at.out).toContain('gone from the quarantine bucket: gone.ndjson')
    expect(at.out).toContain('--next m')
  })

  test('cuts a long row and says how to see all of it', async () => {
    const text = 'x'.repeat(300)
    const rows = [{ reason: 'low', detail: null, file: 'a.csv', line: 7, text }]
    at.answer.body = { runId: RUN, entity: 'p', rejected: 1, rows, missing: [] }
    await main(['quarantine', 'show', RUN])
    expect(at.out).not.toContain(text)
    expect(at.out).toContain('--whole shows all of each')
    at.out = ''
    await main(['quarantine', 'show', RUN, '--whole'])
    expect(at.asked.at(-1)?.path).toBe(`/quarantine/${RUN}?limit=20`)
    expect(at.out).toContain(`${text}\n`)
    expect(at.out).not.toContain('--whole')
  })
})

describe('incidents', () => {
  test('are shown with priority, state and how often they happened', async () => {
    const incident = {
      incidentId: 'i1',
      state: 'open',
      priority: 'P2',
      title: 'held',
      reason: 'bad',
      count: 3,
    }
    at.answer.body = { incidents: [{ ...incident, openedAt: '2026-03-02T07:00:00.000Z', closedAt: null }] }
    expect(await main(['incidents', '--state', 'open'])).toBe(0)
    expect(at.asked[0]?.path).toBe('/incidents?limit=20&state=open')
    expect(at.out).toMatch(/P2 +open +held +3 +bad +i1/)
  })

  test('of a state that does not exist are refused', async () => {
    expect(await main(['incidents', '--state', 'shut'])).toBe(1)
    expect(at.err).toContain('Allowed choices are open, closed')
  })
})

describe('why', () => {
  test('prints each sentence with its time, and what to ask next where the sentence lacks it', () => {
    const lines = [
      { at: '2026-03-02T07:00:01.234Z', what: 'run r1 took it', ref: 'r1' },
      { at: '2026-03-02T07:00:02.000Z', what: 'it landed', ref: FILE },
      { at: null, what: 'it waits\nfor a person', ref: 'r2' },
    ]
    expect(whyText({ subject: 'a.csv', kind: 'file', id: 'source=x/a.csv', lines })).toBe(
      [
        '  file source=x/a.csv',
        '',
        '  2026-03-02 07:00:01Z  run r1 took it',
        '  2026-03-02 07:00:02Z  it landed',
        '  -                     it waits for a person [r2]',
        '',
      ].join('\n'),
    )
  })

  test('says a sentence once, and a long reason once', () => {
    const reason = '2 of 3 rows rejected (66.7 %), the contract allows 5 %: quantity_missing 2'
    const lines = [
      { at: null, what: `its gate held it back: ${reason}`, ref: null },
      { at: null, what: `finish-cleanse took it: held at the gate: ${reason}`, ref: null },
      { at: null, what: `its gate held it back: ${reason}`, ref: null },
      { at: null, what: 'run r2 is parked: too late', ref: null },
      { at: null, what: 'run r3 is parked: too late', ref: null },
    ]
    const said = whyText({ subject: 'r1', kind: 'run', id: 'r1', lines }).split('\n').slice(2, -1)
    expect(said.map((line) => line.slice('  2026-03-02 07:00:01Z  '.length))).toEqual([
      `its gate held it back: ${reason}`,
      'finish-cleanse took it: held at the gate (as above)',
      'run r2 is parked: too late',
      'run r3 is parked: too late',
    ])
  })

  test('says of several names at once what holds of each of them', () => {
    const of = (...whats: string[]) => {
      const lines = whats.map((what) => ({ at: null, what, ref: null }))
      return whyText({ subject: 's', kind: 'domain', id: 's', lines }).match(/(?<=-\s+)\S.*(?=\n)/g)
    }
    expect(
      of('no run holds lane a:b+c', 'all is read', 'no run holds lane d', 'no run holds lane e'),
    ).toEqual(['no run holds lane a:b+c, d, e', 'all is read'])
    const others = ['1 of a is new', '2 of a is new', '1 of a was new', 'x of b is new']
    expect(of(...others)).toEqual(others)
  })

  test('asks about any subject, also one with slashes', async () => {
    at.answer.body = { subject: 'a', kind: 'file', id: 'a', lines: [] }
    await main(['why', 's3://bronze/source=x/a b.csv'])
    const url = new URL(`http://x${at.asked[0]?.path}`)
    expect([url.pathname, url.searchParams.get('subject')]).toEqual(['/why', 's3://bronze/source=x/a b.csv'])
  })
})

import { describe, expect, test } from 'vitest'
import { type Follow, follow } from '../../cli/backfill-follow.js'
import type { BackfillView } from '../../cli/backfill-text.js'
import { main } from '../../cli/main.js'
import { terminal } from './answering.js'

const at = terminal()
const ID = '01kbackfill000000000000000'
const RANGE = ['--from', '2016-01-01', '--to', '2026-01-01']

const view = (
  counts: Partial<BackfillView['counts']>,
  content: Partial<BackfillView> = {},
): BackfillView => ({
  ...{ backfillId: ID, source: 'fmp', from: '2016-01-01', to: '2026-01-01', chunkDays: 30, parallel: 4 },
  ...{ state: 'running', by: 'ada', createdAt: '2026-03-02T07:00:00.000Z' },
  spent: { chunks: 2, days: 60, seconds: 90, files: 2, rows: 1_000 },
  ...content,
  counts: { chunks: 122, done: 0, underWay: 0, failed: 0, cancelled: 0, waiting: 0, ...counts },
})
const PLAN = {
  ...{ source: 'fmp', from: '2016-01-01', to: '2026-01-01', chunkDays: 30, chunks: 122, days: 3_653 },
  ...{ parallel: 4, limit: 4, secondsPerChunk: 45, minutes: 26, dollars: 0.21, basis: 'assumed' },
  assumptions: ['no chunk of this source has run yet'],
  windows: Array.from({ length: 5 }, (_, day) => ({
    from: `2016-01-0${day + 1}`,
    to: `2016-01-0${day + 2}`,
  })),
}

describe('following a backfill', () => {
  function io(views: (BackfillView | Error)[], content: Partial<Follow> = {}) {
    const told = { text: '', looks: 0 }
    let now = 0
    const look = async () => {
      const next = views[Math.min(told.looks, views.length - 1)] as BackfillView | Error
      told.looks += 1
      if (next instanceof Error) throw next
      return next
    }
    const wait = async () => {
      now += 60_000
      return true
    }
    const out = (text: string) => {
      told.text += text
    }
    const made: Follow = { look, out, isTerminal: false, wait, listen: () => {}, now: () => now, ...content }
    return { told, made }
  }

  test('writes a line whenever something changed, when it is no terminal', async () => {
    const half = view({ done: 61, underWay: 4 })
    const { told, made } = io([view({ underWay: 4 }), half, half, view({ done: 122 }, { state: 'done' })])
    await follow(ID, made)
    const lines = told.text.trimEnd().split('\n')
    expect(lines).toEqual([
      `  ${'░'.repeat(30)}    0 %  0 of 122 chunks, 4 under way`,
      `  ${'█'.repeat(15)}${'░'.repeat(15)}   50 %  61 of 122 chunks, 4 under way, about 1 min left`,
      `  ${'█'.repeat(30)}  100 %  122 of 122 chunks, done`,
    ])
    expect(told.text).not.toContain('\u001b')
  })

  test('draws one bar anew on a terminal, and ends its line', async () => {
    const ended = view({ done: 122 }, { state: 'done' })
    const { told, made } = io([view({ underWay: 1 }), ended], { isTerminal: true })
    await follow(ID, made)
    expect(told.text.split('\r\u001b[2K')).toHaveLength(3)
    expect(told.text.match(/\n/g)).toHaveLength(1)
    expect(told.text.endsWith('\n')).toBe(true)
  })

  test('says why nothing moves', async () => {
    const held = view({ done: 1 }, { heldBy: 'a live extraction waits' })
    const { told, made } = io([held, view({ done: 2, failed: 1 }, { state: 'failed' })])
    await follow(ID, made)
    expect(told.text).toContain('held back: a live extraction waits')
    expect(told.text).toContain('1 failed, failed')
  })

  test('goes on until what is under way has ended, also of a cancelled backfill', async () => {
    const { told, made } = io([
      view({ underWay: 2 }, { state: 'cancelled' }),
      view({ done: 2 }, { state: 'cancelled' }),
    ])
    expect((await follow(ID, made)).counts.done).toBe(2)
    expect(told.looks).toBe(2)
  })

  test('that a person leaves says how to come back, and asks for nothing', async () => {
    const { made } = io([view({ underWay: 1 })], { wait: async () => false })
    await expect(follow(ID, made)).rejects.toThrow(`npx sluice backfill show ${ID} --follow`)
  })

  test('survives an API that is away for a moment, not one that stays away', async () => {
    const away = new Error('nobody answers')
    const back = io([away, away, away, view({ done: 122 }, { state: 'done' })])
    expect((await follow(ID, back.made)).state).toBe('done')
    await expect(follow(ID, io([away]).made)).rejects.toThrow('nobody answers')
  })
})

describe('sluice backfill', () => {
  test('with --dry-run prints chunks, minutes, cost and what they rest on', async () => {
    at.answer.body = { dryRun: true, ...PLAN }
    expect(await main(['backfill', 'fmp', ...RANGE, '--parallel', '4', '--dry-run', '--by', 'ada'])).toBe(0)
    expect(JSON.parse(at.asked[0]?.body ?? '')).toEqual({
      ...{ source: 'fmp', from: '2016-01-01', to: '2026-01-01', chunkDays: 30, parallel: 4, by: 'ada' },
      dryRun: true,
    })
    for (const said of [
      '122 of 30 days, 4 at once',
      'and 119 more',
      'about 26',
      '$0.21',
      '(assumed)',
      'nothing was touched',
    ])
      expect(at.out).toContain(said)
  })

  test('begins one and follows it to its end', async () => {
    at.answer = { status: 202, body: { ...PLAN, ...view({ done: 122 }, { state: 'done' }), follow: 'x' } }
    expect(await main(['backfill', 'fmp', ...RANGE])).toBe(0)
    expect(at.asked.map(({ method, path }) => [method, path])).toEqual([
      ['POST', '/backfills'],
      ['GET', `/backfills/${ID}?limit=1`],
    ])
    expect(at.out).toContain(`backfill ${ID}; Ctrl-C leaves it running`)
    expect(at.out).toContain('122 of 122 chunks')
  })

  test('that failed leaves with 1 and says how to go on', async () => {
    const failed = view({ failed: 2 }, { state: 'failed', reason: '2 of 122 chunks failed' })
    at.answer.body = { ...PLAN, ...failed }
    expect(await main(['backfill', 'show', ID, '--follow'])).toBe(1)
    expect(at.err).toContain(`npx sluice backfill resume ${ID}`)
  })

  test('prints only the end with --json, and only the beginning with --detach', async () => {
    at.answer.body = { ...PLAN, ...view({ done: 122 }, { state: 'done' }), follow: 'npx x' }
    await main(['backfill', 'fmp', ...RANGE, '--json'])
    expect(JSON.parse(at.out)).toMatchObject({ state: 'done', counts: { done: 122 } })
    at.out = ''
    at.asked = []
    await main(['backfill', 'fmp', ...RANGE, '--detach'])
    expect(at.asked).toHaveLength(1)
    expect(at.out).toContain('follow it: npx x --follow')
  })

  test('shows one with what failed and its chunks', async () => {
    at.answer.body = view(
      { done: 1, failed: 1 },
      {
        failedChunks: [
          { from: '2016-01-01', to: '2016-01-31', tries: 3, runId: 'r1', reason: 'exit\u001b 1' },
        ],
        chunks: [{ from: '2016-01-01', to: '2016-01-31', state: 'failed', tries: 3, runId: 'r1' }],
        asks: [{ what: 'pause', by: 'bob', at: '2026-03-02', why: 'night' }],
        next: 'm',
      },
    )
    expect(await main(['backfill', 'show', ID, '--limit', '5'])).toBe(0)
    expect(at.asked[0]?.path).toBe(`/backfills/${ID}?limit=5`)
    for (const said of ['exit  1', 'pause by bob: night', '--next m', '1 of 122 chunks, 1 failed'])
      expect(at.out).toContain(said)
    expect(at.out).not.toContain('\u001b')
  })

  test.each(['pause', 'resume', 'cancel'])('%s asks for it in a person’s name', async (what) => {
    at.answer = { status: 202, body: { state: 'paused', follow: 'npx x' } }
    expect(await main(['backfill', what, ID, '--by', 'ada', '--why', 'night'])).toBe(0)
    expect(at.asked).toMatchObject([{ method: 'POST', path: `/backfills/${ID}/${what}` }])
    expect(JSON.parse(at.asked[0]?.body ?? '')).toEqual({ by: 'ada', why: 'night' })
  })

  test.each(['backfill start', 'backfill show', 'backfill pause', 'backfills', 'extract', 'build'])(
    '%s has --help and --json',
    async (name) => {
      expect(await main([...name.split(' '), '--help'])).toBe(0)
      expect(at.out).toContain(`Usage: sluice ${name}`)
      expect(at.out).toContain('--json')
    },
  )

  test('needs a range, and whole numbers', async () => {
    expect(await main(['backfill', 'fmp'])).toBe(1)
    expect(at.err).toContain("required option '--from <day>' not specified")
    expect(await main(['backfill', 'fmp', ...RANGE, '--chunk-days', 'many'])).toBe(1)
    expect(at.err).toContain('--chunk-days takes a whole number')
    expect(at.asked).toEqual([])
  })
})

describe('other requests', () => {
  test('backfills are listed, newest first', async () => {
    at.answer.body = { backfills: [view({ done: 3 }, { heldBy: 'busy' })], next: 'm' }
    expect(await main(['backfills', '--source', 'fmp'])).toBe(0)
    expect(at.asked[0]?.path).toBe('/backfills?limit=20&source=fmp')
    expect(at.out).toMatch(/fmp +2016-01-01 +2026-01-01 +running +3 +122 +0 +busy/)
  })

  const ACCEPTED = { eventId: 'e-1', event: 'x', by: 'ada', follow: 'npx sluice why e-1' }
  test.each([
    [['extract', 'fmp'], '/sources/fmp/extract', {}],
    [
      ['extract', 'fmp', ...RANGE],
      '/sources/fmp/extract',
      { window: { from: '2016-01-01', to: '2026-01-01' } },
    ],
    [['build', 'finance'], '/domains/finance/build', { mode: 'standard' }],
    [['build', 'finance', '--mode', 'fast'], '/domains/finance/build', { mode: 'fast' }],
    [
      ['build', 'finance', '--force', '--mode', 'full-refresh', '--full-refresh'],
      '/domains/finance/build',
      { mode: 'full-refresh', force: true },
    ],
    [
      ['build', 'finance', '--full-refresh', '--only-if-new', '--select', 'a+', '--select', 'b'],
      '/domains/finance/build',
      { mode: 'full-refresh', onlyIfNew: true, selectors: ['a+', 'b'] },
    ],
  ])('%j posts what the person said', async (words, path, body) => {
    at.answer = { status: 202, body: ACCEPTED }
    expect(await main([...words, '--by', 'ada'])).toBe(0)
    expect(at.asked.map(({ path: to, body: sent }) => [to, JSON.parse(sent)])).toEqual([
      [path, { by: 'ada', ...body }],
    ])
    expect(at.out).toContain('npx sluice why e-1')
  })

  test('a window needs both its days', async () => {
    expect(await main(['extract', 'fmp', '--from', '2020-01-01'])).toBe(1)
    expect(at.err).toContain('both --from and --to')
  })
})

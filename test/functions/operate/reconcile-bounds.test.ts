import { beforeEach, describe, expect, test } from 'vitest'
import { driveRun } from '../../../functions/operate/reconcile/drive-run.js'
import { reconcile } from '../../../functions/operate/reconcile/reconcile.js'
import { PASS } from '../../../shared/bounds.js'
import type { Run } from '../../../shared/run.js'
import { startRun } from '../../../shared/start-run.js'
import { Chain } from '../../fakes/chain.js'
import { override } from '../../fakes/faults.js'

const HOUR = 3_600
let chain: Chain
beforeEach(() => {
  chain = new Chain()
})
const pass = () => reconcile(chain.parts.reconcile)
const files = () => chain.parts.ledger.all('FILE#').map(({ key }) => String(key).split('/').at(-1))
const runs = () => chain.parts.ledger.all('RUN#').filter(({ SK }) => SK === 'META') as Run[]
const cursor = () => chain.parts.ledger.all('RECONCILE').find(({ SK }) => SK === 'BRONZE')?.upTo
/** Puts a version into bronze under any key, without an event. */
const put = (key: string, secondsAgo = 0) => {
  const { bronze, clock } = chain.parts
  const landedAt = new Date(clock.now() - secondsAgo * 1_000).toISOString()
  bronze.land({ key, versionId: `v${bronze.versions.length}`, bytes: 1, landedAt })
}
const hourPrefix = (hour: string) => `source=prices/year=2026/month=03/day=02/hour=${hour}/run_id=x/`
/** Where a pass begins each listing. */
function listing() {
  const listed: string[] = []
  const { listVersions } = chain.parts.reconcile
  chain.parts.reconcile.listVersions = (prefix, next, limit, after) => {
    listed.push(after ?? prefix)
    return listVersions(prefix, next, limit, after)
  }
  return listed
}

describe('the listing of bronze', () => {
  test('goes back to the last complete listing, at least 3 hours and at most 48', async () => {
    const listed = listing()
    /** How many hours one pass lists of the one source. */
    const hours = async () => {
      listed.length = 0
      await pass()
      const begins = listed.filter((key) => key.startsWith('source=prices'))
      expect(begins).toHaveLength(1)
      const parts = /year=(.*)\/month=(.*)\/day=(.*)\/hour=(.*)\//.exec(String(begins[0]))?.slice(1) ?? []
      const oldest = Date.parse(`${parts.slice(0, 3).join('-')}T${parts[3]}:00:00Z`)
      return Math.floor((chain.parts.clock.now() - oldest) / (HOUR * 1_000)) + 1
    }
    expect(await hours()).toBe(48)
    chain.parts.clock.advance(300)
    expect(await hours()).toBe(3)
    chain.parts.clock.advance(9 * HOUR)
    expect(await hours()).toBe(11)
  })

  test('asks the ledger only for what landed since, with ten minutes to spare', async () => {
    await pass()
    chain.parts.clock.advance(1_200)
    put(`${hourPrefix('07')}old.json`, 1_900)
    put(`${hourPrefix('07')}late.json`, 1_700)
    const asked: string[] = []
    const { ledger } = chain.parts
    chain.parts.reconcile.ledger = override(ledger, {
      get: async (key) => {
        asked.push(key.PK)
        return ledger.get(key)
      },
    })
    const { swept } = PASS
    expect(swept).toBeLessThan(1_000)
    chain.parts.reconcile.listVersions = async (prefix, next) =>
      prefix === '' ? { versions: [] } : chain.parts.bronze.listVersions(prefix, next)
    await pass()
    expect(files()).toEqual(['late.json'])
    expect(asked.filter((pk) => pk.startsWith('FILE#'))).toHaveLength(1)
  })

  test('moves its cursor only when it was complete, and never back', async () => {
    await pass()
    const before = cursor()
    chain.parts.clock.advance(300)
    const { listVersions } = chain.parts.reconcile
    chain.parts.reconcile.listVersions = () => Promise.reject(new Error('S3 is away'))
    await expect(pass()).rejects.toThrow('S3 is away')
    expect(cursor()).toBe(before)
    chain.parts.reconcile.listVersions = listVersions
    chain.parts.clock.advance(-600)
    await pass()
    expect(cursor()).toBe(before)
  })

  test('says when an hour has more versions than a pass can list, in place of stopping short', async () => {
    chain.parts.reconcile.listVersions = async () => ({ versions: [], next: 'more' })
    await expect(pass()).rejects.toThrow('more versions than a pass can list')
    expect(cursor()).toBeUndefined()
  })
})

describe('the sweep', () => {
  test('finds what no recent hour of a declared source lists', async () => {
    put('source=prices/year=2020/month=01/day=01/hour=00/run_id=x/old-hour.json')
    put('source=nobody/a.json')
    put('no-source.json')
    await pass()
    expect(files().sort()).toEqual(['a.json', 'no-source.json', 'old-hour.json'])
  })

  test('looks at a bounded number of versions a pass, goes on from there, and starts over at the end', async () => {
    for (let n = 0; n < PASS.swept + 10; n += 1) put(`elsewhere/${n}.json`)
    await pass()
    expect(files()).toHaveLength(PASS.swept)
    await pass()
    expect(files()).toHaveLength(PASS.swept + 10)
    put('elsewhere/new.json')
    await pass()
    expect(files()).toContain('new.json')
  })
})

describe('a pass', () => {
  test('puts behind the others what it could not drive, so that nobody waits for it', async () => {
    await chain.record(chain.land('a.json'))
    await chain.record(chain.land('t.csv', { source: 'trades' }))
    const [broken] = runs()
    const { prepare } = chain.parts.starts.cleanse
    chain.parts.starts.cleanse.prepare = (run, attempt) =>
      run.runId === broken?.runId ? Promise.reject(new Error('away')) : prepare(run, attempt)
    chain.parts.clock.advance(HOUR)
    await expect(pass()).rejects.toThrow('away')
    expect(Date.parse(String(runs()[0]?.dueAt))).toBe(chain.parts.clock.now() + 60_000)
  })

  test('tries once more what was contended a moment ago', async () => {
    await chain.record(chain.land('a.json'))
    const { prepare } = chain.parts.starts.cleanse
    let calls = 0
    chain.parts.starts.cleanse.prepare = (run, attempt) => {
      calls += 1
      return calls === 1 ? Promise.reject(new Error('contended')) : prepare(run, attempt)
    }
    chain.parts.clock.advance(HOUR)
    await pass()
    expect(runs()[0]?.state).toBe('RUNNING')
  })

  test('takes on no further run when it has lasted long enough', async () => {
    for (const source of ['prices', 'trades', 'notes']) await chain.record(chain.land('a', { source }))
    const { prepare } = chain.parts.starts.cleanse
    chain.parts.starts.cleanse.prepare = (run, attempt) => {
      chain.parts.clock.advance(PASS.seconds + 1)
      return prepare(run, attempt)
    }
    chain.parts.clock.advance(HOUR)
    const { items } = await chain.parts.ledger.index('due', { until: '9', limit: 10 })
    chain.parts.reconcile.ledger = override(chain.parts.ledger, {
      index: async (_, { after }) =>
        after ? { items: items.slice(1) } : { items: items.slice(0, 1), next: 'more' },
    })
    await pass()
    expect(runs().map(({ state }) => state)).toEqual(['RUNNING', 'READY', 'READY'])
  })
})

describe('a job that no answer told of', () => {
  test('is found by its name before its run is parked', async () => {
    await chain.record(chain.land('a.json'))
    const [run] = runs()
    const { tasks } = chain.parts
    const { launch } = chain.parts.starts.cleanse
    chain.parts.starts.cleanse.launch = async (...args) => {
      await launch(...args)
      throw new Error('no answer')
    }
    for (let times = 0; times < 4; times += 1) {
      await startRun(chain.parts.starts.cleanse, run?.runId ?? '').catch(() => undefined)
      chain.parts.clock.advance(121)
    }
    expect(await driveRun(chain.parts.reconcile, run?.runId ?? '')).toBe('the job runs on')
    expect(runs()[0]).toMatchObject({ state: 'RUNNING', job: tasks.tasks[0]?.job })
    expect(tasks.tasks).toHaveLength(1)
  })

  test('and that is over when it is found ends its run in the same pass', async () => {
    await chain.record(chain.land('a.json', { source: 'notes' }))
    const [run] = runs()
    const { launch } = chain.parts.starts.cleanse
    chain.parts.starts.cleanse.launch = async (...args) => {
      await launch(...args)
      throw new Error('no answer')
    }
    await startRun(chain.parts.starts.cleanse, run?.runId ?? '').catch(() => undefined)
    await chain.leaveReport(run?.runId ?? '', 1)
    chain.parts.jobs.end('jr_0', { ok: true })
    chain.parts.clock.advance(121)
    await pass()
    expect(runs()[0]).toMatchObject({ state: 'COMMITTED', attempt: 1 })
  })

  test('on Glue that Glue does not know is asked for once more, and lost only then', async () => {
    await chain.record(chain.land('a.json', { source: 'notes' }))
    await chain.deliverNext()
    chain.parts.jobs.runs.length = 0
    chain.parts.clock.advance(HOUR)
    const drive = () => driveRun(chain.parts.reconcile, runs()[0]?.runId ?? '')
    expect(await drive()).toBe('the service does not know the job yet')
    expect(runs()[0]).toMatchObject({ state: 'RUNNING', attempt: 1, unknown: 1 })
    expect(await drive()).toBe('not late any more')
    chain.parts.clock.advance(61)
    await drive()
    expect(runs()[0]).toMatchObject({ state: 'READY', failures: [{ failureClass: 'lost' }] })
  })
})

import { beforeEach, describe, expect, test } from 'vitest'
import type { Outgoing } from '../../../events/catalog.js'
import { checkHealth } from '../../../functions/operate/check-health/check-health.js'
import { degraded, recovered } from '../../../functions/operate/raise-alert/health.js'
import { type Incident, openKey } from '../../../shared/alerts/incident.js'
import { silverHeadKey } from '../../../shared/cleanse.js'
import { type HealthState, healthKey } from '../../../shared/health/finding.js'
import { incidents } from '../../fakes/failed-runs.js'
import { type Parts, parts } from '../../fakes/parts.js'
import { testProject } from '../../fakes/project.js'

const HOUR = 3_600
const ID = 'source:lake.transactions'
const freshness = [
  { source: 'lake', table: 'transactions', page: false, warnSeconds: HOUR, errorSeconds: 2 * HOUR },
]
const project = { ...testProject, lanes: testProject.lanes.map((lane) => ({ ...lane, freshness })) }

let own: Parts
let told: Outgoing[]
beforeEach(async () => {
  own = parts()
  told = []
  await arrives()
})
const now = () => new Date(own.clock.now()).toISOString()
const arrives = () =>
  own.ledger.write({ put: { ...silverHeadKey('transactions'), count: 0, newestAt: now() } })
const check = async () => {
  told = []
  const publish = async (events: Outgoing[]) => {
    told.push(...events)
  }
  const did = await checkHealth({ ledger: own.ledger, clock: own.clock, project, publish })
  return did.slice(did.indexOf('told of'))
}
const stale = () => own.clock.advance(HOUR + 1)
const state = async () => (await own.ledger.get(healthKey(ID))) as HealthState
const names = () => told.map(({ name }) => name)

describe('a check of health', () => {
  test('tells of what got worse with all that the ledger keeps of it', async () => {
    stale()
    expect(await check()).toBe('told of 1, and of 0 recovered')
    const detail = {
      ...{ finding: ID, kind: 'source', subject: 'lake.transactions', lane: 'cleanse:transactions' },
      ...{ cause: 'stale:trades:warn', level: 'warn', priority: 'P3', since: now() },
      reason: 'the newest row of lake.transactions is 60 min old; 60 min are allowed',
    }
    expect(told).toEqual([{ name: 'Health Degraded', detail }])
    expect(await state()).toEqual({ ...healthKey(ID), ...detail, state: 'degraded', version: 1 })
  })

  test('tells again, and of nothing else, until an incident is open; then no more', async () => {
    stale()
    await check()
    const since = now()
    own.clock.advance(60)
    expect(await check()).toBe('told of 1, and of 0 recovered')
    expect(told).toMatchObject([{ name: 'Health Degraded', detail: { since } }])
    expect(await state()).toMatchObject({ since, version: 1 })
    await own.ledger.write({ put: { ...openKey('stale:trades:warn'), incidentId: 'i1' } })
    expect(await check()).toBe('told of 0, and of 0 recovered')
    expect(told).toEqual([])
  })

  test('takes back the lesser cause when a worse one takes its place, which began no later', async () => {
    stale()
    await check()
    const since = now()
    own.clock.advance(HOUR)
    await check()
    expect(told).toMatchObject([
      { name: 'Health Recovered', detail: { cause: 'stale:trades:warn', since } },
      { name: 'Health Degraded', detail: { cause: 'stale:trades:error', level: 'error', since } },
    ])
    expect(await state()).toMatchObject({ level: 'error', version: 2 })
  })

  test('tells of a recovery once, and forgets it after 90 days', async () => {
    stale()
    await check()
    await arrives()
    expect(await check()).toBe('told of 0, and of 1 recovered')
    expect(told).toMatchObject([
      { name: 'Health Recovered', detail: { finding: ID, kind: 'source', cause: 'stale:trades:warn' } },
    ])
    const expiresAt = Math.floor(own.clock.now() / 1_000) + 90 * 24 * HOUR
    expect(await state()).toMatchObject({ state: 'ok', recoveredAt: now(), version: 2, expiresAt })
    expect(await check()).toBe('told of 0, and of 0 recovered')
    expect([told, (await state()).version]).toEqual([[], 2])
  })

  test('tells of what is bad anew as of something new, and remembers it again without an end', async () => {
    stale()
    await check()
    await arrives()
    await check()
    stale()
    expect(await check()).toBe('told of 1, and of 0 recovered')
    expect(names()).toEqual(['Health Degraded'])
    expect(await state()).toMatchObject({ state: 'degraded', since: now(), version: 3 })
    expect(await state()).not.toHaveProperty('expiresAt')
  })

  test('that comes second says nothing: of what got worse, nor of what is well again', async () => {
    stale()
    const query = own.ledger.query.bind(own.ledger)
    const slow = async (pk: string, what: Parameters<typeof query>[1]) => {
      const page = await query(pk, what)
      // Another check goes through between this one's look and its words.
      own.ledger.query = query
      if (pk === 'HEALTH') await check()
      return page
    }
    own.ledger.query = slow
    expect(await check()).toBe('told of 0, and of 0 recovered')
    expect(await state()).toMatchObject({ version: 1 })
    await arrives()
    own.ledger.query = slow
    expect(await check()).toBe('told of 0, and of 0 recovered')
    expect(await state()).toMatchObject({ state: 'ok', version: 2 })
    expect(names()).toEqual(['Health Recovered'])
  })
})

describe('an alert of health', () => {
  const bad = (kind: string, subject = 'it') => ({
    ...{ finding: `${kind}:${subject}`, kind, subject, lane: 'build:finance+risk', level: 'error' },
    ...{ cause: `${kind}-cause`, reason: 'so it is', priority: 'P2', since: '2026-03-02T00:00:00.000Z' },
  })
  const keep = (found: ReturnType<typeof bad>) =>
    own.ledger.write({ put: { ...healthKey(found.finding), ...found, state: 'degraded', version: 1 } })
  const raise = async (found: ReturnType<typeof bad>) => degraded(own.alert, found as never)

  test.each([
    ['source', 'it is stale'],
    ['lag', 'builds of it are behind'],
    ['objective', 'it gets its data late'],
    ['tests', 'checks of it failed'],
    ['rows', 'it has an unusual number of rows'],
  ])('of %s is titled in words', async (kind, title) => {
    await keep(bad(kind))
    const did = await raise(bad(kind))
    const [incident] = incidents(own) as [Incident]
    expect(incident).toMatchObject({ title, priority: 'P2', reason: 'so it is', health: true })
    expect(did).toBe(`opened ${incident.incidentId}`)
  })

  test('is known the second time', async () => {
    await keep(bad('rows'))
    await raise(bad('rows'))
    expect(await raise(bad('rows'))).toBe(`known in ${incidents(own)[0]?.incidentId}`)
  })

  test('that is out of date opens nothing: unknown, of another cause, or well again', async () => {
    expect(await raise(bad('rows'))).toBe('rows:it has changed since')
    await keep({ ...bad('rows'), cause: 'another' })
    expect(await raise(bad('rows'))).toBe('rows:it has changed since')
    await own.ledger.write({ put: { ...healthKey('rows:it'), ...bad('rows'), state: 'ok', version: 1 } })
    expect(await raise(bad('rows'))).toBe('rows:it has changed since')
    expect(incidents(own)).toEqual([])
  })

  test('of a recovery closes its incident, and finds none to close', async () => {
    expect(await recovered(own.alert, bad('rows') as never)).toBe('no incident is open here')
    await keep(bad('rows'))
    await raise(bad('rows'))
    await own.ledger.write({ put: { ...healthKey('rows:it'), ...bad('rows'), state: 'ok', version: 2 } })
    await recovered(own.alert, bad('rows') as never)
    expect(incidents(own)).toMatchObject([{ state: 'closed' }])
  })
})

import { describe, expect, it } from 'vitest'
import { closeBatch } from '../../../functions/1-ingest/close-batch/close-batch.js'
import { syncView } from '../../../functions/5-serve/api/syncs.js'
import { why } from '../../../functions/5-serve/api/why/why.js'
import { recordSync } from '../../../shared/doors/sync.js'
import { runKey } from '../../../shared/run.js'
import { FakeClock } from '../../fakes/clock.js'
import { FakeLedger } from '../../fakes/ledger.js'
import { CONNECTION, doorProject } from '../../shared/doors/door-project.js'

const RUN = 'r'.repeat(26)
const OTHER = 's'.repeat(26)
const CLOSING = { source: 'events', correlationId: 'c' }

async function world(source = 'ads', outcome: 'finished' | 'failed' | 'ignored' = 'finished') {
  const ledger = new FakeLedger()
  const clock = new FakeClock()
  const effects = {
    ledger,
    clock,
    project: doorProject,
    bronzeBucket: 'bronze',
    listVersions: async () => ({ versions: [] }),
  }
  const heard = { outcome, identity: ['1'], job: '1', connection: CONNECTION }
  const because = outcome === 'finished' ? {} : { why: 'the token was rejected' }
  const { syncId } = await recordSync(effects, { source, heard: { ...heard, ...because } })
  const ownerPk = `ENTRY#build:marketing#sync:${syncId}`
  const owner = (more: object = {}) =>
    ledger.write({ put: { PK: ownerPk, SK: 'META', lane: 'build:marketing', ...more } })
  const run = (runId: string, state: string, more: object = {}) =>
    ledger.write({
      put: {
        ...runKey(runId),
        runId,
        kind: 'build',
        lane: 'build:marketing',
        subject: 'marketing',
        state,
        attempt: 1,
        createdAt: '2026-03-02T07:00:01.000Z',
        domains: ['marketing'],
        edition: runId,
        ...more,
      },
    })
  const view = () => syncView(effects, syncId)
  const lines = async () => {
    const answer = await why(effects, syncId)
    return 'unknown' in answer ? [answer.unknown] : answer.lines.map(({ what }) => what)
  }
  return { ledger, syncId, owner, run, view, lines, effects, ownerPk }
}

describe('what became of a sync', () => {
  it('that nobody has taken in yet', async () => {
    const { view, lines } = await world()
    expect(await view()).toMatchObject({ source: 'ads', state: 'told', builds: [], job: '1', via: 'notice' })
    expect((await lines()).slice(0, 2)).toEqual([
      `source ads sent a message about job 1 of ${CONNECTION}`,
      'nobody has taken it in yet: it is told again',
    ])
  })

  it('that waits in the lane of its build', async () => {
    const { view, owner, lines } = await world()
    await owner()
    expect(await view()).toMatchObject({
      state: 'waiting',
      builds: [{ lane: 'build:marketing', runId: null }],
    })
    expect((await lines()).join()).toContain('build:marketing')
  })

  it.each([
    ['RUNNING', 'building'],
    ['READY', 'building'],
    ['PARKED', 'held'],
    ['COMMITTED', 'built'],
  ])('whose build is %s', async (state, expected) => {
    const { view, owner, run, lines } = await world()
    await owner({ run: RUN })
    await run(RUN, state)
    expect(await view()).toMatchObject({ state: expected, builds: [{ runId: RUN, state, published: [] }] })
    expect((await lines())[1]).toContain(`build ${RUN} took it; it is ${state}`)
  })

  it('whose build was put back into another, and published', async () => {
    const { view, owner, run, ledger } = await world()
    await owner({ run: RUN })
    await run(RUN, 'REPLAYED', { into: OTHER })
    await run(OTHER, 'COMMITTED')
    const heard = { PK: `ENTRY#publish:marketing#gold:${OTHER}`, SK: 'META', current: true }
    await ledger.write({ put: heard })
    expect(await view()).toMatchObject({
      state: 'built',
      builds: [{ runId: OTHER, published: ['marketing'] }],
    })
  })

  it.each([
    ['failed', 'seen', 'the sync failed, and triggers nothing: the token was rejected'],
    ['ignored', 'seen', 'it triggers nothing: the token was rejected'],
  ] as const)('that is %s', async (outcome, state, said) => {
    const { view, lines } = await world('ads', outcome)
    expect(await view()).toMatchObject({ state, outcome, why: 'the token was rejected' })
    expect((await lines())[1]).toBe(said)
  })

  it('that its source’s API has still to confirm', async () => {
    const { view, lines } = await world('asked')
    expect(await view()).toMatchObject({ state: 'unconfirmed', outcome: 'waiting' })
    expect((await lines())[1]).toMatch(/has not confirmed it yet: it is asked again at \d{4}-/)
  })

  it('that closes the batches of its source, from the moment when they are closed', async () => {
    const { view, lines, effects, syncId } = await world('events')
    const close = (receivedAt: string) =>
      closeBatch({ ...effects, announceReady: async () => {} }, { ...CLOSING, syncId, at: receivedAt })
    const { receivedAt } = { ...(await view()) }
    await close('2026-03-02T06:59:59.999Z')
    expect(await view()).toMatchObject({ state: 'told' })
    expect((await lines())[1]).toBe('nobody has taken it in yet: it is told again')
    await close(String(receivedAt))
    expect(await view()).toMatchObject({ state: 'taken', builds: [] })
    expect((await lines())[1]).toBe(
      'the batches of its source are closed: what landed until then waits no longer',
    )
  })

  it('is unknown when there is none', async () => {
    const { effects } = await world()
    for (const id of ['0'.repeat(32), 'no id', '']) expect(await syncView(effects, id)).toBeUndefined()
  })
})

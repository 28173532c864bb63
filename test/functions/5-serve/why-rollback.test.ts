import { beforeEach, describe, expect, test } from 'vitest'
import { goldMoved } from '../../../functions/4-publish/publish-gold/publish-gold.js'
import type { Said } from '../../../functions/5-serve/api/why/said.js'
import { buildStateKey } from '../../../shared/build.js'
import { type Parts, parts } from '../../fakes/parts.js'
import { back, built, named, published } from '../editions.js'
import { apiOn, ask } from './asking.js'

let own: Parts
beforeEach(async () => {
  own = parts()
  await published(own, 1, 2, 3)
  const state = { ordinal: 3, builtBy: 'r3', databaseUri: 's3://x', silverRuns: {} }
  await own.ledger.write({ put: { ...buildStateKey('build:finance+risk'), ...state } })
})

async function why(subject: string): Promise<string[]> {
  const { body } = await ask(apiOn(own), `/why?subject=${subject}`)
  return body.lines.map(({ what }: Said) => what)
}

describe('why a domain that was rolled back', () => {
  test('shows an older edition: who went back, from which one, why, and what ends it', async () => {
    await goldMoved(own.publish, back(3, 2))
    const said = await why('finance')
    expect(said[1]).toBe(
      `ada rolled it back from edition ${named(3)}: it is wrong; it holds until an edition is published whose build began after it`,
    )
    expect(said.join()).not.toContain('that is not published yet')
  })

  test('and forth again is not held by anything', async () => {
    await goldMoved(own.publish, back(3, 2))
    await goldMoved(own.publish, back(2, 3))
    expect((await why('finance'))[1]).toBe(`ada rolled it back from edition ${named(2)}: it is wrong`)
  })

  test('does not show what a build made that began before', async () => {
    const event = await built(own, 4)
    own.clock.advance(5)
    await goldMoved(own.publish, back(3, 2))
    await goldMoved(own.publish, event)
    const { runId, domains, edition } = event.detail
    const run = { runId, kind: 'build', lane: 'build:finance+risk', subject: 'finance+risk' }
    const ended = { state: 'COMMITTED', domains, edition, createdAt: '2026-03-02T07:00:00.000Z' }
    await own.ledger.write({ put: { PK: `RUN#${runId}`, SK: 'META', ...run, ...ended } })
    const said = (await why(runId)).join('\n')
    expect(said).toContain(
      `edition ${named(4)} of finance was not published: its build began before a rollback that held; ${named(2)} is current`,
    )
  })
})

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { chain } from '../../events/chain.js'
import { answer } from '../../functions/1-ingest/accept-webhook/answer.js'
import { syncView } from '../../functions/5-serve/api/syncs.js'
import { recordSync } from '../../shared/doors/sync.js'
import * as shapes from '../../tools/openapi/answers.js'
import { openapi } from '../../tools/openapi/document.js'
import { Chain } from '../fakes/chain.js'
import { FakeClock } from '../fakes/clock.js'
import { FakeLedger } from '../fakes/ledger.js'
import { apiOn, ask } from '../functions/5-serve/asking.js'
import { doorProject } from '../shared/doors/door-project.js'

interface Operation {
  operationId: string
  parameters?: { name: string; in: string; required: boolean }[]
  responses: Record<string, object>
  security?: object[]
}
const document = openapi() as {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object> }
}
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    route: `${method.toUpperCase()} ${path}`,
    path,
    ...operation,
  })),
)

describe('the OpenAPI document', () => {
  it('has every route of the chain, and no other', () => {
    const routes = chain.flatMap(({ on }) => on.flatMap((one) => ('http' in one ? one.http : [])))
    expect(operations.map(({ route }) => route).sort()).toEqual([...routes].sort())
  })

  it('names each operation once, and each part of a path', () => {
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
    for (const { path, parameters = [] } of operations) {
      const parts = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
      expect(parameters.filter((one) => one.in === 'path').map(({ name }) => name)).toEqual(parts)
    }
  })

  it('refers only to shapes that it has', () => {
    const refs = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
      (match) => match[1],
    )
    expect(refs.length).toBeGreaterThan(0)
    for (const name of refs) expect(document.components.schemas).toHaveProperty(String(name))
  })

  it('says of every route that asks for the token what happens without it', () => {
    for (const { route, security, responses } of operations)
      if (!security) expect(Object.keys(responses), route).toContain('401')
  })

  it('asks for what a query needs', () => {
    const why = operations.find(({ route }) => route === 'GET /why')
    expect(why?.parameters).toMatchObject([{ name: 'subject', required: true }])
  })

  it('is served to anybody', async () => {
    const effects = apiOn(new Chain({ errorsKept: true }).parts)
    const served = await ask(effects, '/openapi.json', { authorization: null })
    const file = new URL('../../functions/5-serve/api/openapi.json', import.meta.url)
    expect(served).toMatchObject({ status: 200, body: JSON.parse(readFileSync(file, 'utf8')) })
  })
})

describe('what is answered has the shape that the document tells', () => {
  const world = async () => {
    const effects = { ledger: new FakeLedger(), clock: new FakeClock(), project: doorProject }
    const heard = { outcome: 'finished' as const, identity: ['1'], job: '1' }
    const { item } = await recordSync(effects, { source: 'ads', heard })
    return { effects, item }
  }

  it('by the door', async () => {
    const { item } = await world()
    shapes.taken.parse(answer.taken(item).body)
    shapes.seen.parse(answer.seen(item, true).body)
    shapes.seen.parse(answer.seen(item, false).body)
    shapes.refused.parse(answer.refused().body)
    shapes.unreadable.parse(answer.unreadable('ads', ['body: wrong']).body)
    for (const other of [
      answer.tooLarge('ads', 1),
      answer.notJson('ads'),
      answer.tooMany('ads', 1),
      answer.away(),
    ])
      shapes.problem.parse(other.body)
  })

  it('of a sync', async () => {
    const { effects, item } = await world()
    shapes.sync.parse(await syncView(effects, item.syncId))
  })
})

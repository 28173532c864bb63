import { planRequest, planSync } from '../../functions/3-transform/plan-build/plan-build.js'
import type { DeclaredSource } from '../../shared/declared.js'
import type { Run } from '../../shared/run.js'
import type { Chain } from '../fakes/chain.js'
import type { buildPlan } from '../fakes/work.js'

/** A source that loads what models of `risk` read. `tells`: whether its silence means that nothing came. */
export const ads = (selectors: string[], tells?: boolean): DeclaredSource => ({
  kind: 'airbyte',
  feeds: [],
  warehouse: {
    ...{ domain: 'risk', selectors, refreshColumn: '_airbyte_extracted_at' },
    ...(tells !== undefined && { tells }),
  },
})

export type Plan = ReturnType<typeof buildPlan> & {
  kind: string
  mode: string
  selectors: string[]
  order?: string[][]
}

/** What may be told to and asked of the build lane of `risk`, and the runs and plans that came of it. */
export const lane = (chain: () => Chain) => ({
  sync: (source: string, id = 'a') =>
    planSync(chain().parts.landing, {
      source,
      syncId: id.repeat(32),
      correlationId: id,
      at: '2026-03-02T07:00:00.000Z',
    }),
  request: (requestId: string, asked: Partial<Parameters<typeof planRequest>[1]> = {}) =>
    planRequest(chain().parts.landing, {
      ...{ domain: 'risk', requestId, mode: 'standard', by: 'ada' },
      ...asked,
    }),
  plans: () => {
    const { artifacts } = chain().parts
    const all = artifacts.keys('runs/').filter((key) => key.endsWith('plan.json'))
    return all.map((key) => artifacts.objects.get(key) as Plan).filter(({ kind }) => kind === 'build')
  },
  runs: () =>
    chain()
      .parts.ledger.all('RUN#')
      .filter(({ SK, kind }) => SK === 'META' && kind === 'build') as Run[],
})

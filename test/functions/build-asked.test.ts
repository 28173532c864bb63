import { describe, expect, test } from 'vitest'
import { together } from '../../functions/3-transform/start-build/asked.js'
import type { Value } from '../../shared/ledger.js'

const DOMAINS = ['finance', 'risk']
const WHOLE = ['+group:finance', '+group:risk']
type Input = { [name: string]: Value }
const of = (...inputs: Input[]) =>
  together(
    inputs.map((input) => ({ input })),
    DOMAINS,
  )
const silver = (entity: string): Input => ({ selector: `source:lake.${entity}+`, entity })
const sync = (...selectors: string[]): Input => ({ mode: 'source', selectors, syncId: 'y1' })

describe('what the entries of a build ask for together', () => {
  test('is the readers of new silver, each once and in order, which is news enough', () => {
    expect(of(silver('trades'), silver('prices'), silver('trades'))).toEqual({
      ...{ mode: 'standard', plannedAs: 'standard', whole: false, order: [] },
      selectors: ['source:lake.prices+', 'source:lake.trades+'],
      ...{ regardless: false, looks: false, force: false },
    })
  })

  test('is the models of finished syncs, each in its source’s order, each order once', () => {
    expect(of(sync('stg_b', 'stg_a'), sync('marts+'), sync('stg_b', 'stg_a'))).toEqual({
      ...{ mode: 'standard', plannedAs: 'source', whole: false, selectors: ['marts+', 'stg_a', 'stg_b'] },
      order: [['stg_b', 'stg_a'], ['marts+']],
      ...{ regardless: true, looks: false, force: false },
    })
    const { syncId: _, ...old } = sync('stg_a')
    expect(of(old)).toMatchObject({ plannedAs: 'source', regardless: false, looks: true })
  })

  test('is a look at what others have loaded where one of them asks for more than new silver', () => {
    expect(of(silver('trades'), { selectors: ['stg_a'] })).toMatchObject({ looks: true, regardless: false })
  })

  test('is layer by layer where new silver goes with a sync', () => {
    expect(of(silver('trades'), sync('stg_a'))).toMatchObject({
      ...{ plannedAs: 'standard', order: [['stg_a']], regardless: true, looks: false },
    })
  })

  test('is the whole lane where one asks for no model, and has no order then', () => {
    expect(of(sync('stg_a'), {})).toMatchObject({
      ...{ mode: 'standard', whole: true, selectors: WHOLE, order: [], regardless: true },
    })
    expect(of({})).toMatchObject({ whole: true, regardless: false, looks: true })
  })

  test('is the whole lane where more is named than the container takes', () => {
    const named = (count: number) => Array.from({ length: count }, (_, place) => silver(`e${place}`))
    expect(of(...named(150))).toMatchObject({ whole: false })
    expect(of(...named(151))).toMatchObject({ whole: true, selectors: WHOLE })
  })

  test('is a full refresh where one asks for it, under the container’s name of it', () => {
    expect(of(silver('trades'), { mode: 'full-refresh', selectors: ['stg_a'] })).toMatchObject({
      ...{ mode: 'full-refresh', plannedAs: 'full_refresh', whole: false, regardless: true },
      selectors: ['source:lake.trades+', 'stg_a'],
    })
  })

  test.each([
    ['fast', ['+tag:dashboard'], false],
    ['test', ['+tag:dashboard'], true],
    ['ci', ['state:modified+'], true],
  ])('is what the mode %s is for, whatever a request names', (mode, selectors, regardless) => {
    for (const named of [{}, { selectors: ['stg_a'] }] as Input[])
      expect(of({ mode, ...named })).toMatchObject({
        ...{ mode, plannedAs: mode, selectors, whole: false, order: [], regardless },
      })
  })

  test('is regardless of what is new where one insists', () => {
    expect(of(silver('trades'), { ...silver('prices'), force: true })).toMatchObject({
      ...{ force: true, regardless: true, looks: false },
    })
    expect(of({ ...silver('prices'), force: 'true' })).toMatchObject({ force: false, regardless: false })
  })

  test('is nothing of nobody', () => {
    expect(of()).toMatchObject({ plannedAs: 'standard', selectors: [], whole: false, regardless: false })
  })
})

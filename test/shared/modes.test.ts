import { describe, expect, test } from 'vitest'
import type { Value } from '../../shared/ledger.js'
import { askedOf, goTogether } from '../../shared/modes.js'

const entry = (name: string, input: { [name: string]: Value }) => ({ PK: 'LANE#l', SK: name, input })
const silver = entry('silver', { selector: 'source:lake.prices+' })
const sync = entry('sync', { mode: 'source', selectors: ['stg_ads', 'marts+'] })
const request = entry('request', { mode: 'standard', selectors: ['stg_ads'] })
const everything = entry('everything', { mode: 'full-refresh' })
const staging = entry('staging', { mode: 'full-refresh', selectors: ['stg_ads'] })
const names = (...entries: Parameters<typeof goTogether>[0]) => goTogether(entries).map(({ SK }) => SK)

describe('what one build takes', () => {
  test('is all of one mode, by union: new silver, finished syncs and requests', () => {
    expect(names(silver, sync, request)).toEqual(['silver', 'sync', 'request'])
  })

  test('with a full refresh of the whole lane is everything: nothing is built twice', () => {
    expect(names(silver, sync, everything)).toEqual(['silver', 'sync', 'everything'])
    expect(names(everything, request)).toEqual(['everything', 'request'])
  })

  test('with a full refresh of some models is those requests whose models are all among them', () => {
    expect(names(staging, request, sync)).toEqual(['staging', 'request'])
  })

  test('with a full refresh of some models is no request for the whole lane', () => {
    const whole = entry('whole', {})
    expect(names(staging, whole, request)).toEqual(['staging', 'request'])
  })

  test('with a full refresh of some models and one of all is everything', () => {
    expect(names(staging, everything, sync)).toEqual(['staging', 'everything', 'sync'])
  })

  test('is of the mode of the oldest request: the other waits for the next build', () => {
    expect(names(sync, staging)).toEqual(['sync'])
    expect(names(staging, sync)).toEqual(['staging'])
  })

  test('leaves an absorbed request to the full refresh, also when another mode goes first', () => {
    expect(names(sync, request, staging)).toEqual(['sync'])
    expect(names(request, sync, staging)).toEqual(['request', 'staging'])
  })

  test('is nothing where nothing waits', () => {
    expect(names()).toEqual([])
  })

  test('is what readers wait for, whatever waited longer; then the tests of one such edition', () => {
    const fast = entry('fast', { mode: 'fast' })
    const again = entry('again', { mode: 'fast' })
    const tests = entry('tests', { mode: 'test' })
    const later = entry('later', { mode: 'test' })
    expect(names(everything, silver, fast, tests, again)).toEqual(['fast', 'again'])
    expect(names(everything, tests, later, silver)).toEqual(['tests'])
    expect(names(tests, fast)).toEqual(['fast'])
    expect(names(later)).toEqual(['later'])
  })

  test('is of CI by itself: what it builds is kept by nobody', () => {
    const ci = entry('ci', { mode: 'ci' })
    expect(names(ci, silver, everything)).toEqual(['ci'])
    expect(names(everything, ci, silver)).toEqual(['everything', 'silver'])
  })
})

test('an entry asks for the selectors that it names, for one, or for the whole lane', () => {
  expect(askedOf({ mode: 'fast', selectors: ['a', 'b'], selector: 'c' })).toEqual({
    ...{ mode: 'fast', selectors: ['a', 'b'] },
  })
  expect(askedOf({ selector: 'c' })).toEqual({ mode: 'standard', selectors: ['c'] })
  expect(askedOf({})).toEqual({ mode: 'standard', selectors: undefined })
})

import { describe, expect, it } from 'vitest'
import { needsOf, nothingExpected, SYSTEM_NAMES, together } from '../../../tools/start/expected.js'
import { readOptions } from '../../../tools/start/options.js'
import { SYSTEMS } from '../../../tools/start/systems.js'

describe('the options of npm start', () => {
  it('bring in the samples of finance as files unless a system is named', () => {
    expect(readOptions(['--once'])).toMatchObject({ once: true, systems: [], data: 'samples' })
  })

  it.each(SYSTEM_NAMES)('know the system %s, and how its data comes in', (name) => {
    expect(readOptions(['--system', name]).systems).toEqual([name])
    expect(SYSTEMS[name]).toBeTypeOf('function')
  })

  it('bring in all systems side by side', () => {
    expect(readOptions(['--system', 'all']).systems).toEqual(SYSTEM_NAMES)
    expect(needsOf(SYSTEM_NAMES)).toEqual(needsOf(['finance']))
    const two = { ...nothingExpected, files: 2, domains: ['risk'] }
    expect(together([two, { ...two, domains: ['commerce'] }])).toEqual({
      ...two,
      files: 4,
      domains: ['risk', 'commerce'],
    })
  })

  it('say which systems there are to whoever names another', () => {
    expect(() => readOptions(['--system', 'sales'])).toThrow(
      '--system is finance, marketing, commerce, households or all, not "sales"',
    )
  })

  it('refuse a folder of data beside a system', () => {
    expect(() => readOptions(['--system', 'finance', '--data', 'mine'])).toThrow('leave --data out')
  })
})

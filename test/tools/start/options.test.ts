import { describe, expect, it } from 'vitest'
import { SYSTEM_NAMES } from '../../../tools/start/expected.js'
import { readOptions } from '../../../tools/start/options.js'
import { SYSTEMS } from '../../../tools/start/systems.js'

describe('the options of npm start', () => {
  it('bring in the samples of finance as files unless a system is named', () => {
    expect(readOptions(['--once'])).toMatchObject({ once: true, system: undefined, data: 'samples' })
  })

  it.each(SYSTEM_NAMES)('know the system %s, and how its data comes in', (name) => {
    expect(readOptions(['--system', name]).system).toBe(name)
    expect(SYSTEMS[name]).toBeTypeOf('function')
  })

  it('say which systems there are to whoever names another', () => {
    expect(() => readOptions(['--system', 'sales'])).toThrow(
      '--system is finance, marketing, commerce, households, not "sales"',
    )
  })

  it('refuse a folder of data beside a system', () => {
    expect(() => readOptions(['--system', 'finance', '--data', 'mine'])).toThrow('leave --data out')
  })
})

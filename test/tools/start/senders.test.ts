import { describe, expect, it } from 'vitest'
import { project } from '../../../shared/declared.js'
import { isVerified } from '../../../shared/doors/verify.js'
import { answeredText, letter } from '../../../tools/start/senders.js'

const NOW = Date.parse('2026-11-21T09:00:00Z')
const SECRET = 'local-secret'
const doors = Object.entries(project.sources).filter(([, { door }]) => door)

describe('a message of the first run', () => {
  it.each(doors)('is verified by the door of %s, and by no other secret', (source, { door }) => {
    const { path, headers, body } = letter(source, { some: 'content' }, SECRET, NOW)
    const lower = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
    )
    const shown = { key: path.split('/')[3], headers: lower, body: new TextEncoder().encode(body) }
    const auth = door?.auth as Parameters<typeof isVerified>[0]
    expect(isVerified(auth, shown, { current: SECRET }, NOW)).toBe(true)
    expect(isVerified(auth, shown, { current: 'another' }, NOW)).toBe(false)
  })

  it('has no door to go to when the source is a folder', () => {
    expect(() => letter('trading', {}, SECRET)).toThrow('no door')
  })
})

describe('the answer of a door', () => {
  it('that takes nothing in is told as what was heard, not as a refusal', () => {
    const failed = { status: 200, id: 'abcdef0123', why: 'The access token was rejected' }
    expect(answeredText(failed)).toBe('heard, and nothing follows: The access token was rejected')
    expect(answeredText({ status: 202, id: 'abcdef0123' })).toBe('taken in as sync abcdef01')
    expect(answeredText({ status: 503 })).toBe('answered with 503')
  })
})

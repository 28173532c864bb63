import { describe, expect, it } from 'vitest'
import { credentialIn, keptSecrets, secretsIn } from '../../../shared/doors/secrets.js'
import { FakeClock } from '../../fakes/clock.js'

describe('a secret that is kept', () => {
  function reading(texts: (string | undefined | Error)[]) {
    const clock = new FakeClock()
    let asked = 0
    const read = keptSecrets(async () => {
      const text = texts[Math.min(asked, texts.length - 1)]
      asked += 1
      if (text instanceof Error) throw text
      return text
    }, clock.now.bind(clock))
    return { clock, read, asked: () => asked }
  }

  it('is asked for once a minute', async () => {
    const { clock, read, asked } = reading(['one', 'two'])
    expect(await read('door')).toBe('one')
    clock.advance(59)
    expect(await read('door')).toBe('one')
    expect(asked()).toBe(1)
    clock.advance(1)
    expect(await read('door')).toBe('two')
  })

  it('counts ten minutes longer while Secrets Manager is away, and not for ever', async () => {
    const { clock, read } = reading(['one', new Error('away')])
    await read('door')
    clock.advance(599)
    expect(await read('door')).toBe('one')
    clock.advance(1)
    await expect(read('door')).rejects.toThrow('door cannot be read now')
  })

  it('may be missing, and is then missing for a minute', async () => {
    const { clock, read, asked } = reading([undefined, 'one'])
    expect(await read('door')).toBeUndefined()
    expect(await read('door')).toBeUndefined()
    expect(asked()).toBe(1)
    clock.advance(60)
    expect(await read('door')).toBe('one')
  })
})

describe('the secrets of a door', () => {
  it.each([
    ['bare', { current: 'bare' }],
    ['{"current":"new","previous":"old"}', { current: 'new', previous: 'old' }],
    ['{"current":"new"}', { current: 'new' }],
    ['{"current":"new","previous":""}', { current: 'new' }],
    ['{not json', { current: '{not json' }],
  ])('%s', (text, expected) => {
    expect(secretsIn(text)).toEqual(expected)
  })

  it.each([undefined, '', '{}', '{"current":""}', '{"current":5}', '{"previous":"old"}'])(
    'are none in %s: an empty secret would let in who shows nothing',
    (text) => expect(secretsIn(text)).toBeUndefined(),
  )
})

describe('the credential of an API', () => {
  it.each([
    ['token', { value: 'token' }],
    ['{"value":"token"}', { value: 'token' }],
    ['{"value":"token","url":"http://127.0.0.1:1"}', { value: 'token', url: 'http://127.0.0.1:1' }],
    ['{"clientId":"id","clientSecret":"secret"}', { value: 'secret', id: 'id' }],
  ])('%s', (text, expected) => {
    expect(credentialIn(text)).toEqual(expected)
  })
})

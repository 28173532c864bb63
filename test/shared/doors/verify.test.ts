import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Auth, isVerified, type Shown } from '../../../shared/doors/verify.js'

const NOW = Date.parse('2026-03-02T07:00:00.000Z')
const body = Buffer.from('{"jobId":1}')
const pathKey: Auth = { method: 'path-key', secret: 'door' }
const apiKey: Auth = { method: 'api-key', secret: 'door' }
const platform: Auth = { method: 'dbt-platform', secret: 'door' }
const signed: Auth = {
  method: 'hmac',
  secret: 'door',
  signatureHeader: 'X-Signature',
  timestampHeader: 'X-Timestamp',
  replayWindowSeconds: 300,
}
const hex = (secret: string, ...parts: (string | Uint8Array)[]) =>
  parts.reduce((made, part) => made.update(part), createHmac('sha256', secret)).digest('hex')

/** A request that shows what the method asks for, made with a secret. */
function requestFor(auth: Auth, secret: string, sent: Uint8Array = body, at = NOW): Shown {
  const timestamp = String(Math.floor(at / 1_000))
  if (auth.method === 'path-key') return { key: secret, headers: {}, body: sent }
  if (auth.method === 'api-key') return { headers: { 'x-api-key': secret }, body: sent }
  if (auth.method === 'dbt-platform') return { headers: { authorization: hex(secret, sent) }, body: sent }
  const headers = { 'x-signature': hex(secret, timestamp, '.', sent), 'x-timestamp': timestamp }
  return { headers, body: sent }
}

const methods = [pathKey, apiKey, platform, signed]
const anySecret = fc.string({ minLength: 1, maxLength: 60 })

describe.each(methods.map((auth) => [auth.method, auth] as const))('the door by %s', (_, auth) => {
  it('lets in who knows the secret, and nobody else', () => {
    fc.assert(
      fc.property(anySecret, anySecret, fc.uint8Array(), (secret, other, sent) => {
        fc.pre(secret !== other)
        expect(isVerified(auth, requestFor(auth, secret, sent), { current: secret }, NOW)).toBe(true)
        expect(isVerified(auth, requestFor(auth, other, sent), { current: secret }, NOW)).toBe(false)
      }),
    )
  })

  it('lets both secrets in while one is rotated, and not the one before those', () => {
    const secrets = { current: 'new', previous: 'old' }
    expect(isVerified(auth, requestFor(auth, 'new'), secrets, NOW)).toBe(true)
    expect(isVerified(auth, requestFor(auth, 'old'), secrets, NOW)).toBe(true)
    expect(isVerified(auth, requestFor(auth, 'older'), secrets, NOW)).toBe(false)
  })

  it('turns away who shows nothing', () => {
    expect(isVerified(auth, { headers: {}, body }, { current: 'secret' }, NOW)).toBe(false)
    expect(isVerified(auth, { headers: {}, body: new Uint8Array() }, { current: '' }, NOW)).toBe(false)
  })
})

describe.each([platform, signed].map((auth) => [auth.method, auth] as const))(
  'a signature of %s',
  (_, auth) => {
    it('holds for these bytes only', () => {
      fc.assert(
        fc.property(
          fc.uint8Array({ minLength: 1 }),
          fc.nat(),
          fc.integer({ min: 1, max: 255 }),
          (sent, where, by) => {
            const request = requestFor(auth, 'secret', sent)
            const changed = Uint8Array.from(sent)
            changed[where % sent.length] = ((changed[where % sent.length] ?? 0) + by) % 256
            expect(isVerified(auth, { ...request, body: changed }, { current: 'secret' }, NOW)).toBe(false)
          },
        ),
      )
    })

    it('may be written in capitals', () => {
      const { headers } = requestFor(auth, 'secret')
      const name = auth.method === 'hmac' ? 'x-signature' : 'authorization'
      const loud = { ...headers, [name]: String(headers[name]).toUpperCase() }
      expect(isVerified(auth, { headers: loud, body }, { current: 'secret' }, NOW)).toBe(true)
    })
  },
)

describe('a signature with a timestamp', () => {
  const verified = (request: Shown) => isVerified(signed, request, { current: 'secret' }, NOW)

  it.each([-300, -299, 0, 299, 300])('is taken %d s from now', (seconds) => {
    expect(verified(requestFor(signed, 'secret', body, NOW + seconds * 1_000))).toBe(true)
  })

  it.each([-86_400, -301, 301, 86_400])('is refused %d s from now', (seconds) => {
    expect(verified(requestFor(signed, 'secret', body, NOW + seconds * 1_000))).toBe(false)
  })

  it('is bound to its time: another timestamp makes it void', () => {
    const request = requestFor(signed, 'secret', body, NOW - 400_000)
    const renewed = { ...request.headers, 'x-timestamp': String(NOW / 1_000) }
    expect(verified({ headers: renewed, body })).toBe(false)
  })

  it.each(['', ' 1772434800', '1772434800.0', '1e9', '0x69a5', 'NaN', '-1', `${'9'.repeat(400)}`])(
    'is refused with the timestamp "%s", although it is signed',
    (timestamp) => {
      const headers = { 'x-timestamp': timestamp, 'x-signature': hex('secret', timestamp, '.', body) }
      expect(verified({ headers, body })).toBe(false)
    },
  )

  it('may name its algorithm', () => {
    const { headers } = requestFor(signed, 'secret')
    expect(
      verified({ headers: { ...headers, 'x-signature': `sha256=${headers['x-signature']}` }, body }),
    ).toBe(true)
  })
})

it('a key in the path does not stand in for a header, nor a header for the key', () => {
  const secrets = { current: 'secret' }
  expect(isVerified(apiKey, { key: 'secret', headers: {}, body }, secrets, NOW)).toBe(false)
  expect(isVerified(pathKey, { headers: { 'x-api-key': 'secret' }, body }, secrets, NOW)).toBe(false)
})

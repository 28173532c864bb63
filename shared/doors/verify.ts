import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** How a door knows its sender, as `sources/<name>.yaml` says it under `auth`. `secret` is a name, never the value. */
export type Auth =
  | { method: 'path-key' | 'api-key' | 'dbt-platform'; secret: string }
  | {
      method: 'hmac'
      secret: string
      signatureHeader: string
      timestampHeader: string
      replayWindowSeconds: number
    }

/** What a sender shows: the last segment of the path, its headers in lower case, and the body as it was sent. */
export interface Shown {
  key?: string | undefined
  headers: Readonly<Record<string, string | undefined>>
  body: Uint8Array
}

/** The secret of a door. While it is rotated, the one before counts as well. */
export interface Secrets {
  current: string
  previous?: string
}

const digest = (content: string) => createHash('sha256').update(content).digest()
/** Digests have one length, so the comparison takes the same time whatever was shown. */
const isSame = (shown: string, expected: string) => timingSafeEqual(digest(shown), digest(expected))

/**
 * Whether a request comes from who knows the secret. Nothing of the body is parsed. Both secrets are compared always,
 * in constant time, so that the answer's time tells nothing. `now` is in milliseconds since 1970.
 */
export function isVerified(auth: Auth, shown: Shown, secrets: Secrets, now: number): boolean {
  const claim = claimOf(auth, shown)
  const byCurrent = isSame(claim.shown, claim.expected(secrets.current))
  const byPrevious = isSame(claim.shown, claim.expected(secrets.previous ?? secrets.current))
  return (byCurrent || byPrevious) && claim.shown !== '' && claim.isFresh(now)
}

/** What was shown, and what each secret would have made of it. */
interface Claim {
  shown: string
  expected(secret: string): string
  isFresh(now: number): boolean
}

const always = () => true
const itself = (secret: string) => secret

function claimOf(auth: Auth, { key = '', headers, body }: Shown): Claim {
  if (auth.method === 'hmac') {
    const timestamp = headers[auth.timestampHeader.toLowerCase()] ?? ''
    const signature = headers[auth.signatureHeader.toLowerCase()] ?? ''
    return {
      shown: signature.toLowerCase().replace(/^sha256=/, ''),
      expected: (secret) => hmac(secret, timestamp, '.', body),
      isFresh: (now) => isWithin(timestamp, auth.replayWindowSeconds, now),
    }
  }
  if (auth.method === 'dbt-platform') {
    // dbt documentation, "Webhooks for your jobs": the header holds the hex HMAC-SHA256 of the body and nothing else.
    const expected = (secret: string) => hmac(secret, body)
    return { shown: (headers.authorization ?? '').toLowerCase(), expected, isFresh: always }
  }
  const shown = auth.method === 'path-key' ? key : (headers['x-api-key'] ?? '')
  return { shown, expected: itself, isFresh: always }
}

function hmac(secret: string, ...parts: (string | Uint8Array)[]): string {
  const made = createHmac('sha256', secret)
  for (const part of parts) made.update(part)
  return made.digest('hex')
}

/** Whole seconds since 1970 only: a form with more than one spelling could be signed once and sent in another. */
const isWithin = (timestamp: string, windowSeconds: number, now: number) =>
  /^\d{1,12}$/.test(timestamp) && Math.abs(now / 1_000 - Number(timestamp)) <= windowSeconds

import { TransientError } from '../errors.js'

/** How one delivery is bounded: it ends well within the 60 s of a function, also when every channel is slow. */
export interface PostLimits {
  tries: number
  timeoutMilliseconds: number
  /** The wait before a second try; it doubles. */
  backOffMilliseconds: number
  /** A longer Retry-After is left to Lambda, which comes back after one and two minutes. */
  retryAfterMillisecondsMax: number
}
export const POST_LIMITS: PostLimits = {
  tries: 3,
  timeoutMilliseconds: 5_000,
  backOffMilliseconds: 500,
  retryAfterMillisecondsMax: 10_000,
}

export interface Poster {
  limits: PostLimits
  /** Waits so many milliseconds. */
  wait(milliseconds: number): Promise<void>
  now(): number
}

/** Where to post. What `secrets` names, and the URL itself, never stands in an error. */
export interface Target {
  channel: string
  url: string
  secrets: readonly string[]
  headers?: Record<string, string>
}

/** A channel did not take a message. The text names the channel and what it said, never its address. */
class NotDelivered extends TransientError {
  override readonly name = 'NotDelivered'
}

interface Failed {
  reason: string
  /** Milliseconds that the service asks to wait, or whether another try makes sense at all. */
  again: number | boolean
}

/**
 * Posts JSON and waits for a 2xx. A time-out, a broken connection, a 429 and a 5xx are tried again, three times in all;
 * anything else is an answer. Throws `NotDelivered`. Redirects are not followed: a secret is for its host only.
 */
export async function post(target: Target, body: unknown, poster: Poster): Promise<void> {
  const { tries, backOffMilliseconds, retryAfterMillisecondsMax } = poster.limits
  for (let attempt = 1; ; attempt += 1) {
    const failed = await postOnce(target, body, poster)
    if (!failed) return
    const pause = failed.again === true ? backOffMilliseconds * 2 ** (attempt - 1) : failed.again
    if (pause === false || attempt >= tries || pause > retryAfterMillisecondsMax)
      throw new NotDelivered(`${target.channel} ${redacted(target, failed.reason)}`)
    await poster.wait(pause)
  }
}

async function postOnce(target: Target, body: unknown, poster: Poster): Promise<Failed | undefined> {
  const { timeoutMilliseconds } = poster.limits
  try {
    const answer = await fetch(target.url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...target.headers },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMilliseconds),
    })
    const text = await answer.text()
    if (answer.ok) return undefined
    const again = answer.status === 429 || answer.status === 408 || answer.status >= 500
    const asked = again ? retryAfter(answer.headers.get('retry-after'), poster.now()) : undefined
    return { reason: `answered ${answer.status}: ${text}`, again: asked ?? again }
  } catch (error) {
    // The message of fetch's own errors can hold the URL; the code of the cause cannot.
    const { name, cause } = error as Error & { cause?: { code?: string } }
    const timedOut = name === 'TimeoutError' || name === 'AbortError'
    const why = timedOut ? `nothing within ${timeoutMilliseconds} ms` : (cause?.code ?? name)
    return { reason: `gave no answer: ${why}`, again: true }
  }
}

/** Milliseconds of a Retry-After header, which holds seconds or a date (RFC 9110, 10.2.3); nothing when it is neither. */
function retryAfter(header: string | null, now: number): number | undefined {
  if (!header) return undefined
  const milliseconds = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : undefined
}

const SHOWN_MAX = 200
/** A part of a path that is shorter is a word such as `services`, and no secret. */
const SECRET_MIN = 9

/** What a service said, on one line, short, and without any secret that it may have echoed. */
function redacted({ url, secrets }: Target, text: string): string {
  const segments = new URL(url).pathname.split('/').filter((segment) => segment.length >= SECRET_MIN)
  const hidden = [url, ...secrets, ...segments]
  const clean = hidden.reduce((shown, secret) => shown.replaceAll(secret, '***'), text)
  return clean.replace(/\s+/g, ' ').trim().slice(0, SHOWN_MAX)
}

import { TransientError } from '../errors.js'
import type { Secrets } from './verify.js'

/** How long a function keeps a secret before it asks again, so that a new one takes effect. */
const KEPT_MILLISECONDS = 60_000
/** How long one that was read counts while Secrets Manager cannot be asked. */
const STALE_MILLISECONDS = 600_000

/** What Secrets Manager says of a secret that there is not, to a role that may read it once it is there. */
export const MISSING = ['ResourceNotFoundException', 'AccessDeniedException']

/** Reads a secret's text by its name; nothing when there is none. Throws when it cannot be asked. */
export type ReadSecret = (name: string) => Promise<string | undefined>

/** A secret's text, read at most once a minute. Throws `TransientError` when it cannot be asked and none is known. */
export function keptSecrets(read: ReadSecret, now: () => number): ReadSecret {
  const kept = new Map<string, { text: string | undefined; at: number }>()
  return async (name) => {
    const known = kept.get(name)
    if (known && now() < known.at + KEPT_MILLISECONDS) return known.text
    try {
      const text = await read(name)
      kept.set(name, { text, at: now() })
      return text
    } catch (error) {
      if (known && now() < known.at + STALE_MILLISECONDS) return known.text
      throw new TransientError(`the secret ${name} cannot be read now`, { cause: error })
    }
  }
}

/**
 * The secrets in a door's text: the bare secret, or `{"current": "...", "previous": "..."}` while it is rotated.
 * Nothing when it holds none: an empty secret would let in who shows nothing.
 */
export function secretsIn(text: string | undefined): Secrets | undefined {
  if (!text) return undefined
  const { current, previous } = parts(text) ?? { current: text }
  if (typeof current !== 'string' || current === '') return undefined
  return { current, ...(typeof previous === 'string' && previous !== '' && { previous }) }
}

/**
 * The value of a secret that is shown to somebody else, and the address that it is for, when the secret names one:
 * `{"value": "...", "url": "..."}` stands in for the address in the source file.
 */
export function credentialIn(text: string): { value: string; url?: string; id?: string } {
  const fields = parts(text)
  if (!fields) return { value: text }
  const { value, url, clientId, clientSecret } = fields
  const told = typeof clientSecret === 'string' ? clientSecret : value
  return {
    value: typeof told === 'string' ? told : text,
    ...(typeof url === 'string' && { url }),
    ...(typeof clientId === 'string' && { id: clientId }),
  }
}

/** The fields of a text that is a JSON object; nothing for any other text. */
function parts(text: string): Record<string, unknown> | undefined {
  if (!text.trimStart().startsWith('{')) return undefined
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return undefined
  }
}

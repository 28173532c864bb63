import { BadInput } from '../../../shared/errors.js'

/** A page mark for callers: opaque text that `decodeNext` takes back. */
export const encodeNext = (mark: string | undefined): string | undefined =>
  mark === undefined ? undefined : Buffer.from(mark).toString('base64url')

/** The mark of a `next` that a caller sent back. Throws `BadInput` when it is none of ours. */
export function decodeNext(next: string): string {
  const mark = Buffer.from(next, 'base64url').toString()
  try {
    if (typeof JSON.parse(mark) === 'object') return mark
  } catch {
    // Falls through to the one answer for everything that is not a mark.
  }
  throw new BadInput('next', ['take it unchanged from the answer before'])
}

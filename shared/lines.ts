import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { TerminalError } from './errors.js'

/** A part of an object: its bytes, and how many the whole object has. Nothing when the object does not exist. */
export type ReadRange = (
  key: string,
  from: number,
  bytes: number,
) => Promise<{ content: Uint8Array; total: number } | undefined>

/** Reads a range of an object of a bucket; an empty one when it starts at or behind the object's end. */
export const readRange =
  (bucket: string, client: S3Client): ReadRange =>
  async (key, from, bytes) => {
    const Range = `bytes=${from}-${from + bytes - 1}`
    try {
      const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, Range }))
      const content = (await answer.Body?.transformToByteArray()) ?? new Uint8Array()
      const total = Number(answer.ContentRange?.split('/')[1] ?? content.length)
      return { content, total }
    } catch (error) {
      if (!(error instanceof Error)) throw error
      if (error.name === 'NoSuchKey') return undefined
      if (error.name === 'InvalidRange') return { content: new Uint8Array(), total: from }
      throw error
    }
  }

/** A line, and the offset in bytes at which the next one starts. */
export interface Line {
  text: string
  end: number
}

export interface LineBounds {
  /** As many lines as one call gives. */
  lines: number
  /** As many bytes as one call reads; a single line must fit. */
  bytes: number
  /** Bytes of one range. */
  rangeBytes: number
}

const NEWLINE = 0x0a

/**
 * The lines of an object from an offset on, as far as the bounds allow; `ended` when the last one is among them.
 * Nothing when the object does not exist. Throws `TerminalError` when one line is longer than all bytes of a call.
 */
export async function linesOf(
  read: ReadRange,
  key: string,
  from: number,
  bounds: LineBounds,
): Promise<{ lines: Line[]; ended: boolean } | undefined> {
  const lines: Line[] = []
  let rest = Buffer.alloc(0)
  let at = from
  while (at - from < bounds.bytes) {
    const range = await read(key, at, Math.min(bounds.rangeBytes, bounds.bytes - (at - from)))
    if (!range) return undefined
    at += range.content.length
    rest = Buffer.concat([rest, range.content])
    const ended = range.content.length === 0 || at >= range.total
    rest = take(rest, at, ended, lines)
    if (lines.length >= bounds.lines) {
      return { lines: lines.slice(0, bounds.lines), ended: ended && lines.length === bounds.lines }
    }
    if (ended) return { lines, ended }
  }
  if (lines.length === 0) throw new TerminalError(`${key} has a line of more than ${bounds.bytes} bytes`)
  return { lines, ended: false }
}

/** Moves the whole lines of what was read into `lines`, and gives the beginning of the next; `at` is its end. */
function take(read: Buffer, at: number, ended: boolean, lines: Line[]): Buffer<ArrayBuffer> {
  const start = at - read.length
  let used = 0
  for (;;) {
    const newline = read.indexOf(NEWLINE, used)
    if (newline < 0 && !(ended && used < read.length)) return Buffer.from(read.subarray(used))
    const stop = newline < 0 ? read.length : newline
    const end = newline < 0 ? stop : stop + 1
    lines.push({ text: read.subarray(used, stop).toString(), end: start + end })
    used = end
  }
}

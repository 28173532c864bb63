/** An answer, its text read as UTF-8. */
export interface Reply {
  status: number
  text: string
}

/** More than any answer has that a door asks for: an item has at most 400 KB, a secret 64 KB. */
const ANSWER_BYTES_MAX = 4_000_000

const LENGTH = /\r\ncontent-length:[ \t]*([^\r]*?)[ \t]*(?:\r|$)/i
const ENCODING = /\r\ntransfer-encoding:[ \t]*([^\r]*?)[ \t]*(?:\r|$)/i

/**
 * Reads one answer of HTTP/1.1 out of pieces of its bytes, each byte a character (latin1), as RFC 9112 frames it: by
 * length, in chunks, or up to the end of the connection. Throws when it is none, or is too long.
 */
export class ReplyReader {
  /** Whether the connection can carry another request after this answer. */
  isReusable = false
  #seen = ''
  #head: { status: number; lines: string; from: number } | undefined

  /** The answer, once it is whole. */
  take(piece: string): Reply | undefined {
    this.#seen += piece
    if (this.#seen.length > ANSWER_BYTES_MAX) throw new RangeError('the answer is too long')
    this.#head ??= this.#readHead()
    if (!this.#head) return undefined
    const { lines, from, status } = this.#head
    if (ENCODING.test(lines)) return this.#chunked(lines, from)
    const length = status === 204 || status === 304 ? '0' : LENGTH.exec(lines)?.[1]
    if (length === undefined) return undefined
    if (!/^\d{1,9}$/.test(length)) throw new TypeError('the answer has no such length')
    const end = from + Number(length)
    return this.#seen.length >= end ? this.#done(this.#seen.slice(from, end), end) : undefined
  }

  /** The answer, when the connection's end is its end. */
  end(): Reply {
    const { lines = '', from = 0 } = this.#head ?? {}
    if (!this.#head || LENGTH.test(lines) || ENCODING.test(lines))
      throw new Error('the connection ended within the answer')
    return this.#done(this.#seen.slice(from), Number.NaN)
  }

  #readHead() {
    for (;;) {
      const end = this.#seen.indexOf('\r\n\r\n')
      if (end < 0) return undefined
      const lines = this.#seen.slice(0, end)
      const status = Number(/^HTTP\/1\.1 (\d{3})(?: |\r|$)/.exec(lines)?.[1])
      if (!status) throw new TypeError('the answer is no HTTP/1.1')
      if (status >= 200) return { status, lines, from: end + 4 }
      this.#seen = this.#seen.slice(end + 4)
    }
  }

  #chunked(lines: string, from: number): Reply | undefined {
    if (ENCODING.exec(lines)?.[1]?.toLowerCase() !== 'chunked')
      throw new TypeError('the answer is encoded in an unknown way')
    let body = ''
    for (let at = from; ; ) {
      const line = this.#seen.indexOf('\r\n', at)
      if (line < 0) return undefined
      const size = /^[0-9a-f]{1,7}(?=\s*(;|$))/i.exec(this.#seen.slice(at, line))?.[0]
      if (size === undefined) throw new TypeError('the answer has a chunk without a size')
      const [begin, end] = [line + 2, line + 2 + Number.parseInt(size, 16)]
      if (end === begin) return this.#afterTrailer(body, begin)
      if (this.#seen.length < end + 2) return undefined
      if (this.#seen.slice(end, end + 2) !== '\r\n') throw new TypeError('a chunk is longer than it says')
      body += this.#seen.slice(begin, end)
      at = end + 2
    }
  }

  /** After the last chunk come fields, most often none, and an empty line. */
  #afterTrailer(body: string, at: number): Reply | undefined {
    if (this.#seen.startsWith('\r\n', at)) return this.#done(body, at + 2)
    const end = this.#seen.indexOf('\r\n\r\n', at)
    return end < 0 ? undefined : this.#done(body, end + 4)
  }

  #done(body: string, end: number): Reply {
    const { status = 0, lines = '' } = this.#head ?? {}
    this.isReusable = this.#seen.length === end && !/\r\nconnection:[^\r]*\bclose\b/i.test(lines)
    return { status, text: Buffer.from(body, 'latin1').toString('utf8') }
  }
}

import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { httpLine, type Post } from '../../../shared/doors/http-line.js'
import { ReplyReader } from '../../../shared/doors/http-reply.js'

const bytes = (text: string) => Buffer.from(text).toString('latin1')
const framed = (body: string) =>
  `HTTP/1.1 200 OK\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
const inChunks = (...bodies: string[]) => {
  const chunks = bodies.map((body) => `${Buffer.byteLength(body).toString(16)};x=y\r\n${body}\r\n`).join('')
  return `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n`
}

/** What a reader says of an answer that comes in pieces of so many bytes; one that is not over ends with the connection. */
function read(answer: string, piece = answer.length) {
  const reader = new ReplyReader()
  const sent = bytes(answer)
  for (let at = 0; at < sent.length; at += piece) {
    const reply = reader.take(sent.slice(at, at + piece))
    if (reply) return { ...reply, reusable: reader.isReusable }
  }
  return { ...reader.end(), reusable: reader.isReusable }
}

describe('an answer', () => {
  it.each([
    ['by its length', framed('{"ä":"€"}'), { text: '{"ä":"€"}', reusable: true }],
    ['without a body', framed(''), { text: '', reusable: true }],
    ['in chunks', `${inChunks('{"ä"', ':"€"}')}\r\n`, { text: '{"ä":"€"}', reusable: true }],
    ['in chunks with a trailer', `${inChunks('a')}x: y\r\n\r\n`, { text: 'a', reusable: true }],
    ['up to the end', 'HTTP/1.1 200 OK\r\n\r\nabc', { text: 'abc', reusable: false }],
    ['after a hint', `HTTP/1.1 103 Early\r\na: b\r\n\r\n${framed('x')}`, { text: 'x', reusable: true }],
    ['of no content', 'HTTP/1.1 204\r\n\r\n', { status: 204, text: '', reusable: true }],
    ['before a close', framed('x').replace('\r\n', '\r\nConnection: close\r\n'), { reusable: false }],
    ['with more behind it', `${framed('x')}HTTP/1.1`, { text: 'x' }],
  ])('is read %s, in pieces of any size', (_, answer, expected) => {
    for (let piece = 1; piece <= answer.length; piece += 1)
      expect(read(answer, piece)).toMatchObject({ status: 200, ...expected })
  })

  it('with more behind it leaves no connection for another', () => {
    expect(read(`${framed('x')}HTTP/1.1`).reusable).toBe(false)
  })

  it.each([
    'SSH-2.0-x\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc\r\n',
    `${inChunks('a').slice(0, -3)}`,
    'HTTP/1.1 200',
    '',
  ])('that is none, or broken off, is no answer: %j', (answer) => {
    expect(() => read(answer)).toThrow(/answer|chunk|length/)
  })

  it('is not read without an end', () => {
    const reader = new ReplyReader()
    reader.take('HTTP/1.1 200 OK\r\n\r\n')
    expect(() => reader.take('x'.repeat(4_000_001))).toThrow('too long')
  })

  it('says what it said, whatever it said', () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 })
    const check = (one: string, other: string, piece: number) => {
      expect(read(framed(one), piece).text).toBe(one)
      if (one && other) expect(read(`${inChunks(one, other)}\r\n`, piece).text).toBe(one + other)
    }
    fc.assert(fc.property(text, text, fc.integer({ min: 1, max: 40 }), check), { numRuns: 40 })
  })
})

/** Milliseconds of silence that a line bears; as many as a busy machine may take for an answer. */
const QUIET = 1_000

describe('a line', () => {
  let server: Server
  let seen: { of: number; text: string }[]
  let answer: (socket: Socket) => void
  let post: Post
  let sockets: Socket[]
  beforeEach(async () => {
    ;[seen, sockets] = [[], []]
    answer = (socket) => socket.write(framed('ok'))
    server = createServer((socket) => {
      const of = sockets.push(socket)
      socket.on('error', () => undefined)
      socket.on('data', (chunk) => {
        seen.push({ of, text: String(chunk) })
        answer(socket)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    post = httpLine(addressOf(server), QUIET)
  })
  afterEach(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })

  it('sends one request as it is written, and the next on the same connection', async () => {
    expect(await post({ 'x-a': 'b' }, '€')).toEqual({ status: 200, text: 'ok' })
    await post({}, '')
    expect(seen[0]?.text).toBe('POST / HTTP/1.1\r\nhost: here\r\nx-a: b\r\ncontent-length: 3\r\n\r\n€')
    expect(seen.map(({ of }) => of)).toEqual([1, 1])
  })

  it('takes another connection for a request beside one under way', async () => {
    await Promise.all([post({}, 'a'), post({}, 'b')])
    expect(new Set(seen.map(({ of }) => of)).size).toBe(2)
  })

  it('takes a new connection where the last one was closed meanwhile', async () => {
    await post({}, 'a')
    const gone = new Promise((resolve) => sockets[0]?.on('close', resolve))
    sockets[0]?.end()
    await gone
    expect((await post({}, 'b')).text).toBe('ok')
    expect(seen.map(({ of }) => of)).toEqual([1, 2])
  })

  it.each<[string, (socket: Socket) => void, RegExp]>([
    ['nothing comes', () => undefined, /nothing within 1000 ms/],
    ['it breaks', (socket) => socket.destroy(), /closed|ended|ECONNRESET/],
    ['what comes is no HTTP', (socket) => socket.write('what?\r\n\r\n'), /no HTTP/],
  ])('fails when %s, and goes on with a new connection', async (_, badly, words) => {
    const well = answer
    answer = badly
    await expect(post({}, 'a')).rejects.toThrow(words)
    answer = well
    expect((await post({}, 'b')).text).toBe('ok')
    expect(seen.map(({ of }) => of)).toEqual([1, 2])
  })

  it('lets no header be two', async () => {
    await expect(post({ a: 'b\r\nc: d' }, '')).rejects.toThrow('the header a holds a line break')
  })
})

it('a line over TLS trusts nobody without a certificate', async () => {
  const server = createTlsServer({}, () => undefined)
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  await expect(httpLine({ ...addressOf(server), protocol: 'https:' }, 1_000)({}, '')).rejects.toThrow()
  await new Promise((resolve) => server.close(resolve))
})

function addressOf(server: Server) {
  const { port } = server.address() as { port: number }
  return { protocol: 'http:', hostname: '127.0.0.1', port, host: 'here' } as const
}

import * as net from 'node:net'
import * as tls from 'node:tls'
import { type Reply, ReplyReader } from './http-reply.js'

/** Where requests go. `host` is the name as it stands in the Host header. */
export interface Address {
  protocol: 'http:' | 'https:'
  hostname: string
  port: number
  host: string
}

/** Posts a text to the root of one address; `headers` without those that tell the length. */
export type Post = (headers: Record<string, string>, body: string) => Promise<Reply>

/**
 * Posts over connections that stay open (HTTP/1.1, RFC 9112), one request at a time on each. A call fails when its
 * connection breaks, when nothing comes for so many milliseconds, or when the answer is no HTTP; nothing is tried again.
 */
export function httpLine(to: Address, quietMilliseconds: number): Post {
  const idle: net.Socket[] = []
  let session: Buffer | undefined
  const connect = (): net.Socket => {
    if (to.protocol === 'http:') return prepared(net.connect(to.port, to.hostname))
    const servername = net.isIP(to.hostname) ? '' : to.hostname
    const socket = tls.connect({ host: to.hostname, port: to.port, servername, ...(session && { session }) })
    socket.on('session', (given) => {
      session = given
    })
    return prepared(socket)
  }
  const prepared = (socket: net.Socket) => {
    socket.setNoDelay(true).setKeepAlive(true).setEncoding('latin1')
    socket.on('close', () => forget(idle, socket))
    // One that breaks while nobody uses it is told by `close`.
    socket.on('error', () => undefined)
    return socket
  }
  return async (headers, body) => {
    const text = written(to.host, headers, body)
    const socket = idle.pop() ?? connect()
    const { reply, reusable } = await exchange(socket.ref(), text, quietMilliseconds)
    if (reusable) idle.push(socket.unref())
    else socket.destroy()
    return reply
  }
}

function forget(idle: net.Socket[], socket: net.Socket): void {
  const place = idle.indexOf(socket)
  if (place >= 0) idle.splice(place, 1)
}

function written(host: string, headers: Record<string, string>, body: string): string {
  let head = 'POST / HTTP/1.1\r\n'
  for (const [name, value] of Object.entries({ host, ...headers })) {
    if (/[\r\n\0]/.test(value)) throw new TypeError(`the header ${name} holds a line break`)
    head += `${name}: ${value}\r\n`
  }
  return `${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

/** One request and its answer on a connection, which is of use again when the answer ended where it said. */
function exchange(
  socket: net.Socket,
  text: string,
  quietMilliseconds: number,
): Promise<{ reply: Reply; reusable: boolean }> {
  return new Promise((resolve, reject) => {
    const reader = new ReplyReader()
    const told = {
      data: (chunk: string) => attempt(() => reader.take(chunk)),
      end: () => attempt(() => reader.end()),
      timeout: () => fail(new Error(`nothing within ${quietMilliseconds} ms`)),
      error: (error: Error) => fail(error),
      close: () => fail(new Error('the connection was closed')),
    }
    const listeners = Object.entries(told) as [string, (given: unknown) => void][]
    const leave = () => {
      for (const [event, listener] of listeners) socket.off(event, listener)
      socket.setTimeout(0)
    }
    const fail = (error: Error) => {
      leave()
      socket.destroy()
      reject(error)
    }
    const attempt = (step: () => Reply | undefined) => {
      try {
        const reply = step()
        if (!reply) return
        leave()
        resolve({ reply, reusable: reader.isReusable && !socket.destroyed })
      } catch (error) {
        fail(error as Error)
      }
    }
    for (const [event, listener] of listeners) socket.on(event, listener)
    socket.setTimeout(quietMilliseconds)
    socket.write(text)
  })
}

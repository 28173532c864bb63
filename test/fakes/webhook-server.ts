import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Received {
  method: string
  path: string
  type: string | undefined
  authorization?: string
  body: unknown
}

/** How a real service answers: with a status, too late, or by closing the connection. */
export type Answer =
  | { status: number; body?: string; headers?: Record<string, string> }
  | 'silence'
  | 'silence in the body'
  | 'closed connection'

/** Answers as PagerDuty's Events API v2 and as Slack's incoming webhooks do. */
export const pagerdutyTook: Answer = {
  status: 202,
  headers: { 'Content-Type': 'application/json' },
  body: '{"status":"success","message":"Event processed","dedup_key":"i1"}',
}
export const slackTook: Answer = { status: 200, headers: { 'Content-Type': 'text/html' }, body: 'ok' }

/** A local HTTP server on a free port: keeps what it got and answers as a test says, then as usual. */
export class WebhookServer {
  readonly received: Received[] = []
  /** The next answers, each for one request. */
  next: Answer[] = []
  private readonly server: Server

  constructor(usual: Answer) {
    this.server = createServer((request, response) => {
      let text = ''
      request.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      request.on('end', () => {
        const { method = '', url: path = '', headers } = request
        const { 'content-type': type, authorization } = headers
        const body = JSON.parse(text)
        this.received.push({ method, path, type, ...(authorization && { authorization }), body })
        const answer = this.next.shift() ?? usual
        if (answer === 'closed connection') request.socket.destroy()
        else if (answer === 'silence in the body') response.writeHead(200).write('o')
        else if (answer !== 'silence')
          response.writeHead(answer.status, answer.headers).end(answer.body ?? '')
      })
    })
  }

  /** Starts to listen and gives the address, without a path. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }
}

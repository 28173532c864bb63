import type { IncomingMessage, ServerResponse } from 'node:http'
import { LoopbackServer } from './loopback-server.js'

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

const read = (text: string, type?: string): unknown =>
  type?.startsWith('application/x-www-form-urlencoded')
    ? Object.fromEntries(new URLSearchParams(text))
    : JSON.parse(text)

/** A local HTTP server: keeps what it got and answers as a test says, then as usual. */
export class WebhookServer extends LoopbackServer {
  readonly received: Received[] = []
  /** The next answers, each for one request. */
  next: Answer[] = []

  constructor(private readonly usual: Answer) {
    super()
  }

  protected answer(request: IncomingMessage, text: string, response: ServerResponse): void {
    const { method = '', url: path = '', headers } = request
    const { 'content-type': type, authorization } = headers
    const body = text === '' ? undefined : read(text, type)
    this.received.push({ method, path, type, ...(authorization && { authorization }), body })
    const answer = this.next.shift() ?? this.usual
    if (answer === 'closed connection') request.socket.destroy()
    else if (answer === 'silence in the body') response.writeHead(200).write('o')
    else if (answer !== 'silence') response.writeHead(answer.status, answer.headers).end(answer.body ?? '')
  }
}

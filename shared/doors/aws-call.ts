import { setTimeout } from 'node:timers/promises'
import { Contention, TransientError } from '../errors.js'
import { httpLine, type Post } from './http-line.js'
import { type Credentials, signedHeaders } from './sigv4.js'

export type { Credentials } from './sigv4.js'

/** Where the services are: a region, and an address that stands in for all of theirs, as the SDKs read it. */
export interface Place {
  region: string
  endpoint?: string | undefined
}

/** What the door asks of AWS, by the names that IAM gives to the actions. */
export type Action =
  | 'dynamodb:GetItem'
  | 'dynamodb:PutItem'
  | 'dynamodb:UpdateItem'
  | 'events:PutEvents'
  | 'secretsmanager:GetSecretValue'

const PROTOCOLS: Record<string, { target: string; type: string }> = {
  dynamodb: { target: 'DynamoDB_20120810', type: 'application/x-amz-json-1.0' },
  events: { target: 'AWSEvents', type: 'application/x-amz-json-1.1' },
  secretsmanager: { target: 'secretsmanager', type: 'application/x-amz-json-1.1' },
}

/** A service's refusal; `code` is its own, without a namespace. */
export class Refused extends Error {
  override readonly name = 'Refused'
  constructor(
    readonly action: Action,
    readonly code: string,
    readonly status: number,
  ) {
    super(`${action} was refused: ${code}`)
  }
}

const TRIES_MAX = 3
const PAUSE_MILLISECONDS = 50
/** Longer than a jam: a second request beside one that is still worked at makes it worse. */
const QUIET_MILLISECONDS = 8_000
const THROTTLED =
  /Throttl|TooManyRequests|RequestLimitExceeded|ProvisionedThroughputExceeded|TransactionConflict/

export type Call = (action: Action, input: object) => Promise<{ [name: string]: unknown }>

/**
 * Asks AWS by its JSON protocols, without the SDK: a sender waits for the door's cold start, and the SDK's three clients
 * are most of it. Tried three times where that heals. Throws `Refused`, `Contention`, or `TransientError`.
 */
export function awsCaller(place: () => Place, credentials: () => Credentials, now: () => number): Call {
  const lines = new Map<string, Line>()
  return async (action, input) => {
    const body = JSON.stringify(input)
    for (let tries = 1; ; tries += 1) {
      const failed = await once(action, body).catch((error: Error) => error)
      if (!(failed instanceof Error)) return failed
      const heals = !(failed instanceof Refused) || failed.status >= 500 || THROTTLED.test(failed.code)
      if (!heals) throw failed
      if (tries === TRIES_MAX) throw away(action, failed)
      await setTimeout(PAUSE_MILLISECONDS * 2 ** (tries - 1))
    }
  }

  async function once(action: Action, body: string): Promise<{ [name: string]: unknown }> {
    const [service = '', operation] = action.split(':')
    const { region, endpoint = `https://${service}.${region}.${domainOf(region)}` } = place()
    const { host, post } = lineTo(lines, endpoint)
    const { target, type } = PROTOCOLS[service] as { target: string; type: string }
    const plain = { host, 'content-type': type, 'x-amz-target': `${target}.${operation}` }
    const headers = signedHeaders(plain, body, { service, region, credentials: credentials(), now: now() })
    const { status, text } = await post(headers, body)
    const content = parsed(text)
    if (status < 300) return content
    const code = String(content.__type ?? status).replace(/^.*#/, '')
    throw new Refused(action, code, status)
  }
}

interface Line {
  host: string
  post: Post
}

/** Where an endpoint's requests go. It is read once. */
function lineTo(lines: Map<string, Line>, endpoint: string): Line {
  const known = lines.get(endpoint)
  if (known) return known
  const { protocol, hostname, port, host } = new URL(endpoint)
  if (protocol !== 'http:' && protocol !== 'https:') throw new TypeError(`${endpoint} is no address of HTTP`)
  const to = {
    protocol,
    // An address of IPv6 stands in brackets there.
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || (protocol === 'http:' ? 80 : 443)),
    host,
  } as const
  const line = { host, post: httpLine(to, QUIET_MILLISECONDS) }
  lines.set(endpoint, line)
  return line
}

const domainOf = (region: string) => (region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com')

function away(action: Action, error: Error): TransientError {
  const told = error instanceof Refused ? error.code : ((error as NodeJS.ErrnoException).code ?? error.name)
  const message = `${action} gave no answer: ${told}`
  return THROTTLED.test(told) ? new Contention(message) : new TransientError(message)
}

function parsed(text: string): { [name: string]: unknown } {
  try {
    return JSON.parse(text) as { [name: string]: unknown }
  } catch {
    return {}
  }
}

import * as http from 'node:http'
import * as https from 'node:https'
import { isIP } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { urlToHttpOptions } from 'node:url'
import { Contention, TransientError } from '../errors.js'
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
const ANSWER_MILLISECONDS = 3_000
const THROTTLED =
  /Throttl|TooManyRequests|RequestLimitExceeded|ProvisionedThroughputExceeded|TransactionConflict/
const socketOptions = { keepAlive: true, maxSockets: 8 }

export type Call = (action: Action, input: object) => Promise<{ [name: string]: unknown }>

/**
 * Asks AWS by its JSON protocols, without the SDK: a sender waits for the door's cold start, and the SDK's three clients
 * are most of it. Tried three times where that heals. Throws `Refused`, `Contention`, or `TransientError`.
 */
export function awsCaller(place: () => Place, credentials: () => Credentials, now: () => number): Call {
  const agents = { 'http:': new http.Agent(socketOptions), 'https:': new https.Agent(socketOptions) }
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
    const to = addressOf(endpoint)
    const { target, type } = PROTOCOLS[service] as { target: string; type: string }
    const plain = { host: to.host, 'content-type': type, 'x-amz-target': `${target}.${operation}` }
    const headers = signedHeaders(plain, body, { service, region, credentials: credentials(), now: now() })
    const { status, text } = await send({ ...to.options, agent: agents[to.options.protocol], headers }, body)
    const content = parsed(text)
    if (status < 300) return content
    const code = String(content.__type ?? status).replace(/^.*#/, '')
    throw new Refused(action, code, status)
  }
}

interface Address {
  host: string
  options: https.RequestOptions & { protocol: 'http:' | 'https:' }
}
const addresses = new Map<string, Address>()

/** Where an endpoint's requests go. It is read once: Node would work it, and the name for TLS, out for each request. */
function addressOf(endpoint: string): Address {
  const known = addresses.get(endpoint)
  if (known) return known
  const url = new URL(endpoint)
  const { hostname, port } = urlToHttpOptions(url)
  const address: Address = {
    host: url.host,
    options: {
      protocol: url.protocol as 'http:' | 'https:',
      hostname,
      port,
      servername: isIP(String(hostname)) ? '' : String(hostname),
      method: 'POST',
      path: '/',
      timeout: ANSWER_MILLISECONDS,
    },
  }
  addresses.set(endpoint, address)
  return address
}

const domainOf = (region: string) => (region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com')

function away(action: Action, error: Error): TransientError {
  const told = error instanceof Refused ? error.code : ((error as NodeJS.ErrnoException).code ?? error.name)
  const message = `${action} gave no answer: ${told}`
  return THROTTLED.test(told) ? new Contention(message) : new TransientError(message)
}

function send(options: https.RequestOptions, body: string): Promise<{ status: number; text: string }> {
  const { request } = options.protocol === 'http:' ? http : https
  return new Promise((resolve, reject) => {
    const call = request(options, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => {
        text += chunk
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
      answer.on('error', reject)
    })
    call.on('timeout', () => call.destroy(new Error(`nothing within ${ANSWER_MILLISECONDS} ms`)))
    call.on('error', reject)
    call.end(body)
  })
}

function parsed(text: string): { [name: string]: unknown } {
  try {
    return JSON.parse(text) as { [name: string]: unknown }
  } catch {
    return {}
  }
}

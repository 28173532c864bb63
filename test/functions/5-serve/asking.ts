import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import type { Outgoing } from '../../../events/catalog.js'
import { type ApiEffects, api } from '../../../functions/5-serve/api/api.js'
import type { ReadRange } from '../../../shared/lines.js'
import type { Parts } from '../../fakes/parts.js'
import { testProject as project } from '../../fakes/project.js'

export const TOKEN = 'the-right-token'

/** An API on the fakes of a chain; `requested` keeps the events that it put, the first as `e-1`. */
export function apiOn(parts: Parts): ApiEffects & { requested: Outgoing[] } {
  const requested: Outgoing[] = []
  return {
    project,
    ledger: parts.ledger,
    reports: parts.artifacts,
    dashboards: parts.artifacts,
    clock: parts.clock,
    subjects: parts.artifacts,
    bronzeBucket: 'bronze',
    compactTargetBytes: 1_000,
    listVersions: parts.bronze.listVersions,
    readRejected: textRanges(parts.quarantine.objects),
    request: async (event) => `e-${requested.push(event)}`,
    requested,
    isToken: async (token) => token === TOKEN,
    goldRows: { start: async () => ({ rows: [] }), continue: async () => ({ rows: [] }) },
  }
}

/** Ranges of texts by key, as S3 gives them. */
export const textRanges =
  (objects: ReadonlyMap<string, unknown>): ReadRange =>
  async (key, from, bytes) => {
    const content = objects.get(key)
    if (typeof content !== 'string') return undefined
    const whole = Buffer.from(content)
    return { content: whole.subarray(from, from + bytes), total: whole.length }
  }

export interface Asked {
  method?: string
  /** Sent as it is when it is text, else as JSON. */
  body?: unknown
  authorization?: string | null
  headers?: Record<string, string>
}

/** One request through API Gateway, and its answer. */
export async function ask(effects: ApiEffects, path: string, asked: Asked = {}) {
  const { method = 'GET', body, authorization = `Bearer ${TOKEN}`, headers = {} } = asked
  const [rawPath = '', rawQueryString = ''] = path.split('?')
  const event = {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString,
    headers: { host: 'api.example', ...headers, ...(authorization !== null && { authorization }) },
    queryStringParameters: Object.fromEntries(new URLSearchParams(rawQueryString)),
    requestContext: {
      http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' },
      domainName: 'api.example',
      requestId: 'r',
      stage: '$default',
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    isBase64Encoded: false,
  } as unknown as APIGatewayProxyEventV2
  const answer = (await api(effects).resolve(event, {} as Context)) as {
    statusCode: number
    body?: string
    headers: Record<string, string>
  }
  const { statusCode: status, headers: sent } = answer
  return { status, body: answer.body ? JSON.parse(answer.body) : undefined, headers: sent }
}

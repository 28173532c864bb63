import { CloudWatchLogsClient, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs'
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'

/** A hop: the event that is put, and the function whose start ends it. */
export interface Hop {
  name: string
  functionName: string
  source: string
  detailType: string
  detail: object
}

export interface Spread {
  count: number
  medianMilliseconds: number
  p95Milliseconds: number
}

const SPACING_MILLISECONDS = 40
const WARM_UP_ROUNDS = 5
const COLLECT_TRIES_MAX = 20
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Puts each hop's event once a round, one after another, and gives when each was put by event id. */
export async function putRounds(
  hops: Hop[],
  busName: string,
  rounds: number,
): Promise<Map<string, Map<string, number>>> {
  const events = new EventBridgeClient({})
  const put = new Map(hops.map((hop) => [hop.name, new Map<string, number>()]))
  for (let round = 0; round < rounds + WARM_UP_ROUNDS; round += 1) {
    for (const hop of hops) {
      const at = Date.now()
      const { source, detailType, detail } = hop
      const entry = {
        EventBusName: busName,
        Source: source,
        DetailType: detailType,
        Detail: JSON.stringify(detail),
      }
      const { Entries } = await events.send(new PutEventsCommand({ Entries: [entry] }))
      if (round >= WARM_UP_ROUNDS) put.get(hop.name)?.set(String(Entries?.[0]?.EventId), at)
      await pause(SPACING_MILLISECONDS)
    }
  }
  return put
}

/**
 * Milliseconds from each put to the start of its handler, as the handler's own log line tells. Throws when one failed:
 * its environment may be started anew, and that would be measured instead.
 */
export async function hopMilliseconds(functionName: string, put: Map<string, number>): Promise<number[]> {
  const logs = new CloudWatchLogsClient({})
  let seen = 0
  for (let tries = 0; tries < COLLECT_TRIES_MAX; tries += 1) {
    const starts = await handlerStarts(logs, `/aws/lambda/${functionName}`)
    const hops = [...put].flatMap(([id, at]) => (starts.has(id) ? [(starts.get(id) as number) - at] : []))
    if (hops.length === put.size) return hops
    seen = hops.length
    await pause(500)
  }
  throw new Error(`${functionName} logged ${seen} of the ${put.size} events that were put for it`)
}

interface Line {
  eventId: string
  timestamp: string
  milliseconds: number
  level: string
  error?: unknown
}

async function handlerStarts(logs: CloudWatchLogsClient, logGroupName: string): Promise<Map<string, number>> {
  const starts = new Map<string, number>()
  for await (const { events = [] } of paginateFilterLogEvents({ client: logs }, { logGroupName })) {
    for (const { message = '' } of events) {
      if (!message.includes('"eventId"')) continue
      const line = JSON.parse(message) as Line
      if (line.level === 'ERROR') throw new Error(`${logGroupName}: ${JSON.stringify(line.error)}`)
      starts.set(line.eventId, Date.parse(line.timestamp) - line.milliseconds)
    }
  }
  return starts
}

/** Median and 95th percentile, nearest rank. */
export function spread(values: number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const rank = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
  return { count: sorted.length, medianMilliseconds: rank(0.5), p95Milliseconds: rank(0.95) }
}

import { createHash } from 'node:crypto'
import { laneKind, laneName, laneSubject } from '../lane.js'
import type { RunKind } from '../run.js'
import { FAULTS, type Fault } from './priorities.js'

export interface Blamed {
  lane: string
  kind: RunKind
  fault: Fault
  reason: string
  /** The engine of the failed attempt; absent when none was chosen. */
  engine?: string | undefined
}

/** The services of engines that do not run on ECS, as causes name them. */
const SERVICES: Record<string, string> = { spark: 'glue', 'dbt-platform': 'dbt-platform' }

/**
 * The identity of a root cause. What belongs to one lane names it, `cleanse:market_data:gate`; what lanes share names
 * the service, `ecs:image_pull:cleanse`, and where the words of the failure tell causes apart, a digest of them.
 */
export function causeOf({ lane, kind, fault, reason, engine }: Blamed): string {
  const { reaches } = FAULTS[fault]
  // The lanes of one source have one cause.
  if (reaches === 'lane') return `${laneName(kind, laneSubject(lane))}:${fault}`
  const shared = `${SERVICES[engine ?? ''] ?? 'ecs'}:${fault}:${kind}`
  return reaches === 'service' ? shared : `${shared}:${fingerprint(reason)}`
}

/** Whether runs of a lane can stand in an incident of this cause. It only spares reads: the incident itself says. */
export function mayConcern(cause: string, lane: string): boolean {
  const kind = laneKind(lane)
  const parts = cause.split(':')
  const ofLane = cause.startsWith(`${laneName(kind, laneSubject(lane))}:`)
  return ofLane || (['ecs', ...Object.values(SERVICES)].includes(parts[0] as string) && parts[2] === kind)
}

/** Eight hexadecimal digits of a failure's words without the ids and numbers that differ from run to run. */
function fingerprint(reason: string): string {
  const words = reason.replace(/[0-9a-z]+/gi, (word) => (/\d/.test(word) ? '#' : word))
  return createHash('sha256').update(words).digest('hex').slice(0, 8)
}

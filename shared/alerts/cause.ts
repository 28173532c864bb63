import { createHash } from 'node:crypto'
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

/**
 * The identity of a root cause. What belongs to one lane names it, `cleanse:market_data:gate`; what lanes share names
 * the service, `ecs:image_pull:cleanse`, and where the words of the failure tell causes apart, a digest of them.
 */
export function causeOf({ lane, kind, fault, reason, engine }: Blamed): string {
  const { reaches } = FAULTS[fault]
  if (reaches === 'lane') return `${lane}:${fault}`
  const shared = `${engine === 'spark' ? 'glue' : 'ecs'}:${fault}:${kind}`
  return reaches === 'service' ? shared : `${shared}:${fingerprint(reason)}`
}

/** Whether runs of a lane can stand in an incident of this cause. It only spares reads: the incident itself says. */
export function mayConcern(cause: string, lane: string): boolean {
  const [kind] = lane.split(':')
  const parts = cause.split(':')
  return cause.startsWith(`${lane}:`) || (['ecs', 'glue'].includes(parts[0] as string) && parts[2] === kind)
}

/** Eight hexadecimal digits of a failure's words without the ids and numbers that differ from run to run. */
function fingerprint(reason: string): string {
  const words = reason.replace(/[0-9a-z]+/gi, (word) => (/\d/.test(word) ? '#' : word))
  return createHash('sha256').update(words).digest('hex').slice(0, 8)
}

import type { FailureClass } from '../../events/catalog.js'
import type { Failure } from '../../functions/operate/raise-alert/raise-alert.js'
import type { Incident } from '../../shared/alerts/incident.js'
import { buildStateKey } from '../../shared/build.js'
import { laneKind, laneSubject } from '../../shared/lane.js'
import type { Value } from '../../shared/ledger.js'
import { runKey } from '../../shared/run.js'
import type { Parts } from './parts.js'

/** Runs that failed, as the stages leave them in the ledger, and the events that tell of them. */

export const LANES = {
  prices: 'cleanse:market_data',
  trades: 'cleanse:transactions',
  build: 'build:finance+risk',
} as const

/** Leaves a run in the ledger; PARKED and without a recovery unless told otherwise. */
export async function leaveRun(
  { ledger, clock }: Parts,
  runId: string,
  lane: string,
  more: { [name: string]: Value } = {},
): Promise<void> {
  const createdAt = new Date(clock.now()).toISOString()
  const kind = laneKind(lane)
  const run = { ...runKey(runId), runId, lane, kind, subject: laneSubject(lane), state: 'PARKED', attempt: 1 }
  await ledger.write({ put: { ...run, tries: 2, createdAt, ...(kind === 'build' && { base: 0 }), ...more } })
}

/** The event of a run that failed in this way. */
export function failureOf(
  runId: string,
  lane: string,
  failureClass: FailureClass | 'gate' = 'crashed',
  reason = `${failureClass} in ${runId}`,
): Failure {
  const detail = { runId, kind: laneKind(lane), subject: laneSubject(lane), lane, reason }
  return failureClass === 'gate' ? { ...detail, failureClass } : { ...detail, failureClass }
}

/** The inputs of a parked cleanse end in silver: it was put back into a run that is committed. */
export async function putBackWell(parts: Parts, runId: string, lane: string): Promise<void> {
  await leaveRun(parts, `${runId}-again`, lane, { state: 'COMMITTED' })
  await leaveRun(parts, runId, lane, { state: 'REPLAYED', into: `${runId}-again` })
}

/** A build of the lane is committed, as its last transaction leaves it. */
export async function commitBuild(
  parts: Parts,
  runId: string,
  ordinal: number,
  lane = LANES.build,
): Promise<void> {
  await leaveRun(parts, runId, lane, { state: 'COMMITTED', base: ordinal - 1 })
  await parts.ledger.write({ put: { ...buildStateKey(lane), ordinal, builtBy: runId, silverRuns: {} } })
}

export const incidents = ({ ledger }: Parts) =>
  ledger.all('INCIDENT#').filter(({ SK }) => SK === 'META') as Incident[]
export const openCauses = ({ ledger }: Parts) =>
  ledger.all('INCIDENTS').flatMap(({ PK, SK }) => (PK === 'INCIDENTS' ? [SK] : []))

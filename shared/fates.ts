import { carried } from './correlation.js'
import type { Item, Ledger } from './ledger.js'
import { correlation } from './observe.js'
import { parseAttemptName } from './run.js'

/**
 * What became of an event at a stage: one item for each, so that "why" has an answer. A delivery that fails leaves a
 * record too; one that went well replaces it and is never replaced by a failed one.
 */
export interface Fate {
  did: string
  /** The item that it was about, so that its events are found from there: a run or a file. */
  about?: string
  /** Which delivery it goes back to. */
  correlationId?: string
}

export interface Delivered {
  id: string
  time: string
  'detail-type': string
}

/** Puts many items without conditions. */
export type PutAll = (items: Item[]) => Promise<void>

/** How long the ledger remembers what became of an event: 90 days. */
const FATE_SECONDS = 90 * 24 * 3_600
/** As much of an error or a reason as one record keeps. */
const DID_MAX = 1_000

const fateKey = (eventId: string, stage: string) => ({ PK: `EVENT#${eventId}`, SK: stage })
export const runPk = (runId: string) => `RUN#${runId}`
export const filePk = (fileId: string) => `FILE#${fileId}`

/** The record of an event that a stage has done. */
export const doneFate = (stage: string, event: Delivered, fate: Fate): Item => ({
  ...record(stage, event, fate),
  outcome: 'done',
  final: true,
})

/**
 * Records that a stage failed on an event, unless it has done it before, and where that is known what the event was
 * about. Best effort: the failure itself goes on.
 */
export async function recordFailed(
  ledger: Pick<Ledger, 'write'>,
  stage: string,
  event: Delivered,
  { error, about }: { error: unknown; about?: string | undefined },
): Promise<void> {
  const fate = {
    did: (error as Error).message,
    ...(about && { about }),
    ...carried({ correlationId: correlation() }),
  }
  const put: Item = { ...record(stage, event, fate), outcome: 'failed' }
  await ledger.write({ put, when: [{ absent: 'final' }] }).catch(() => undefined)
}

/** Longer than any id of ours; a key of the ledger is bounded. */
const ID_MAX = 200

/** The run or the file of which an event itself says that it is about it, whether or not the rest of it can be read. */
export function aboutOf(event: unknown): string | undefined {
  const detail = (event as { detail?: Record<string, unknown> | null } | null)?.detail ?? {}
  const named = (id: unknown): id is string => typeof id === 'string' && id !== '' && id.length <= ID_MAX
  const { runId, fileId, startedBy } = detail
  if (named(runId)) return runPk(runId)
  if (named(fileId)) return filePk(fileId)
  const attempt = named(startedBy) ? parseAttemptName(startedBy) : undefined
  return attempt && runPk(attempt.runId)
}

function record(stage: string, event: Delivered, { did, about, correlationId }: Fate): Item {
  const { id, time } = event
  return {
    ...fateKey(id, stage),
    event: event['detail-type'],
    at: time,
    did: did.slice(0, DID_MAX),
    ...(correlationId && { correlationId }),
    ...(about && { eventPk: about, eventAt: `${time}#${stage}#${id}` }),
    ...(about?.startsWith('RUN#') && { runId: about.slice('RUN#'.length) }),
    expiresAt: Math.floor(Date.parse(time) / 1_000) + FATE_SECONDS,
  }
}

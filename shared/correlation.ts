import type { Value } from './ledger.js'

/**
 * One id ties what follows from one delivery, from the door to gold. A door makes it, or takes the one that an
 * authenticated caller brought; a file that nobody announced gets it from the event of its first landing. Entries of a
 * lane carry it, and the run that takes them does.
 */
export type Correlated = {
  correlationId: string
  /** Of a run that merged several deliveries, whose own id is then the run’s: the first of theirs, and how many. */
  correlationIds?: string[]
  correlationCount?: number
}

/** As many ids as a merged run names; the entries themselves have all. */
export const IDS_NAMED_MAX = 20
const ID = /^[A-Za-z0-9_-]{1,64}$/

/** The id of a run: that of its entries where they share one, else its own run id, beside the first of theirs. */
export function correlated(runId: string, inputs: readonly unknown[]): Correlated {
  const ids = [...new Set(inputs.map((input) => (input as { correlationId?: Value } | null)?.correlationId))]
  const known = ids.filter((id) => typeof id === 'string')
  if (ids.length === 1 && known[0]) return { correlationId: known[0] }
  if (known.length === 0) return { correlationId: runId }
  const correlationIds = known.slice(0, IDS_NAMED_MAX)
  return { correlationId: runId, correlationIds, correlationCount: known.length }
}

/** The id of a landing that nothing announced: its event's, or the beginning of the file's where no event brought it. */
export const correlationOfLanding = (eventId: string, fileId: string): string =>
  ID.test(eventId) ? eventId : fileId.slice(0, 32)

/** What an event or an entry passes on of the run, or the event, that it came from. */
export const carried = ({
  correlationId,
}: {
  correlationId?: unknown
  [name: string]: unknown
}): { correlationId?: string } =>
  typeof correlationId === 'string' && ID.test(correlationId) ? { correlationId } : {}

/** The id of a run; its own where it was created before runs carried one. */
export const correlationOf = ({ runId, correlationId }: { runId: string; correlationId?: unknown }): string =>
  carried({ correlationId }).correlationId ?? runId

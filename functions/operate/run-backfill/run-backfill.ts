import {
  BackfillMoved,
  BackfillRequested,
  ExtractFinished,
  type Heard,
  StageFailed,
} from '../../../events/catalog.js'
import { type BackfillEffects, lookAfter } from '../../../shared/backfill/drive.js'
import { placeOf } from '../../../shared/backfill/place.js'
import { inputsOf } from '../../../shared/inputs.js'
import { laneKind } from '../../../shared/lane.js'
import type { Outcome } from '../../../shared/observe.js'

/** What wakes the stage, as far as it reads it. */
export type Waking = Heard<
  typeof BackfillRequested | typeof BackfillMoved | typeof ExtractFinished | typeof StageFailed
>

/**
 * Looks after the backfills that an event may concern. The event is only a hint: what became of each chunk is read from
 * the ledger, so an event that comes twice, late or never is harmless.
 */
export async function runBackfill(effects: BackfillEffects, event: Waking): Promise<Outcome> {
  const { detail } = event
  const backfillIds = await concerned(effects, event)
  const did: string[] = []
  for (const backfillId of backfillIds) did.push(`${backfillId}: ${await lookAfter(effects, backfillId)}`)
  const runId = 'runId' in detail ? { runId: detail.runId } : {}
  return { ...runId, backfillIds, did: did.join('; ') || 'no backfill waits for this' }
}

async function concerned(effects: BackfillEffects, event: Waking): Promise<string[]> {
  switch (event['detail-type']) {
    case BackfillRequested.name:
    case BackfillMoved.name:
      return [event.detail.backfillId]
    case ExtractFinished.name: {
      const { source, backfillIds } = event.detail
      // The end of a live extraction makes room for the chunks that it held back.
      return backfillIds.length > 0 ? backfillIds : holderOf(effects, source)
    }
    case StageFailed.name: {
      const { lane, runId, subject } = event.detail
      if (laneKind(lane) !== 'extract') return []
      const ids = await backfillsOf(effects, runId)
      return ids.length > 0 ? ids : holderOf(effects, subject)
    }
  }
}

async function holderOf({ ledger }: BackfillEffects, source: string): Promise<string[]> {
  const place = await placeOf(ledger, source)
  return place ? [place.backfillId] : []
}

/** The backfills whose chunks a run took, also those that it took from a run that was put back. */
async function backfillsOf({ ledger }: BackfillEffects, runId: string): Promise<string[]> {
  const ids = (await inputsOf(ledger, runId)).map(({ input }) => input.backfillId)
  return [...new Set(ids.filter((id) => typeof id === 'string'))]
}

import { holdKey } from '../../shared/lane.js'
import type { Item } from '../../shared/ledger.js'
import { type Run, runKey } from '../../shared/run.js'
import type { Parts } from '../fakes/parts.js'

export const LANE = 'cleanse:market_data'
export const ID = 'r0000000000000000000000099'

/** Puts a run into the ledger as it stands, holding its lane; gives it as a caller has read it. */
export async function runAt(own: Parts, values: { [name: string]: unknown } = {}): Promise<Run> {
  const run = {
    ...runKey(ID),
    ...{ runId: ID, kind: 'cleanse', lane: LANE, subject: 'market_data', state: 'RUNNING' },
    ...{ attempt: 1, tries: 0, engine: 'duckdb', duePk: 'all', dueAt: '2026-03-02T06:00:00.000Z', ...values },
  } as unknown as Run
  await own.ledger.write({ put: run })
  await own.ledger.write({ put: { ...holdKey(LANE), holder: ID } as Item })
  return run
}

export const now = async (own: Parts) => (await own.ledger.get(runKey(ID))) as Run
export const holder = async (own: Parts) => (await own.ledger.get(holdKey(LANE)))?.holder

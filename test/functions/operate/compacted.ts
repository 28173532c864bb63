import { expect } from 'vitest'
import { silverKey, silverPk } from '../../../shared/cleanse.js'
import { keysOf, silverRunOf, snapshotsOf } from '../../../shared/compact.js'
import type { Chain } from '../../fakes/chain.js'

export const ENTITY = 'market_data'
export const DAY = '2026/03/02'
export const request = { entity: ENTITY, requestId: 'r1', today: true, by: 'test' }

/** Lands files one after another, each in a batch of its own. */
export async function lands(chain: Chain, ...files: string[]): Promise<void> {
  for (const file of files) {
    await chain.record(chain.land(file))
    await chain.drain()
  }
}

/** Asks for a compaction, and lets it end. */
export async function asks(chain: Chain, detail: object = request): Promise<void> {
  await chain.parts.bus.publish([{ name: 'Compaction Requested', detail } as never])
  await chain.drain()
}

const silverRuns = ({ parts }: Chain) =>
  parts.ledger
    .all(silverPk(ENTITY))
    .filter(({ SK }) => SK.startsWith('RUN#'))
    .map(silverRunOf)

/** What a reader of the ledger finds of each run: the files of its cleanse, each once and each there. */
export async function isWhole(chain: Chain): Promise<void> {
  const { ledger, silver } = chain.parts
  const runs = silverRuns(chain)
  const snapshots = await snapshotsOf(
    ledger,
    ENTITY,
    runs.flatMap(({ days }) => days),
  )
  for (const run of runs) {
    const own = run.days.map((day, place) => silverKey(ENTITY, day, run.runId, place))
    const read = keysOf(ENTITY, run, snapshots).flatMap((key) => silver.rowsIn(key))
    expect(read.filter((key) => own.includes(key)).sort()).toEqual(own.sort())
  }
}

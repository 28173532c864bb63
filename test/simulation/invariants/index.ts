import type { Invariant } from '../evidence.js'
import { backfillInvariants } from './backfills.js'
import { compactionInvariants } from './compaction.js'
import { cursorInvariants } from './cursors.js'
import { editionInvariants } from './editions.js'
import { eventInvariants } from './events.js'
import { fateInvariants } from './fates.js'
import { goldInvariants } from './gold.js'
import { incidentInvariants } from './incidents.js'
import { indexInvariants } from './indexes.js'
import { jobInvariants } from './jobs.js'
import { laneInvariants } from './lanes.js'
import { newsInvariants } from './news.js'
import { pendingInvariants } from './pending.js'
import { rowInvariants } from './rows.js'
import { runInvariants } from './runs.js'
import { silverInvariants } from './silver.js'
import { waitInvariants } from './waits.js'

/**
 * What must hold after every step and at rest, written apart from the simulator and from the product: they know the
 * ledger's items and what really landed, ran and was written, and import neither. A step invariant looks at what the
 * last step changed, so that it can be asked after every step of thousands of seeds.
 */
export const invariants: readonly Invariant[] = [
  ...laneInvariants,
  ...waitInvariants,
  ...newsInvariants,
  ...runInvariants,
  ...fateInvariants,
  ...silverInvariants,
  ...compactionInvariants,
  ...rowInvariants,
  ...jobInvariants,
  ...goldInvariants,
  ...editionInvariants,
  ...pendingInvariants,
  ...cursorInvariants,
  ...backfillInvariants,
  ...incidentInvariants,
  ...eventInvariants,
  ...indexInvariants,
]

import * as ours from '../catalog.js'
import type { Row } from '../row.js'

/** What comes in: files, notices of finished syncs, and what Sluice itself asks for. */
export const ingest: readonly Row[] = [
  {
    stage: 'record-landing',
    phase: 'ingest',
    does: 'writes a lineage row for each file version and lets it join its entity’s lane',
    on: [{ landing: 'bronze' }],
    emits: [ours.BatchReady.name],
    may: ['ledger:lane', 'ledger:batch', 'bronze:read', 'quarantine:write'],
  },
]

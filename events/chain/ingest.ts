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
  {
    stage: 'accept-webhook',
    phase: 'ingest',
    does: 'verifies who tells of a sync on the raw bytes, records the sync once and passes it on',
    on: [{ http: ['POST /webhooks/{source}', 'POST /webhooks/{source}/{key}'] }],
    emits: [ours.SyncFinished.name, ours.SyncNoticed.name, ours.PlatformJobEnded.name],
    may: ['ledger:get', 'ledger:put', 'ledger:update', 'door-secrets:read'],
  },
]

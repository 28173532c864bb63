import * as ours from '../catalog.js'
import { on, type Row } from '../row.js'

/** What comes in: files, notices of finished syncs, and what Sluice itself asks for. */
export const ingest: readonly Row[] = [
  {
    stage: 'record-landing',
    phase: 'ingest',
    does: 'writes a lineage row for each file version and lets it join its entity’s lane',
    on: [{ landing: 'bronze' }],
    emits: [ours.BatchReady.name],
    may: ['ledger:lane', 'ledger:batch', 'bronze:read', 'quarantine:write', 'later:send'],
  },
  {
    stage: 'close-batch',
    phase: 'ingest',
    does: 'lets a batch go that waited for more: its source has finished a sync, or its settle time has passed',
    on: [on(ours.SyncFinished), on(ours.LaneSettled)],
    emits: [ours.BatchReady.name],
    may: ['ledger:lane'],
  },
  {
    stage: 'accept-webhook',
    phase: 'ingest',
    does: 'verifies who tells of a sync on the raw bytes, records the sync once and passes it on',
    on: [{ http: ['POST /webhooks/{source}', 'POST /webhooks/{source}/{key}'] }],
    emits: [ours.SyncFinished.name, ours.SyncNoticed.name, ours.PlatformJobEnded.name],
    may: ['ledger:get', 'ledger:put', 'ledger:update', 'door-secrets:read'],
  },
  {
    stage: 'confirm-sync',
    phase: 'ingest',
    does: 'asks the source’s API whether a noticed sync succeeded, and asks again later while it cannot say',
    on: [on(ours.SyncNoticed)],
    emits: [ours.SyncFinished.name],
    may: ['ledger:get', 'ledger:put', 'ledger:update', 'door-secrets:read', 'later:send'],
  },
  {
    stage: 'start-extract',
    phase: 'ingest',
    does: 'lets a request join its source’s lane, and starts one extraction for all that waits, or for one window',
    on: [on(ours.ExtractRequested), on(ours.ExtractReady), { schedules: 'sources' }],
    starts: ['extract task'],
    emits: [ours.ExtractReady.name, ours.RunStarted.name, ours.StageFailed.name],
    may: ['ledger:lane', 'plans:write', 'extract-task:run', 'door-secrets:read'],
  },
  {
    stage: 'finish-extract',
    phase: 'ingest',
    does: 'reads the extraction’s report, moves the source’s cursor and frees its lane',
    on: [{ ended: 'extract task' }, on(ours.PlatformJobEnded)],
    emits: [ours.ExtractFinished.name, ours.ExtractReady.name, ours.StageFailed.name, ours.SyncFinished.name],
    may: ['ledger:lane', 'reports:read'],
  },
]

import * as ours from '../catalog.js'
import { on, type Row } from '../row.js'

/** From silver, or a warehouse, to gold: one dbt task for all that waits in a lane. */
export const transform: readonly Row[] = [
  {
    stage: 'plan-build',
    phase: 'transform',
    does: 'lets new silver, finished syncs of warehouses, requests and schedules join the lane of their domains',
    on: [on(ours.SilverUpdated), on(ours.SyncFinished), on(ours.BuildRequested), { schedules: 'builds' }],
    emits: [ours.BuildReady.name],
    may: ['ledger:lane'],
  },
  {
    stage: 'start-build',
    phase: 'transform',
    does: 'starts one dbt task over the union of the waiting selectors',
    on: [on(ours.BuildReady)],
    starts: ['dbt task'],
    emits: [ours.BuildReady.name, ours.RunStarted.name, ours.StageFailed.name],
    may: ['ledger:lane', 'plans:write', 'reports:read', 'dbt-task:run'],
  },
  {
    stage: 'finish-build',
    phase: 'transform',
    does: 'reads dbt’s results, decides the gate, records the edition and frees the lane',
    on: [{ ended: 'dbt task' }],
    emits: [
      ours.GoldBuilt.name,
      ours.GateFailed.name,
      ours.StageFailed.name,
      ours.BuildReady.name,
      ours.RollbackRequested.name,
    ],
    may: ['ledger:lane', 'reports:read', 'dbt-state:expire'],
  },
]

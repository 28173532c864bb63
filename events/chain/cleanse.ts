import * as ours from '../catalog.js'
import { on, type Row } from '../row.js'

/** From bronze to silver: one job per batch, a gate, a commit. */
export const cleanse: readonly Row[] = [
  {
    stage: 'start-cleanse',
    phase: 'cleanse',
    does: 'starts one job for the whole batch: DuckDB on ECS for a small one, Spark on Glue for a large one',
    on: [on(ours.BatchReady)],
    starts: ['cleanse task', 'cleanse job'],
    emits: [ours.BatchReady.name, ours.RunStarted.name, ours.StageFailed.name],
    may: ['ledger:lane', 'plans:write', 'task:run', 'job:run'],
  },
  {
    stage: 'finish-cleanse',
    phase: 'cleanse',
    does: 'reads the job’s report, decides the gate, commits pending files to silver and frees the lane',
    on: [{ ended: 'cleanse task' }, { ended: 'cleanse job' }],
    emits: [
      ours.SilverUpdated.name,
      ours.SchemaChanged.name,
      ours.BuildRequested.name,
      ours.GateFailed.name,
      ours.StageFailed.name,
      ours.BatchReady.name,
    ],
    may: [
      'ledger:lane',
      'reports:read',
      'silver:commit',
      'partitions:write',
      'schemas:register',
      'job:read',
      'subjects:remove',
    ],
  },
]

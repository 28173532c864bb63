import * as ours from '../catalog.js'
import type { Row } from '../row.js'

/** What answers people and programs. */
export const serve: readonly Row[] = [
  {
    stage: 'api',
    phase: 'serve',
    does: 'answers what ran, what there is, why, and the rows of gold; passes a person’s requests on',
    on: [
      {
        http: [
          'GET /openapi.json',
          'GET /status',
          'GET /runs',
          'GET /runs/{id}',
          'GET /syncs/{id}',
          'GET /datasets',
          'GET /incidents',
          'GET /quarantine',
          'GET /quarantine/{runId}',
          'GET /why',
          'GET /gold/{domain}/{dataset}',
          'GET /backfills',
          'GET /backfills/{id}',
          'POST /runs/{id}/retry',
          'POST /runs/{id}/approve',
          'POST /quarantine/replay',
          'POST /backfills',
          'POST /backfills/{id}/pause',
          'POST /backfills/{id}/resume',
          'POST /backfills/{id}/cancel',
          'POST /sources/{source}/extract',
          'POST /domains/{domain}/build',
          'GET /domains/{domain}/editions',
          'GET /domains/{domain}/diff',
          'POST /domains/{domain}/rollback',
        ],
      },
    ],
    emits: [
      ours.RetryRequested.name,
      ours.RunApproved.name,
      ours.ReplayRequested.name,
      ours.BackfillRequested.name,
      ours.BackfillMoved.name,
      ours.ExtractRequested.name,
      ours.BuildRequested.name,
      ours.RollbackRequested.name,
    ],
    may: [
      'ledger:get',
      'ledger:backfills',
      'ledger:query',
      'ledger:index',
      'bronze:list',
      'quarantine:read',
      'reports:read',
      'token:read',
      'gold:query',
    ],
  },
]

import * as ours from './catalog.js'
import type { Right } from './rights.js'

/**
 * The chain: every stage, in the order in which data flows, with what wakes it, what it starts, what it emits and what
 * it may touch. Nothing else in the project says who listens to whom: `serverless.yml`, the roles, the page
 * `docs/chain.md` and the tests are made from these rows.
 */
export interface Row {
  stage: string
  phase: 'ingest' | 'cleanse' | 'transform' | 'publish' | 'operate' | 'serve'
  does: string
  on: readonly Trigger[]
  starts?: readonly Work[]
  emits?: readonly ours.EventName[]
  /** What the role allows beyond logging and the events above; `rights.ts` spells each one out. */
  may: readonly Right[]
}

export type Work = 'cleanse task' | 'cleanse job' | 'dbt task'

export type Trigger =
  | { event: ours.EventName }
  | { landing: 'bronze' }
  | { ended: Work }
  | { alarm: 'dead letters' }
  | { everyMinutes: number }
  | { http: readonly string[] }

const on = (event: ours.Event): Trigger => ({ event: event.name })
const readies = [ours.BatchReady.name, ours.BuildReady.name] as const
const failures = [ours.GateFailed.name, ours.StageFailed.name] as const

export const chain: readonly Row[] = [
  {
    stage: 'record-landing',
    phase: 'ingest',
    does: 'writes a lineage row for each file version and lets it join its entity’s lane',
    on: [{ landing: 'bronze' }],
    emits: [ours.BatchReady.name],
    may: ['ledger:lane', 'ledger:batch', 'bronze:read', 'quarantine:write'],
  },
  {
    stage: 'start-cleanse',
    phase: 'cleanse',
    does: 'starts one job for the whole batch: DuckDB on ECS for a small one, Spark on Glue for a large one',
    on: [on(ours.BatchReady)],
    starts: ['cleanse task', 'cleanse job'],
    emits: [ours.BatchReady.name, ours.StageFailed.name],
    may: ['ledger:lane', 'plans:write', 'task:run', 'job:run'],
  },
  {
    stage: 'finish-cleanse',
    phase: 'cleanse',
    does: 'reads the job’s report, decides the gate, commits pending files to silver and frees the lane',
    on: [{ ended: 'cleanse task' }, { ended: 'cleanse job' }],
    emits: [ours.SilverUpdated.name, ...failures, ours.BatchReady.name],
    may: ['ledger:lane', 'reports:read', 'silver:commit', 'partitions:write', 'job:read'],
  },
  {
    stage: 'plan-build',
    phase: 'transform',
    does: 'lets new silver join the lane of the domains that read it, as a dbt selector',
    on: [on(ours.SilverUpdated)],
    emits: [ours.BuildReady.name],
    may: ['ledger:lane'],
  },
  {
    stage: 'start-build',
    phase: 'transform',
    does: 'starts one dbt task over the union of the waiting selectors',
    on: [on(ours.BuildReady)],
    starts: ['dbt task'],
    emits: [ours.BuildReady.name, ours.StageFailed.name],
    may: ['ledger:lane', 'plans:write', 'reports:read', 'dbt-task:run'],
  },
  {
    stage: 'finish-build',
    phase: 'transform',
    does: 'reads dbt’s results, decides the gate, records the edition and frees the lane',
    on: [{ ended: 'dbt task' }],
    emits: [ours.GoldBuilt.name, ...failures, ours.BuildReady.name],
    may: ['ledger:lane', 'reports:read', 'dbt-state:expire'],
  },
  {
    stage: 'publish-gold',
    phase: 'publish',
    does: 'flips each domain’s pointer to the new edition, then the catalog tables',
    on: [on(ours.GoldBuilt)],
    emits: [ours.GoldPublished.name],
    may: ['ledger:get', 'ledger:put', 'ledger:update', 'reports:read', 'gold-tables:write'],
  },
  {
    stage: 'raise-alert',
    phase: 'operate',
    does: 'opens one incident per root cause, silences what follows from it, and closes it when all is recovered',
    on: [
      on(ours.StageFailed),
      on(ours.GateFailed),
      on(ours.SilverUpdated),
      on(ours.GoldBuilt),
      { alarm: 'dead letters' },
      { everyMinutes: 5 },
    ],
    emits: [ours.IncidentOpened.name, ours.IncidentClosed.name],
    may: ['ledger:lane'],
  },
  {
    stage: 'send-alert',
    phase: 'operate',
    does: 'tells people of an incident by its priority: PagerDuty, Slack, e-mail',
    on: [on(ours.IncidentOpened), on(ours.IncidentClosed)],
    may: ['ledger:get', 'ledger:put', 'alerts:publish', 'alert-secrets:read'],
  },
  {
    stage: 'announce',
    phase: 'operate',
    does: 'tells Slack in one line what was published',
    on: [on(ours.GoldPublished)],
    may: ['ledger:get', 'ledger:put', 'alert-secrets:read'],
  },
  {
    stage: 'reconcile',
    phase: 'operate',
    does: 'finds what the events lost and drives it on',
    on: [{ everyMinutes: 5 }],
    starts: ['cleanse task', 'cleanse job', 'dbt task'],
    emits: [...readies, ...failures, ours.SilverUpdated.name, ours.GoldBuilt.name],
    may: [
      'ledger:lane',
      'ledger:index',
      'bronze:list',
      'bronze:read',
      'quarantine:write',
      'plans:write',
      'reports:read',
      'silver:commit',
      'partitions:write',
      'dbt-state:expire',
      'task:run',
      'dbt-task:run',
      'task:read',
      'job:run',
      'job:read',
    ],
  },
  {
    stage: 'put-back',
    phase: 'operate',
    does: 'puts a parked run, rejected rows or an unknown file back into its lane, because a person asked',
    on: [on(ours.RetryRequested), on(ours.RunApproved), on(ours.ReplayRequested)],
    emits: readies,
    may: ['ledger:lane'],
  },
  {
    stage: 'api',
    phase: 'serve',
    does: 'answers what ran, what there is, why, and the rows of gold; passes a person’s requests on',
    on: [
      {
        http: [
          'GET /status',
          'GET /runs',
          'GET /runs/{id}',
          'GET /datasets',
          'GET /incidents',
          'GET /quarantine',
          'GET /quarantine/{runId}',
          'GET /why',
          'GET /gold/{domain}/{dataset}',
          'POST /runs/{id}/retry',
          'POST /runs/{id}/approve',
          'POST /quarantine/replay',
        ],
      },
    ],
    emits: [ours.RetryRequested.name, ours.RunApproved.name, ours.ReplayRequested.name],
    may: [
      'ledger:get',
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

/** The row of one stage. Throws when the chain has none of that name. */
export function row(stage: string): Row {
  const found = chain.find((candidate) => candidate.stage === stage)
  if (!found) throw new Error(`the chain has no stage "${stage}"`)
  return found
}

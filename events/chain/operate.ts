import * as ours from '../catalog.js'
import { on, type Row } from '../row.js'

const readies = [ours.BatchReady.name, ours.BuildReady.name, ours.ExtractReady.name] as const
const failures = [ours.GateFailed.name, ours.StageFailed.name] as const

/** What watches over the others: alerts, the reconciler, delays, and a person’s requests. */
export const operate: readonly Row[] = [
  {
    stage: 'raise-alert',
    phase: 'operate',
    does: 'opens one incident per root cause, silences what follows from it, and closes it when all is recovered',
    on: [
      on(ours.StageFailed),
      on(ours.GateFailed),
      on(ours.SchemaChanged),
      on(ours.SilverUpdated),
      on(ours.GoldBuilt),
      on(ours.ExtractFinished),
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
    starts: ['cleanse task', 'cleanse job', 'dbt task', 'extract task'],
    emits: [
      ...readies,
      ...failures,
      ours.SilverUpdated.name,
      ours.SchemaChanged.name,
      ours.GoldBuilt.name,
      ours.ExtractFinished.name,
      ours.SyncFinished.name,
    ],
    may: [
      'ledger:lane',
      'ledger:index',
      'bronze:list',
      'bronze:read',
      'quarantine:write',
      'later:send',
      'plans:write',
      'reports:read',
      'silver:commit',
      'partitions:write',
      'schemas:register',
      'dbt-state:expire',
      'task:run',
      'dbt-task:run',
      'extract-task:run',
      'door-secrets:read',
      'task:read',
      'job:run',
      'job:read',
    ],
  },
  {
    stage: 'put-later',
    phase: 'operate',
    does: 'puts an event that was put off on the bus when its time has come',
    on: [{ queue: 'later' }],
    emits: ours.delayed.map(({ name }) => name),
    may: ['ledger:put', 'ledger:batch'],
  },
  {
    stage: 'put-back',
    phase: 'operate',
    does: 'puts a parked run, rejected rows or an unknown file back into its lane, because a person asked',
    on: [on(ours.RetryRequested), on(ours.RunApproved), on(ours.ReplayRequested)],
    emits: readies,
    may: ['ledger:lane'],
  },
]

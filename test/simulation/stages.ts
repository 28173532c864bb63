import { objectCreated, taskStateChange, tick } from '../../events/aws.js'
import { batchClosed } from '../../functions/1-ingest/close-batch/close-batch.js'
import { finishExtract } from '../../functions/1-ingest/finish-extract/finish-extract.js'
import { recordLandings } from '../../functions/1-ingest/record-landing/record-landing.js'
import { extractAsked } from '../../functions/1-ingest/start-extract/start-extract.js'
import { planned } from '../../functions/3-transform/plan-build/plan-build.js'
import { expireEditions } from '../../functions/4-publish/expire-editions/expire-editions.js'
import { goldMoved } from '../../functions/4-publish/publish-gold/publish-gold.js'
import { waking as publishOn } from '../../functions/4-publish/publish-gold/waking.js'
import { warmed } from '../../functions/4-publish/warm-cache/warmed.js'
import { announce } from '../../functions/operate/announce/announce.js'
import { checkHealth } from '../../functions/operate/check-health/check-health.js'
import { compactionAsked } from '../../functions/operate/plan-compaction/plan-compaction.js'
import { putBack } from '../../functions/operate/put-back/put-back.js'
import { delayedEvent, putLater } from '../../functions/operate/put-later/put-later.js'
import { alerted } from '../../functions/operate/raise-alert/raise-alert.js'
import { waking as alertsOn } from '../../functions/operate/raise-alert/waking.js'
import { driveRollback } from '../../functions/operate/reconcile/drive-rollback.js'
import { reconcile } from '../../functions/operate/reconcile/reconcile.js'
import { removeReplaced } from '../../functions/operate/reconcile/remove-replaced.js'
import { recordLineage } from '../../functions/operate/record-lineage/record-lineage.js'
import { waking as lineageOn } from '../../functions/operate/record-lineage/waking.js'
import { runBackfill } from '../../functions/operate/run-backfill/run-backfill.js'
import { waking as backfillsOn } from '../../functions/operate/run-backfill/waking.js'
import { sendAlert } from '../../functions/operate/send-alert/send-alert.js'
import { driveBackfill } from '../../shared/backfill/drive.js'
import { driveSync } from '../../shared/doors/drive-sync.js'
import { finishTask } from '../../shared/finish-task.js'
import { finishWork } from '../../shared/finish-work.js'
import { queueStage, stage } from '../../shared/stage.js'
import { startRun } from '../../shared/start-run.js'
import type { Handler } from './functions.js'
import * as heard from './heard.js'
import { NO_PLATFORM, type Parts } from './wiring.js'

const nobody = () => Promise.reject(new Error('the simulator has no Airbyte'))
const NO_AIRBYTE = { job: nobody, succeeded: nobody }

/** Names of things that no invariant looks at. */
const PLACES = {
  ...{ stack: 'sluice', region: 'eu-west-1', account: '000000000000' },
  ...{ bronzeBucket: 'bronze', silverBucket: 'silver', goldBucket: 'gold' },
  ...{ silverDatabase: 'silver', goldDatabase: 'gold' },
}

/** Short enough for the time of a seed; the invariants know the grace by themselves. */
const retention = { kept: 1, keptSeconds: 0, graceSeconds: 300 }

/** Each stage's function, made of its effects as its `handler.ts` makes it. */
export const stages: Record<string, (parts: Parts) => Handler> = {
  'record-landing': ({ ledger, putAll, landing }) =>
    queueStage('record-landing', objectCreated, { ledger, putAll }, async (events) => {
      const { failed, fates, lanes } = await recordLandings(landing, events)
      return { failed, fates, outcome: { did: `recorded ${events.length} files`, lanes } }
    }) as Handler,
  'close-batch': ({ ledger, world, project }) =>
    stage('close-batch', heard.closings, ledger, (event) => batchClosed({ ...world, project }, event)),
  'put-later': ({ ledger, putAll, publish }) =>
    queueStage('put-later', delayedEvent, { ledger, putAll }, (events) =>
      putLater(publish, events),
    ) as Handler,
  'start-extract': ({ ledger, starts, project }) =>
    stage('start-extract', heard.extracts, ledger, (event) =>
      extractAsked({ ...starts.extract, project }, event),
    ),
  'finish-extract': ({ ledger, ends }) =>
    stage('finish-extract', heard.extractEnds, ledger, (event) => finishExtract(ends.extract, event)),
  'start-cleanse': ({ ledger, starts }) =>
    stage('start-cleanse', heard.batch, ledger, async ({ detail: { runId } }) => ({
      runId,
      did: await startRun(starts.cleanse, runId),
    })),
  'finish-cleanse': ({ ledger, ends, jobs }) =>
    stage('finish-cleanse', heard.ends, ledger, (event) =>
      finishWork({ ...ends.cleanse, jobs: jobs.cleanse }, event),
    ),
  'plan-compaction': ({ ledger, starts, project }) =>
    stage('plan-compaction', heard.compactions, ledger, (event) =>
      compactionAsked({ ...starts.compact, project }, event),
    ),
  'finish-compaction': ({ ledger, ends, jobs }) =>
    stage('finish-compaction', heard.ends, ledger, (event) =>
      finishWork({ ...ends.compact, jobs: jobs.compact }, event),
    ),
  'plan-build': ({ ledger, world, project }) =>
    stage('plan-build', heard.builds, ledger, (event) => planned({ ...world, project }, event)),
  'start-build': ({ ledger, starts }) =>
    stage('start-build', heard.build, ledger, async ({ detail: { runId } }) => ({
      runId,
      did: await startRun(starts.build, runId),
    })),
  'finish-build': ({ ledger, ends }) =>
    stage('finish-build', taskStateChange, ledger, (event) => finishTask(ends.build, event)),
  'publish-gold': ({ ledger, clock, publish, reports, tables }) =>
    stage('publish-gold', publishOn, ledger, (event) =>
      goldMoved({ ledger, clock, publish, reports, tables }, event),
    ),
  'warm-cache': ({ ledger, clock, project, goldRows, cache }) =>
    stage('warm-cache', heard.warming, ledger, (event) =>
      warmed({ ledger, clock, project, goldRows, cache }, event),
    ),
  'expire-editions': ({ ledger, clock, project, removeTable, removeFolder }) =>
    stage('expire-editions', heard.expiry, ledger, async () => ({
      did: await expireEditions({ ledger, clock, project, retention, removeTable, removeFolder }),
    })),
  'raise-alert': ({ ledger, clock, project, publish }) =>
    stage('raise-alert', alertsOn, ledger, (event) => alerted({ ledger, clock, project, publish }, event)),
  'check-health': ({ ledger, clock, project, publish }) =>
    stage('check-health', tick, ledger, async () => ({
      did: await checkHealth({ ledger, clock, project, publish }),
    })),
  'run-backfill': ({ ledger, landing, publish }) =>
    stage('run-backfill', backfillsOn, ledger, (event) => runBackfill({ ...landing, publish }, event)),
  'put-back': ({ ledger, world, project }) =>
    stage('put-back', heard.requests, ledger, (event) => putBack({ ...world, project }, event)),
  'send-alert': ({ ledger, clock, channels }) =>
    stage('send-alert', heard.incidents, ledger, async ({ detail }) => ({
      ...(detail.runId && { runId: detail.runId }),
      did: await sendAlert({ ledger, clock, channels: async () => channels }, detail.incidentId),
    })),
  'record-lineage': ({ ledger, project, reports, starts }) =>
    stage('record-lineage', lineageOn, ledger, (event) => {
      const { plans } = starts.cleanse
      const post = async () => undefined
      return recordLineage({ ledger, project, places: PLACES, reports, plans, post }, event)
    }),
  announce: ({ ledger, clock, channels }) =>
    stage('announce', heard.published, ledger, async ({ detail }) => ({
      runId: detail.runId,
      did: await announce({ ledger, clock, channels: async () => channels }, detail),
    })),
  reconcile: ({
    ledger,
    landing,
    publish,
    listVersions,
    starts,
    ends,
    tasks,
    jobs,
    reports,
    removeObjects,
  }) =>
    stage('reconcile', tick, ledger, () =>
      reconcile({
        ...landing,
        bronzeBucket: 'bronze',
        listVersions,
        starts,
        ends,
        tasks,
        jobs,
        platform: NO_PLATFORM,
        drives: {
          COMPACTED: (id: string) => removeReplaced({ ...landing, reports, removeObjects }, id),
          BACKFILL: (id: string) => driveBackfill({ ...landing, publish }, id),
          ROLLBACK: (id: string) => driveRollback({ ...landing, publish }, id),
          SYNC: (id: string) => driveSync({ ...landing, publish, airbyte: NO_AIRBYTE }, id),
        },
        askDoors: async () => 0,
      }),
    ),
}

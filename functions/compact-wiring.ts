import { systemClock } from '../shared/clock.js'
import { graceOf } from '../shared/compact.js'
import { compactEnd } from '../shared/compact-end.js'
import { project } from '../shared/declared.js'
import { type EndEffects, endUnchanged } from '../shared/end-run.js'
import { env } from '../shared/env.js'
import { jobReader, jobs } from '../shared/jobs.js'
import { copyObject, plans, removeObjects, reports, s3 } from '../shared/objects.js'
import type { StartEffects } from '../shared/start-run.js'
import { stopTask, tasks } from '../shared/tasks.js'
import { compactStart } from './operate/plan-compaction/start-compaction.js'
import { removeReplaced } from './operate/reconcile/remove-replaced.js'
import { taskSettings, theLedger, thePublisher, world } from './wiring.js'

/** The effects of compactions, built from the environment. */
export function compactStarter(): StartEffects {
  const base = world()
  const settings = {
    silverBucket: env.SILVER_BUCKET,
    artifactsBucket: env.ARTIFACTS_BUCKET,
    targetBytes: Number(env.COMPACT_TARGET_BYTES),
    engine: env.CLEANSE_ENGINE as 'auto' | 'duckdb' | 'spark',
    sparkFromBytes: Number(env.SPARK_FROM_BYTES),
    task: taskSettings(env.COMPACT_TASK, env.COMPACT_CPU, env.COMPACT_MEMORY),
    workerType: env.GLUE_WORKER_TYPE,
  }
  const code = {
    script: env.GLUE_SCRIPT_URI,
    modules: env.GLUE_MODULES_URI,
    workers: Number(env.GLUE_WORKERS),
  }
  const work = { tasks: tasks(), jobs: jobs(env.GLUE_COMPACT_JOB, code), stopTask: stopTask(env.CLUSTER_ARN) }
  return {
    ...base,
    publish: thePublisher(),
    plans: plans(env.ARTIFACTS_BUCKET, s3()),
    endUnchanged: (run, unchanged) => endUnchanged(base, run, unchanged),
    ...compactStart({ world: base, project, settings, ...work }),
  }
}

export function compactEnder(): EndEffects {
  const client = s3()
  return {
    ...world(),
    publish: thePublisher(),
    ...compactEnd({
      clock: systemClock,
      reports: reports(env.ARTIFACTS_BUCKET, client),
      copyObject: copyObject(env.SILVER_BUCKET, client),
      graceSeconds: graceOf(env.COMPACT_GRACE_SECONDS),
    }),
  }
}

/** What the reconciler needs of compactions: to start and end them, and to delete old files after the grace. */
export function compactParts() {
  const replaced = {
    ...{ ledger: theLedger(), clock: systemClock, project },
    reports: reports(env.ARTIFACTS_BUCKET, s3()),
    removeObjects: removeObjects(env.SILVER_BUCKET, s3()),
  }
  return {
    starts: { compact: compactStarter() },
    ends: { compact: compactEnder() },
    jobs: { compact: jobReader(env.GLUE_COMPACT_JOB) },
    drives: { COMPACTED: (id: string) => removeReplaced(replaced, id) },
  }
}

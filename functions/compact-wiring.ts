import { systemClock } from '../shared/clock.js'
import { graceOf } from '../shared/compact.js'
import { compactEnd } from '../shared/compact-end.js'
import { project } from '../shared/declared.js'
import type { EndEffects } from '../shared/end-run.js'
import { env } from '../shared/env.js'
import { jobReader } from '../shared/jobs.js'
import { copyObject, removeObjects, reports, s3 } from '../shared/objects.js'
import type { StartEffects } from '../shared/start-run.js'
import { compactStart } from './operate/plan-compaction/start-compaction.js'
import { removeReplaced } from './operate/reconcile/remove-replaced.js'
import { engineSettings, engines, starting, taskSettings, theLedger, thePublisher, world } from './wiring.js'

/** The effects of compactions, built from the environment. */
export function compactStarter(): StartEffects {
  const base = starting()
  const settings = {
    silverBucket: env.SILVER_BUCKET,
    artifactsBucket: env.ARTIFACTS_BUCKET,
    targetBytes: Number(env.COMPACT_TARGET_BYTES),
    ...engineSettings(taskSettings(env.COMPACT_TASK, env.COMPACT_CPU, env.COMPACT_MEMORY)),
  }
  return {
    ...base,
    ...compactStart({ world: base, project, settings, ...engines(env.GLUE_COMPACT_JOB) }),
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

import { isCancelled } from '../shared/backfill/backfill.js'
import { systemClock } from '../shared/clock.js'
import { project } from '../shared/declared.js'
import { secretReader } from '../shared/doors/secret-reader.js'
import { keptSecrets } from '../shared/doors/secrets.js'
import type { EndEffects } from '../shared/end-run.js'
import { env } from '../shared/env.js'
import { extractEnd } from '../shared/extract-end.js'
import { dbtPlatform, type Platform } from '../shared/extract-platform.js'
import { reports, s3 } from '../shared/objects.js'
import type { StartEffects } from '../shared/start-run.js'
import { stopTask, tasks } from '../shared/tasks.js'
import { extractStart } from './1-ingest/start-extract/start-extract.js'
import { starting, taskSettings, thePublisher, world } from './wiring.js'

/** The effects of extractions, built from the environment. */

/** The dbt platform’s API, with the tokens that the declared sources name. */
export const thePlatform = (): Platform => dbtPlatform(keptSecrets(secretReader(), systemClock.now))

export function extractStarter(): StartEffects {
  const base = starting()
  const settings = {
    bronzeBucket: env.BRONZE_BUCKET,
    artifactsBucket: env.ARTIFACTS_BUCKET,
    task: taskSettings(env.EXTRACT_TASK, env.EXTRACT_CPU, env.EXTRACT_MEMORY),
  }
  return {
    ...base,
    ...extractStart({
      ledger: base.ledger,
      project,
      settings,
      tasks: tasks(),
      platform: thePlatform(),
      stopTask: stopTask(env.CLUSTER_ARN),
      isCancelled: (backfillId) => isCancelled(base.ledger, backfillId),
    }),
  }
}

export function extractEnder(): EndEffects {
  const base = world()
  const publish = thePublisher()
  return {
    ...base,
    publish,
    ...extractEnd({ ...base, project, publish, reports: reports(env.ARTIFACTS_BUCKET, s3()) }),
  }
}

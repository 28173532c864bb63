import { tick } from '../../../events/aws.js'
import { driveBackfill } from '../../../shared/backfill/drive.js'
import { driveSync } from '../../../shared/doors/drive-sync.js'
import { pollDoors } from '../../../shared/doors/poll.js'
import { env } from '../../../shared/env.js'
import { jobReader } from '../../../shared/jobs.js'
import { listVersions, s3 } from '../../../shared/objects.js'
import { stage } from '../../../shared/stage.js'
import { taskReader } from '../../../shared/tasks.js'
import { compactParts } from '../../compact-wiring.js'
import { theAirbyte } from '../../door-wiring.js'
import { extractEnder, extractStarter, thePlatform } from '../../extract-wiring.js'
import {
  buildEnder,
  buildStarter,
  cleanseEnder,
  cleanseStarter,
  landingEffects,
  thePublisher,
} from '../../wiring.js'
import { driveRollback } from './drive-rollback.js'
import { reconcile } from './reconcile.js'

const [landing, compact] = [landingEffects(), compactParts()]
const others = { ...landing, publish: thePublisher(), airbyte: theAirbyte() }
const effects = {
  ...landing,
  bronzeBucket: env.BRONZE_BUCKET,
  listVersions: listVersions(env.BRONZE_BUCKET, s3()),
  starts: { cleanse: cleanseStarter(), build: buildStarter(), extract: extractStarter(), ...compact.starts },
  ends: { cleanse: cleanseEnder(), build: buildEnder(), extract: extractEnder(), ...compact.ends },
  tasks: taskReader(env.CLUSTER_ARN),
  jobs: { cleanse: jobReader(env.GLUE_JOB), ...compact.jobs },
  platform: thePlatform(),
  drives: {
    SYNC: (id: string) => driveSync(others, id),
    BACKFILL: (id: string) => driveBackfill(others, id),
    ROLLBACK: (id: string) => driveRollback(others, id),
    ...compact.drives,
  },
  askDoors: (until: number) => pollDoors(others, until),
}

/** Every five minutes: finds what the events lost and drives it on. */
export const handler = stage('reconcile', tick, effects.ledger, () => reconcile(effects))

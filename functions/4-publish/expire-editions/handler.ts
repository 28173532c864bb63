import { ExpiryRequested, envelope } from '../../../events/catalog.js'
import { systemClock } from '../../../shared/clock.js'
import { project } from '../../../shared/declared.js'
import { env } from '../../../shared/env.js'
import { removeTable } from '../../../shared/gold-tables.js'
import { removeFolder, s3 } from '../../../shared/objects.js'
import { stage } from '../../../shared/stage.js'
import { theLedger } from '../../wiring.js'
import { expireEditions } from './expire-editions.js'
import { retentionOf } from './retention.js'

const effects = {
  ledger: theLedger(),
  clock: systemClock,
  project,
  retention: retentionOf({
    kept: env.EDITIONS_KEPT,
    days: env.EDITIONS_KEPT_DAYS,
    graceSeconds: env.EDITIONS_GRACE_SECONDS,
  }),
  removeTable: removeTable(env.GOLD_EDITIONS_DATABASE),
  removeFolder: removeFolder(env.GOLD_BUCKET, s3()),
}

/** Once a day: lets go of editions that nobody needs. */
export const handler = stage('expire-editions', envelope(ExpiryRequested), effects.ledger, async () => ({
  did: await expireEditions(effects),
}))

import { systemClock } from '../../../shared/clock.js'
import { env } from '../../../shared/env.js'
import { goldTables } from '../../../shared/gold-tables.js'
import { reports, s3 } from '../../../shared/objects.js'
import { stage } from '../../../shared/stage.js'
import { theLedger, thePublisher } from '../../wiring.js'
import { goldMoved } from './publish-gold.js'
import { waking } from './waking.js'

const effects = {
  ledger: theLedger(),
  clock: systemClock,
  publish: thePublisher(),
  reports: reports(env.ARTIFACTS_BUCKET, s3()),
  tables: goldTables({ published: env.GOLD_DATABASE, editions: env.GOLD_EDITIONS_DATABASE }),
}

/** Makes a new edition the one that readers see, or an earlier one again. */
export const handler = stage('publish-gold', waking, effects.ledger, (event) => goldMoved(effects, event))

import { envelope, GoldBuilt } from '../../../events/catalog.js'
import { systemClock } from '../../../shared/clock.js'
import { env } from '../../../shared/env.js'
import { reports, s3 } from '../../../shared/objects.js'
import { stage } from '../../../shared/stage.js'
import { putTable } from '../../../shared/tables.js'
import { itemLedger, thePublisher } from '../../wiring.js'
import { publishGold } from './publish-gold.js'

const effects = {
  ledger: itemLedger(),
  clock: systemClock,
  publish: thePublisher(),
  reports: reports(env.ARTIFACTS_BUCKET, s3()),
  putTable: putTable(env.GOLD_DATABASE),
}

/** Makes a new edition the one that readers see. */
export const handler = stage('publish-gold', envelope(GoldBuilt), effects.ledger, async ({ detail }) => ({
  runId: detail.runId,
  did: await publishGold(effects, detail),
}))

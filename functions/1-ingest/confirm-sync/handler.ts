import { envelope, SyncNoticed } from '../../../events/catalog.js'
import { stage } from '../../../shared/stage.js'
import { confirmEffects } from '../../door-wiring.js'
import { confirmSync } from './confirm-sync.js'

const effects = confirmEffects()

/** Asks a source’s API whether a noticed sync succeeded. */
export const handler = stage('confirm-sync', envelope(SyncNoticed), effects.ledger, async ({ detail }) => ({
  syncId: detail.syncId,
  did: await confirmSync(effects, detail),
}))

import * as z from 'zod'
import { BuildRequested, envelope, SilverUpdated, SyncFinished } from '../../../events/catalog.js'
import { project } from '../../../shared/declared.js'
import { stage } from '../../../shared/stage.js'
import { world } from '../../wiring.js'
import { planned } from './plan-build.js'

const effects = { ...world(), project }
const events = z.discriminatedUnion('detail-type', [
  envelope(SilverUpdated),
  envelope(SyncFinished),
  envelope(BuildRequested),
])

/** Lets new silver, finished syncs of warehouses and requests join the lane of the domains that they concern. */
export const handler = stage('plan-build', events, effects.ledger, (event) => planned(effects, event))

import { envelope, SilverUpdated } from '../../../events/catalog.js'
import { project } from '../../../shared/declared.js'
import { stage } from '../../../shared/stage.js'
import { world } from '../../wiring.js'
import { planBuild } from './plan-build.js'

const effects = { ...world(), project }

/** Lets new silver join the lane of the domains that read it. */
export const handler = stage('plan-build', envelope(SilverUpdated), effects.ledger, async ({ detail }) => ({
  runId: detail.runId,
  did: await planBuild(effects, detail),
}))

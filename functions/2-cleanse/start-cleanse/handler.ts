import { BatchReady, envelope } from '../../../events/catalog.js'
import { stage } from '../../../shared/stage.js'
import { startRun } from '../../../shared/start-run.js'
import { cleanseStarter } from '../../wiring.js'

const effects = cleanseStarter()

/** Starts one job for a batch that is ready. */
export const handler = stage(
  'start-cleanse',
  envelope(BatchReady),
  effects.ledger,
  async ({ detail: { runId } }) => ({
    runId,
    did: await startRun(effects, runId),
  }),
)

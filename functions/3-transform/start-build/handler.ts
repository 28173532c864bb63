import { BuildReady, envelope } from '../../../events/catalog.js'
import { stage } from '../../../shared/stage.js'
import { startRun } from '../../../shared/start-run.js'
import { buildStarter } from '../../wiring.js'

const effects = buildStarter()

/** Starts one dbt task for a build that is ready. */
export const handler = stage(
  'start-build',
  envelope(BuildReady),
  effects.ledger,
  async ({ detail: { runId } }) => ({
    runId,
    did: await startRun(effects, runId),
  }),
)

import { project } from '../../../shared/declared.js'
import { env } from '../../../shared/env.js'
import { later } from '../../../shared/later.js'
import { stage } from '../../../shared/stage.js'
import { thePublisher, world } from '../../wiring.js'
import { runBackfill } from './run-backfill.js'
import { waking } from './waking.js'

const effects = { ...world(), project, publish: thePublisher(), later: later(env.LATER_QUEUE_URL) }

/** Looks after the backfills that an event may concern. */
export const handler = stage('run-backfill', waking, effects.ledger, (event) => runBackfill(effects, event))

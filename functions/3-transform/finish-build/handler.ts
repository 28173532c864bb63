import { taskStateChange } from '../../../events/aws.js'
import { finishTask } from '../../../shared/finish-task.js'
import { stage } from '../../../shared/stage.js'
import { buildEnder } from '../../wiring.js'

const effects = buildEnder()

/** Decides the gate of a finished dbt build, records its edition and frees its lane. */
export const handler = stage('finish-build', taskStateChange, effects.ledger, (event) =>
  finishTask(effects, event),
)

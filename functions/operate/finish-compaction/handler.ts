import * as z from 'zod'
import { jobStateChange, taskStateChange } from '../../../events/aws.js'
import { env } from '../../../shared/env.js'
import { finishWork } from '../../../shared/finish-work.js'
import { jobReader } from '../../../shared/jobs.js'
import { stage } from '../../../shared/stage.js'
import { compactEnder } from '../../compact-wiring.js'

const effects = { ...compactEnder(), jobs: jobReader(env.GLUE_COMPACT_JOB) }
const ended = z.discriminatedUnion('detail-type', [taskStateChange, jobStateChange])

/** Takes in the end of a compaction, moves its days to the new files and frees its lane. */
export const handler = stage('finish-compaction', ended, effects.ledger, (event) =>
  finishWork(effects, event),
)

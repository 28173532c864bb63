import * as z from 'zod'
import { jobStateChange, taskStateChange } from '../../../events/aws.js'
import { env } from '../../../shared/env.js'
import { finishWork } from '../../../shared/finish-work.js'
import { jobReader } from '../../../shared/jobs.js'
import { stage } from '../../../shared/stage.js'
import { cleanseEnder } from '../../wiring.js'

const effects = { ...cleanseEnder(), jobs: jobReader(env.GLUE_JOB) }
const ended = z.discriminatedUnion('detail-type', [taskStateChange, jobStateChange])

/** Decides the gate of a finished cleanse, commits it to silver and frees its lane. */
export const handler = stage('finish-cleanse', ended, effects.ledger, (event) => finishWork(effects, event))

import * as z from 'zod'
import { tick } from '../../../events/aws.js'
import { envelope, GoldPublished } from '../../../events/catalog.js'
import { systemClock } from '../../../shared/clock.js'
import { project } from '../../../shared/declared.js'
import { env } from '../../../shared/env.js'
import { plans, s3 } from '../../../shared/objects.js'
import { stage } from '../../../shared/stage.js'
import { athenaRows } from '../../5-serve/api/athena.js'
import { putLedger } from '../../wiring.js'
import { warmed } from './warmed.js'

const effects = {
  ledger: putLedger(),
  clock: systemClock,
  project,
  goldRows: athenaRows(env.GOLD_EDITIONS_DATABASE, env.WORKGROUP),
  cache: plans(env.GOLD_BUCKET, s3()),
}

/** Precomputes what dashboards read of a domain that was published, and every 15 minutes what was missed. */
export const handler = stage(
  'warm-cache',
  z.discriminatedUnion('detail-type', [envelope(GoldPublished), tick]),
  effects.ledger,
  (event) => warmed(effects, event),
)

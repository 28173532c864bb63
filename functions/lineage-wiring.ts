import { setTimeout } from 'node:timers/promises'
import { systemClock } from '../shared/clock.js'
import { project } from '../shared/declared.js'
import { env } from '../shared/env.js'
import { documentClient, itemWriter, ledgerReader, putItem } from '../shared/ledger-dynamo.js'
import { endpointReader, poster } from '../shared/lineage/endpoint.js'
import { ofArn } from '../shared/lineage/names.js'
import { plans, reports, s3 } from '../shared/objects.js'
import type { RecordLineageEffects } from './operate/record-lineage/record-lineage.js'

/** A reader of lineage that is slow must not hold a function for long: the object lies there either way. */
const LIMITS = {
  tries: 2,
  timeoutMilliseconds: 5_000,
  backOffMilliseconds: 500,
  retryAfterMillisecondsMax: 2_000,
}

export const putLedger = () => itemWriter(env.LEDGER_TABLE, documentClient(), { put: putItem })

/** The effects of the lineage stage. Without a secret in the stage's settings, events are written and posted nowhere. */
export function lineageEffects(): RecordLineageEffects {
  const client = s3()
  const secret = env.LINEAGE_SECRET
  const wait = (milliseconds: number) => setTimeout(milliseconds)
  return {
    ledger: ledgerReader(env.LEDGER_TABLE, documentClient()),
    project,
    places: {
      ...ofArn(env.CLUSTER_ARN),
      stack: env.BUS_NAME,
      bronzeBucket: env.BRONZE_BUCKET,
      silverBucket: env.SILVER_BUCKET,
      goldBucket: env.GOLD_BUCKET,
      silverDatabase: env.SILVER_DATABASE,
      goldDatabase: env.GOLD_DATABASE,
    },
    reports: reports(env.ARTIFACTS_BUCKET, client),
    plans: plans(env.ARTIFACTS_BUCKET, client),
    post: poster(secret ? endpointReader(secret) : undefined, { limits: LIMITS, wait, now: systemClock.now }),
  }
}

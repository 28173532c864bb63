import type { Tick } from '../../../events/aws.js'
import { GoldPublished, type Heard } from '../../../events/catalog.js'
import type { Outcome } from '../../../shared/observe.js'
import { type WarmCacheEffects, warmCache } from './warm-cache.js'

export type Waking = Heard<typeof GoldPublished> | Pick<Tick, 'detail-type'>

/** Takes in a publication, or a look at all domains. */
export async function warmed(effects: WarmCacheEffects, event: Waking): Promise<Outcome> {
  if (event['detail-type'] !== GoldPublished.name) return { did: await warmCache(effects) }
  const { runId, domain } = event.detail
  return { runId, did: await warmCache(effects, domain) }
}

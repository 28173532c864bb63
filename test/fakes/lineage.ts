import type { Outgoing } from '../../events/catalog.js'
import {
  type RecordLineageEffects,
  recordLineage,
} from '../../functions/operate/record-lineage/record-lineage.js'
import type { RunEvent } from '../../shared/lineage/facets.js'
import type { Chain } from './chain.js'
import { testProject } from './project.js'

const PLACES = {
  stack: 'sluice-test',
  region: 'eu-west-1',
  account: '123456789012',
  bronzeBucket: 'bronze',
  silverBucket: 'silver',
  goldBucket: 'gold',
  silverDatabase: 'sluice_test_silver',
  goldDatabase: 'sluice_test_gold',
}

const TOLD = [
  'Run Started',
  'Silver Updated',
  'Gold Built',
  'Extract Finished',
  'Gate Failed',
  'Stage Failed',
] as const
type Told = Extract<Outgoing, { name: (typeof TOLD)[number] }>

/** The effects of the lineage stage over what a chain left; `post` says what came of posting. */
export const lineageEffects = (
  { parts }: Chain,
  post: RecordLineageEffects['post'] = async () => undefined,
): RecordLineageEffects => ({
  ledger: parts.ledger,
  project: testProject,
  places: PLACES,
  reports: parts.artifacts,
  plans: parts.artifacts,
  post,
})

/** Tells the lineage stage of all that a chain put on the bus, and gives the events that it wrote, by their place. */
export async function lineageOf(chain: Chain): Promise<Map<string, RunEvent>> {
  for (const { name, detail } of chain.parts.bus.seen.filter(isTold)) {
    const time = new Date(chain.parts.clock.now()).toISOString()
    await recordLineage(lineageEffects(chain), { 'detail-type': name, time, detail })
  }
  const objects = [...chain.parts.artifacts.objects].filter(([key]) => key.startsWith('lineage/'))
  return new Map(objects.map(([key, event]) => [key, event as RunEvent]))
}

const isTold = (event: Outgoing): event is Told => (TOLD as readonly string[]).includes(event.name)

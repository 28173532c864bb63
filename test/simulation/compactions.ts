import { CompactionRequested } from '../../events/catalog.js'
import type { Bus } from './bus.js'
import type { Random } from './random.js'
import type { Timeline } from './timeline.js'

interface World {
  timeline: Timeline
  random: Random
  bus: Bus
}

const ENTITIES = ['market_data', 'transactions', 'notes']
/** Room for batches that are committed late. */
const AFTER_MILLISECONDS = 900_000

/** A clock, and persons, that want small files put together: mostly of the day that the story plays on, some twice. */
export function compactions({ timeline, random, bus }: World, storyEnds: number): void {
  if (random.chance(0.7)) return
  const span = storyEnds - timeline.now + AFTER_MILLISECONDS
  const asked = random.between(1, 5)
  for (let number = 0; number < asked; number += 1) {
    const entity = random.chance(0.6) ? { entity: random.pick(ENTITIES) } : {}
    const today = random.chance(0.9) ? { today: true } : {}
    const detail = { ...entity, ...today, requestId: `compact:${number}`, by: 'somebody' }
    const at = random.between(60_000, span)
    timeline.after(at, () => bus.announce(CompactionRequested.name, detail))
    if (random.chance(0.2))
      timeline.after(at + random.between(10, 300_000), () => bus.announce(CompactionRequested.name, detail))
  }
}

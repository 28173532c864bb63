import { ExtractRequested } from '../../events/catalog.js'
import type { Bus } from './bus.js'
import type { Random } from './random.js'
import type { Timeline } from './timeline.js'

interface World {
  timeline: Timeline
  random: Random
  bus: Bus
}

/** The one source that Sluice itself asks. */
const SOURCE = 'quotes'

/** Who wants something extracted while the story is told: a schedule, and backfills with windows, some of them twice. */
export function request({ timeline, random, bus }: World, storyEnds: number): void {
  if (random.chance(0.65)) return
  const at = () => random.between(0, storyEnds - timeline.now)
  const ask = (detail: { requestId: string }, after: number) => {
    timeline.after(after, () => bus.announce(ExtractRequested.name, { source: SOURCE, ...detail }))
    if (random.chance(0.2)) ask(detail, after + random.between(10, 60_000))
  }
  const plain = random.between(1, 4)
  for (let number = 0; number < plain; number += 1) ask({ requestId: `schedule:${number}` }, at())
  const windows = random.between(0, 2)
  for (let number = 0; number < windows; number += 1) {
    const window = { from: `2026-01-0${number + 1}`, to: `2026-01-0${number + 2}` }
    const slot = random.between(0, 1)
    const detail = { requestId: `backfill:b:${window.from}`, window, slot, backfillId: 'b' }
    ask(detail, at())
  }
}

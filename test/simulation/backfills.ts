import { BackfillMoved, BackfillRequested } from '../../events/catalog.js'
import { asked } from '../../shared/backfill/asked.js'
import { type Ask, type Backfill, backfillKey, changed, newBackfill } from '../../shared/backfill/backfill.js'
import { daysAfter } from '../../shared/backfill/range.js'
import type { Item } from '../../shared/ledger.js'
import type { SimTable } from './aws/table.js'
import type { Bus } from './bus.js'
import type { Random } from './random.js'
import type { Timeline } from './timeline.js'
import type { Trace } from './trace.js'

interface World {
  timeline: Timeline
  random: Random
  bus: Bus
  table: SimTable
  trace: Trace
}

/** The source of which windows can be asked for. */
const SOURCE = 'quotes'
const ASKS: Record<Ask, number> = { pause: 3, resume: 5, cancel: 1 }

/**
 * Persons who begin backfills while the story is told, two of one source now and then, and who pause, resume and cancel
 * them. The API dies now and then between its write and its event.
 */
export function backfill(world: World, storyEnds: number): void {
  const { timeline, random } = world
  if (random.chance(0.85)) return
  const many = random.chance(0.2) ? 2 : 1
  for (let number = 0; number < many; number += 1) {
    const begins = random.between(0, Math.max(1, storyEnds - timeline.now))
    timeline.after(begins, () => begin(world, `backfill${number}`))
    const asks = random.chance(0.5) ? random.between(1, 6) : 0
    for (let ask = 0; ask < asks; ask += 1) {
      const after = begins + random.between(1_000, 600_000)
      timeline.after(after, () => person(world, `backfill${number}`, random.weighted(ASKS)))
    }
  }
}

function begin({ timeline, random, bus, table, trace }: World, backfillId: string): void {
  const days = random.between(2, 7)
  const from = '2026-01-01'
  const wanted = {
    ...{ source: SOURCE, from, to: daysAfter(from, days), chunkDays: random.pick([1, 1, 2]) },
    ...{ parallel: random.between(1, 4), by: 'somebody' },
  }
  const write = newBackfill({ now: () => timeline.now, newId: () => backfillId }, backfillId, wanted)
  if (!('put' in write)) throw new Error('a backfill begins with a put')
  table.write([{ kind: 'Put', Item: write.put }], false)
  trace(`somebody begins ${backfillId}: ${days} days by ${wanted.chunkDays}, ${wanted.parallel} at once`)
  if (random.chance(0.9)) bus.announce(BackfillRequested.name, { backfillId })
}

function person({ timeline, random, bus, table, trace }: World, backfillId: string, what: Ask): void {
  const before = table.get(backfillKey(backfillId))
  const after = before && asked(before as unknown as Backfill, what, timeline.now)
  if (!before || !after) return
  const asks = [...(after.asks ?? []), { what, by: 'somebody', at: new Date(timeline.now).toISOString() }]
  const clock = { now: () => timeline.now, newId: () => '' }
  const { set, remove } = changed(clock, { ...after, asks })
  const whole = Object.entries({ ...before, ...set }).filter(([name]) => !remove.includes(name))
  table.write([{ kind: 'Put', Item: Object.fromEntries(whole) as Item }], false)
  trace(`somebody asks to ${what} ${backfillId}`)
  if (random.chance(0.9)) bus.announce(BackfillMoved.name, { backfillId })
}

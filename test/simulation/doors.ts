import { BuildRequested, SyncFinished } from '../../events/catalog.js'
import { syncIdOf } from '../../shared/doors/heard.js'
import { recordSync, syncFinished } from '../../shared/doors/sync.js'
import type { Item, ItemLedger, Key } from '../../shared/ledger.js'
import type { Storage } from './aws/storage.js'
import type { SimTable } from './aws/table.js'
import type { Bus } from './bus.js'
import { DOMAINS, type SimProject } from './project.js'
import type { Random } from './random.js'
import type { Story } from './story.js'
import type { Timeline } from './timeline.js'
import type { Trace } from './trace.js'

interface World {
  timeline: Timeline
  random: Random
  bus: Bus
  table: SimTable
  storage: Storage
  project: SimProject
  story: Story
  trace: Trace
}

/**
 * What comes by other doors than a file alone: sources whose batches settle, sources whose sync closes the batch, syncs
 * of a warehouse, and requests to build. Now and then a sync is never told, or told twice.
 */
export function doors(world: World, storyEnds: number): void {
  const { timeline, random, story } = world
  const anytime = () => random.between(0, Math.max(1, storyEnds - timeline.now))
  if (random.chance(0.18)) {
    const files = random.between(1, 5)
    const begins = anytime()
    for (let file = 0; file < files; file += 1)
      timeline.after(begins + random.between(0, 100_000), () => story.land(story.newKey('slow')))
  }
  if (random.chance(0.18))
    for (let delivery = random.between(1, 2); delivery > 0; delivery -= 1) deliver(world, anytime(), delivery)
  if (random.chance(0.18))
    for (let sync = random.between(1, 4); sync > 0; sync -= 1)
      timeline.after(anytime(), () => finish(world, 'ads', `ads${sync}`))
  if (random.chance(0.15)) timeline.after(anytime(), () => request(world, random.pick(PLAIN), 'risk'))
  if (random.chance(0.2)) dashboards(world, storyEnds)
}

const PLAIN = [
  { mode: 'full-refresh' },
  { mode: 'standard', selectors: ['stg_ads'] },
  { mode: 'standard', onlyIfNew: true },
  { mode: 'standard' },
]
/** Room for a build to publish an edition to which readers can go back. */
const AFTER_MILLISECONDS = 300_000

/** Dashboards that want what is new now, tested afterwards, one soon after the other; and a trial of a change. */
function dashboards(world: World, storyEnds: number): void {
  const { timeline, random } = world
  const span = storyEnds - timeline.now + AFTER_MILLISECONDS
  const domain = random.pick(DOMAINS)
  const begins = random.between(0, span)
  const apart = random.pick([60_000, 200_000, span])
  for (let build = random.between(1, 4); build > 0; build -= 1) {
    const asked = { mode: 'fast', ...(random.chance(0.7) && { force: true }) }
    timeline.after(begins + random.between(0, apart), () => request(world, asked, domain))
  }
  if (random.chance(0.4))
    timeline.after(random.between(0, span), () => request(world, { mode: 'ci' }, domain))
}

/** Some files, and in the end the word that these were all. */
function deliver(world: World, begins: number, number: number): void {
  const { timeline, random, story } = world
  const files = random.between(1, 4)
  const lasts = random.between(1_000, 20_000)
  for (let file = 0; file < files; file += 1)
    timeline.after(begins + random.between(0, lasts), () => story.land(story.newKey('synced')))
  if (random.chance(0.9))
    timeline.after(begins + lasts + random.between(0, 5_000), () =>
      finish(world, 'synced', `synced${number}`),
    )
}

/** A door takes a notice in: the sync is in the ledger before the bus hears of it, if the door does not die in between. */
function finish(
  { timeline, random, bus, table, storage, project, trace }: World,
  source: string,
  identity: string,
): void {
  const ledger = {
    get: async (key: Key) => table.get(key) as Item | undefined,
    write: async (write: { put: Item }) => {
      if (!table.get(write.put)) table.write([{ kind: 'Put', Item: write.put }], false)
      return { done: true as const }
    },
  } as unknown as ItemLedger
  const effects = { ledger, clock: { now: () => timeline.now }, project: project.declared }
  trace(`${source} has finished ${identity}`)
  // The rows are there before anybody is told of them.
  const syncId = syncIdOf(source, [identity])
  if (project.declared.sources[source]?.warehouse) storage.raw.add(syncId)
  const told = random.weighted({ once: 7, twice: 2, never: 1 })
  void recordSync(effects, { source, heard: { outcome: 'finished', identity: [identity] } }).then(
    ({ item }) => {
      for (let times = { once: 1, twice: 2, never: 0 }[told]; times > 0; times -= 1)
        bus.announce(SyncFinished.name, syncFinished(item).detail)
    },
  )
}

/** A person or a schedule wants a domain built; the same request may come twice. */
function request({ timeline, random, bus }: World, asked: { mode: string }, domain: string): void {
  const detail = { domain, requestId: `asked:${timeline.now}`, by: 'somebody', ...asked }
  for (let times = random.chance(0.2) ? 2 : 1; times > 0; times -= 1)
    bus.announce(BuildRequested.name, detail)
}

import type { Storage } from './aws/storage.js'
import type { Bus } from './bus.js'
import type { Chance } from './chance.js'
import type { LandedVersion, SimRow } from './evidence.js'
import type { Random } from './random.js'
import type { Timeline } from './timeline.js'
import type { Trace } from './trace.js'

interface World {
  timeline: Timeline
  random: Random
  chance: Chance
  storage: Storage
  bus: Bus
  trace: Trace
}

const SOURCES = ['prices', 'prices', 'prices', 'trades', 'trades', 'notes', 'notes', 'nobody']
/** More files at once than one transaction takes. */
const MANY = 45

/** What happens outside, over the first minutes of a seed: files land, alone and together, new and written again. */
export class Story {
  /** When the last file has landed. */
  readonly until: number
  private versions = 0

  constructor(private readonly world: World) {
    const { timeline, random } = world
    const bursts = random.between(1, 3)
    const apart = random.pick([5_000, 40_000, 200_000])
    let at = 0
    for (let burst = 0; burst < bursts; burst += 1) {
      at += random.between(0, apart)
      const many = burst === 0 && random.chance(0.04)
      const files = many ? random.between(33, MANY) : random.between(1, 3)
      const source = random.pick(SOURCES)
      const size = random.weighted({ small: 8, large: 2 })
      for (let file = 0; file < files; file += 1) {
        const from = many || random.chance(0.6) ? source : random.pick(SOURCES)
        timeline.after(at + random.between(0, many ? 300 : 3_000), () =>
          this.land(this.newKey(from), { large: size === 'large' }),
        )
      }
    }
    this.until = timeline.now + at + 5_000
  }

  /** A key of a source that none has yet. */
  newKey(source: string): string {
    const { timeline, random } = this.world
    const hour = new Date(timeline.now).toISOString()
    const [year, month, day] = hour.slice(0, 10).split('-')
    const folder = `year=${year}/month=${month}/day=${day}/hour=${hour.slice(11, 13)}/run_id=x`
    return `source=${source}/${folder}/${this.versions + 1}-${random.between(0, 99)}.json`
  }

  /** Puts a version of a key into bronze, and lets S3 tell of it. */
  land(key: string, { large = false, overwritten = true } = {}): void {
    const { timeline, random, chance, storage, bus, trace } = this.world
    this.versions += 1
    const versionId = `v${this.versions}`
    const rows: SimRow[] = Array.from({ length: random.between(1, 4) }, (_, place) => ({
      line: place + 1,
      key: random.chance(0.15) ? 'k-again' : `k-${versionId}-${place}`,
      bad: random.chance(0.06),
    }))
    const version: LandedVersion = {
      bucket: 'bronze',
      key,
      versionId,
      bytes: large ? 4_000 : 100,
      landedAt: new Date(timeline.now).toISOString(),
      source: /^source=([^/]+)\//.exec(key)?.[1] ?? null,
      rows,
    }
    storage.land(version)
    trace(`${key}@${versionId} lands`)
    const sparse = random.chance(0.15)
    const object = sparse ? { key } : { key, size: version.bytes, 'version-id': versionId }
    bus.announceLanding({ bucket: { name: 'bronze' }, object })
    if (overwritten && chance.of('bronze', 'a landed key', 'overwrite'))
      timeline.after(random.between(10, 120_000), () => this.land(key, { large }))
  }
}

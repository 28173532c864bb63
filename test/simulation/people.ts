import { ReplayRequested, RetryRequested, RunApproved } from '../../events/catalog.js'
import type { Item } from '../../shared/ledger.js'
import type { SimTable } from './aws/table.js'
import type { Bus } from './bus.js'
import type { Chance } from './chance.js'
import type { Random } from './random.js'
import type { Timeline } from './timeline.js'
import type { Trace } from './trace.js'
import type { Work } from './work/work.js'

interface World {
  timeline: Timeline
  random: Random
  chance: Chance
  table: SimTable
  bus: Bus
  work: Work
  redeploy(): void
  trace: Trace
}

export const ACTS = { retry: 4, approve: 4, replay: 4, file: 2, stop: 1, deploy: 1 }

/** People, who retry, approve, replay and stop whatever they find, rightly or wrongly, and deploy in the middle. */
export class People {
  /** When the last of them has acted. */
  readonly until: number

  constructor(
    private readonly world: World,
    storyEnds: number,
  ) {
    const { timeline, random, chance } = world
    const acts = random.chance(0.6) ? random.between(1, 8) : 0
    let last = timeline.now
    for (let number = 0; number < acts; number += 1) {
      const after = random.between(20_000, storyEnds - timeline.now + 400_000)
      last = Math.max(last, timeline.now + after)
      timeline.after(after, () => {
        const act = random.weighted(ACTS)
        if (chance.allowed(act === 'deploy' ? 'deploy' : 'operator')) this.act(act)
      })
    }
    this.until = last
  }

  private act(act: keyof typeof ACTS): void {
    const { random, work, redeploy, trace, chance } = this.world
    trace(`somebody: ${act}`)
    chance.happened(`somebody: ${act}`)
    if (act === 'deploy') {
      redeploy()
      return
    }
    if (act === 'stop') {
      const running = work.running()
      if (running.length > 0) work.stop(random.pick(running).id)
      return
    }
    const subject = this.subject(act)
    if (!subject) return
    for (let times = random.chance(0.2) ? 2 : 1; times > 0; times -= 1) this.ask(act, subject)
  }

  /** What the act is for, as a rule; now and then something for which it makes no sense. */
  private subject(act: 'retry' | 'approve' | 'replay' | 'file'): Item | undefined {
    const { random, table } = this.world
    if (act === 'file')
      return one(
        random,
        table.items.filter((item) => item.quarantined !== undefined),
      )
    const runs = table.items.filter(({ PK, SK }) => PK.startsWith('RUN#') && SK === 'META')
    if (random.chance(0.1)) return one(random, runs)
    if (act === 'replay')
      return one(
        random,
        runs.filter((run) => run.quarantinedPk !== undefined),
      )
    const parked = runs.filter(({ state }) => state === 'PARKED')
    return one(random, act === 'approve' ? parked.filter(({ gate }) => gate === 'failed') : parked)
  }

  private ask(act: keyof typeof ACTS, subject: Item): void {
    const { bus } = this.world
    const by = 'somebody'
    const runId = String(subject.runId)
    if (act === 'retry') bus.announce(RetryRequested.name, { runId, by })
    if (act === 'approve') bus.announce(RunApproved.name, { runId, by, why: 'it is known' })
    if (act === 'replay') bus.announce(ReplayRequested.name, { runId, by })
    if (act === 'file') bus.announce(ReplayRequested.name, { fileId: subject.PK.slice('FILE#'.length), by })
  }
}

const one = <T>(random: Random, list: T[]): T | undefined => (list.length > 0 ? random.pick(list) : undefined)

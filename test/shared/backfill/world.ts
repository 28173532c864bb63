import { ExtractFinished, ExtractReady, type Outgoing, StageFailed } from '../../../events/catalog.js'
import { asked } from '../../../shared/backfill/asked.js'
import {
  type Ask,
  type Backfill,
  backfillKey,
  backfillOf,
  changed,
  isCancelled,
  newBackfill,
} from '../../../shared/backfill/backfill.js'
import { type BackfillEffects, driveBackfill, lookAfter } from '../../../shared/backfill/drive.js'
import { claim } from '../../../shared/claim.js'
import { iso } from '../../../shared/clock.js'
import type { Declared, DeclaredSource } from '../../../shared/declared.js'
import { requestExtract } from '../../../shared/extract.js'
import { holdKey, REGISTRY_PK, release } from '../../../shared/lane.js'
import { type Item, is } from '../../../shared/ledger.js'
import { moveRun, type Run, runKey } from '../../../shared/run.js'
import { FakeClock } from '../../fakes/clock.js'
import { Crash, Faults } from '../../fakes/faults.js'
import { FakeLedger } from '../../fakes/ledger.js'
import { testProject } from '../../fakes/project.js'

const market = (parallel: number): DeclaredSource => ({
  kind: 'extract',
  feeds: [{ entity: 'market_data', prefix: 'source=market/entity=market_data/' }],
  extract: { engine: 'rest', url: 'https://api.example', entities: [], limits: { parallel } },
})

/** What an end of a chunk's job is: well, failed for now, or failed for good. */
export type End = 'well' | 'badly' | 'hopeless'

/**
 * Backfills on fakes: the stage and the lanes are real, the jobs are in memory. Events wait until a test delivers them,
 * as often and in the order that it likes.
 */
export class World {
  readonly clock = new FakeClock()
  readonly faults = new Faults()
  readonly store = new FakeLedger()
  /** Events on their way. */
  readonly events: Outgoing[] = []
  readonly delayed: Outgoing[] = []
  /** How many runs were live at once, at most. */
  most = 0
  readonly project: Declared
  readonly effects: BackfillEffects

  constructor(parallel = 4) {
    this.project = { ...testProject, sources: { ...testProject.sources, market: market(parallel) } }
    this.effects = this.effectsOf(this.faults)
  }

  private effectsOf(faults: Faults): BackfillEffects {
    const bus = faults.wrap('bus', {
      publish: async (events: Outgoing[]) => void this.events.push(...events),
      later: async (event: Outgoing) => void this.delayed.push(event),
    })
    return {
      project: this.project,
      ledger: faults.wrap('ledger', this.store),
      clock: this.clock,
      publish: bus.publish,
      later: bus.later,
      announceReady: (_, runId) => bus.publish([{ name: ExtractReady.name, detail: { runId } }]),
    }
  }

  /** A look that stalls before its n-th effect, or before its first (or `time`-th) of a name; the function that is given lets it go on, and waits for its end. */
  stalled(at: number | string, backfillId = 'b1', time = 1): () => Promise<void> {
    const faults = new Faults()
    let goOn = () => {}
    const gate = new Promise<void>((resolve) => {
      goOn = resolve
    })
    let left = time
    const isNamed = (effect: string) => effect === at && --left <= 0
    const isThere = (effect: string) => (typeof at === 'string' ? isNamed(effect) : faults.calls >= at)
    faults.pause = async (effect) => (isThere(effect) ? gate : undefined)
    const look = lookAfter(this.effectsOf(faults), backfillId)
    return async () => {
      goOn()
      await look
    }
  }

  async create(backfillId: string, wanted: Partial<Parameters<typeof newBackfill>[2]> = {}): Promise<void> {
    const range = { from: '2020-01-01', to: '2020-03-01', chunkDays: 10 }
    const whole = { source: 'market', parallel: 2, by: 'ada', ...range, ...wanted }
    await this.store.write(newBackfill(this.clock, backfillId, whole))
  }

  get = async (backfillId = 'b1') => (await backfillOf(this.store, backfillId)) as Backfill

  /** What a person asks of the API. */
  async ask(what: Ask, backfillId = 'b1'): Promise<boolean> {
    const before = await this.get(backfillId)
    const after = asked(before, what, this.clock.now())
    if (!after) return false
    const change = { update: backfillKey(backfillId), ...changed(this.clock, after) }
    return (await this.store.write({ ...change, when: [is('version', before.version)] })).done
  }

  /** One invocation; a crash is the end of it, and nobody tries again. */
  async invoke(work: () => Promise<unknown>): Promise<void> {
    this.faults.revive()
    await work().catch((error: unknown) => {
      if (!(error instanceof Crash)) throw error
    })
    const live = this.live().length
    this.most = Math.max(this.most, live)
  }

  look = (backfillId = 'b1') => this.invoke(() => lookAfter(this.effects, backfillId))

  /** Delivers one event of those on their way; `again` leaves it there. */
  async deliver(place = 0, again = false): Promise<void> {
    const [event] = this.events.splice(place, 1)
    if (!event) return
    if (again) this.events.push(event)
    const { name, detail } = event
    if (name === 'Extract Requested') await this.invoke(() => requestExtract(this.effects, detail))
    if (name === 'Backfill Moved' || name === 'Backfill Requested') await this.look(detail.backfillId)
    if (name === 'Extract Finished') for (const id of detail.backfillIds) await this.look(id)
    if (name === 'Stage Failed') await this.look()
  }

  lose(place = 0): void {
    this.events.splice(place, 1)
  }

  runs = () => this.store.all('RUN#').filter(({ SK }) => SK === 'META') as Run[]
  live = () => this.runs().filter(({ state }) => state === 'READY')
  chunks = (backfillId = 'b1') => this.store.all(`BACKFILL#${backfillId}`).filter(({ SK }) => SK !== 'META')

  /** Ends the job of a run that is under way, as finish-extract does; its events may be lost by the test. */
  async end(place: number, how: End): Promise<void> {
    const live = this.live()
    const run = live[place % Math.max(1, live.length)]
    if (!run) return
    const backfillId = this.askedBy(run)
    const at = iso(this.clock.now())
    const dropped = await isCancelled(this.store, backfillId)
    const bad = how === 'well' || dropped ? undefined : how
    const failureClass = bad === 'hopeless' ? 'configuration' : 'crashed'
    const set = {
      ...{ endedAt: at, files: 1, rows: { in: 10, out: 10, duplicates: 0, rejected: 0 } },
      ...(dropped && { unchanged: 'its backfill was cancelled' }),
      ...(bad && { reason: 'exit 1', failureClass }),
    }
    const when = [is('state', 'READY')]
    const move = moveRun(this.clock, run.runId, bad ? 'PARKED' : 'COMMITTED', { set, when })
    await this.store.write(move, release(run.lane, run.runId))
    this.faults.revive()
    const detail = { runId: run.runId, source: 'market', files: 1, rows: 10 }
    const failed = { runId: run.runId, kind: 'extract', subject: 'market', lane: run.lane, reason: 'exit 1' }
    this.events.push(
      bad
        ? { name: StageFailed.name, detail: { ...failed, failureClass } }
        : { name: ExtractFinished.name, detail: { ...detail, requestIds: [], backfillIds: [backfillId] } },
    )
    await this.claimAll()
  }

  /** The reconciler: claims idle lanes and drives what is late. */
  async reconcile(): Promise<void> {
    await this.claimAll()
    const { items } = await this.store.index('due', { until: iso(this.clock.now()), limit: 100 })
    for (const { PK } of items.filter((item) => item.PK.startsWith('BACKFILL#')))
      await this.invoke(() => driveBackfill(this.effects, PK.slice('BACKFILL#'.length)))
  }

  private async claimAll(): Promise<void> {
    const lanes = await this.store.query(REGISTRY_PK, { limit: 100 })
    for (const { SK: lane } of lanes.items) {
      if (!(await this.store.get(holdKey(lane)))?.holder) await this.invoke(() => claim(this.effects, lane))
    }
  }

  /** Everything is delivered and ends well, with the reconciler's help, until nothing is late any more. */
  async rest(): Promise<void> {
    for (let pass = 0; pass < 400; pass += 1) {
      while (this.events.length > 0) await this.deliver()
      this.events.push(...this.delayed.splice(0))
      for (let job = this.live().length; job > 0; job -= 1) await this.end(0, 'well')
      const due = (await this.store.index('due', { limit: 100 })).items
      if (this.events.length === 0 && this.live().length === 0 && !due.some(isBackfill)) return
      this.clock.advance(300)
      await this.reconcile()
    }
    throw new Error('the backfill never comes to rest')
  }

  /** The good runs of each chunk, by its first day. */
  goodRuns(): Map<string, string[]> {
    const found = new Map<string, string[]>()
    for (const owner of this.store.all('ENTRY#extract:market:')) {
      const { from } = owner.window as { from: string }
      const runs = this.chain(String(owner.run)).filter(
        ({ state, unchanged }) => state === 'COMMITTED' && !unchanged,
      )
      found.set(from, [...(found.get(from) ?? []), ...runs.map(({ runId }) => runId)])
    }
    return found
  }

  /** The backfill that asked for what a run does, also for one that was put back into it. */
  private askedBy({ lane }: Run): string {
    const owners = this.store.all(`ENTRY#${lane}#`)
    const runs = (runId: unknown) => this.chain(String(runId)).map(({ state }) => state)
    return String(owners.find(({ run }) => runs(run).includes('READY'))?.backfillId)
  }

  private chain(runId: string): Run[] {
    const run = this.runs().find((one) => one.PK === runKey(runId).PK)
    return run ? [run, ...(run.into ? this.chain(String(run.into)) : [])] : []
  }
}

const isBackfill = ({ PK }: Item) => PK.startsWith('BACKFILL#')

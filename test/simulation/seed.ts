import { fileId } from '../../functions/1-ingest/record-landing/record-landing.js'
import { dynamo } from './aws/dynamo.js'
import { ecs, endTold } from './aws/ecs.js'
import { glue } from './aws/glue.js'
import { Storage, s3 } from './aws/storage.js'
import { SimTable } from './aws/table.js'
import { backfill } from './backfills.js'
import { Bus } from './bus.js'
import { Chance, type Coverage, type Means } from './chance.js'
import { compactions } from './compactions.js'
import { doors } from './doors.js'
import { pointersIn, rollbacks, tablesShown } from './editions.js'
import type { Effect, Fault } from './effect.js'
import type { Evidence, Found, Invariant, Violation } from './evidence.js'
import { Functions } from './functions.js'
import { Measures, newWorst, type Worst } from './measures.js'
import { People } from './people.js'
import { SimProject } from './project.js'
import { Random } from './random.js'
import { request } from './requests.js'
import { stages } from './stages.js'
import { Story } from './story.js'
import { settled, Timeline } from './timeline.js'
import type { Trace } from './trace.js'
import { Waits } from './waits.js'
import { parts, type Services } from './wiring.js'
import { type Job, type Told, Work, workOf } from './work/work.js'

export interface SeedOptions {
  seed: number
  faults: ReadonlySet<Fault>
  means: Means
  coverage: Coverage
  worst: Worst
  invariants: readonly Invariant[]
  trace?: (line: string) => void
  /** With a trace: the items of the ledger whose keys hold this are shown at the end. */
  show?: string
}

export interface SeedResult {
  seed: number
  violations: Violation[]
  steps: number
  ticks: number
  evidence: Evidence
}

const NO_TABLES = tablesShown(new Map())
const START = Date.parse('2026-03-02T06:40:00.000Z')
const TICK = 300_000
/** Passes of the reconciler without any new fault until all must be done. */
const PASSES_MAX = 60
const STEPS_MAX = 60_000
/** In every so many seeds nothing happens to the reconciler itself. */
const SPARED = 5
/** In every so many seeds somebody looks at what people are promised of their data. */
const LOOKED_AT = 3
/** How heavy the faults of a seed are, drawn once. */
const INTENSITIES = [0.2, 0.5, 1, 1, 1.5, 2]

/** One seed: a world of its own, from the first landing until nothing moves any more. */
export class Seed {
  readonly timeline: Timeline
  readonly table: SimTable
  readonly storage = new Storage()
  readonly project = new SimProject()
  readonly bus: Bus
  readonly work: Work
  readonly functions: Functions
  readonly violations: Violation[] = []
  readonly goldTables = new Map<string, { VersionId: string; input: Found }>()
  readonly told: { channel: string; incidentId: string; what: 'opened' | 'closed' }[] = []
  private readonly random: Random
  private readonly chance: Chance
  private readonly story: Story
  private readonly people: People
  private before: NonNullable<Evidence['before']>
  private readonly measures: Measures
  private readonly waits: Waits
  private readonly invariants: Record<Invariant['when'], readonly Invariant[]>
  private ids = 0
  private ticks = 0
  private calmTicks = 0
  private quietTicks = 0
  private resting = false

  constructor(private readonly options: SeedOptions) {
    const { seed, means, coverage, faults } = options
    this.random = new Random(seed, 1)
    const asked = (when: Invariant['when']) => options.invariants.filter((one) => one.when === when)
    this.invariants = { step: asked('step'), rest: asked('rest') }
    // What the net catches in time is measured where the net itself holds.
    const spared = seed % SPARED === 0 ? 'reconcile' : undefined
    this.waits = new Waits(spared !== undefined)
    this.measures = new Measures(seed, spared ? options.worst : newWorst())
    const intensity = new Random(seed, 2).pick(INTENSITIES)
    this.chance = new Chance(new Random(seed, 3), means, coverage, intensity, faults, spared)
    this.timeline = new Timeline(START + this.random.between(0, 3_600_000))
    const { timeline, random, chance, storage, project } = this
    const now = () => timeline.now
    const trace = this.trace
    this.table = new SimTable(now)
    this.before = { ledger: this.table.items, silver: storage.silver, goldPointers: {} }
    this.work = new Work({
      timeline,
      random,
      chance,
      storage,
      project,
      trace,
      complain: (rule, what) => this.violate(rule, what),
      land: (key) => this.story.land(key, { overwritten: false }),
      announce: (job, how) => this.announce(job, how),
    })
    const services: Services = {
      dynamo: dynamo(this.table, random, now),
      s3: s3(storage, random, now),
      ecs: ecs(this.work, now),
      glue: glue(this.work, this.goldTables, new Set(), now),
      bus: (command) => this.bus.effectOf(command),
      later: (command) => this.bus.laterEffectOf(command),
      channel: ({ input }) => this.tell(input),
      athena: () => ({
        name: 'Query gold',
        faults: ['lost answer'],
        throttled: 'TooManyRequestsException',
        apply: () => ({}),
      }),
    }
    this.functions = new Functions({ timeline, random, chance, trace }, (stage, gate, skew) => {
      const clock = { now: () => timeline.now + skew, newId: () => this.newId() }
      const settings = { project: project.declared, revision: this.functions.deployment + 1 }
      const make = stages[stage]
      if (!make) throw new Error(`the simulator has no function for the stage ${stage}`)
      return make(parts(services, settings, gate, clock))
    })
    this.bus = new Bus({
      timeline,
      random,
      chance,
      functions: this.functions,
      unclocked: seed % LOOKED_AT === 0 ? [] : ['check-health'],
      trace,
      lost: (event) => this.measures.lost(event, now(), this.get, (key) => this.fileId(key)),
      announced: (event) => this.measures.announced(event, now()),
    })
    const world = { timeline, random, chance, storage, bus: this.bus, trace }
    this.story = new Story(world)
    request(world, this.story.until)
    backfill({ ...world, table: this.table }, this.story.until)
    rollbacks({ ...world, table: this.table }, this.story.until)
    compactions(world, this.story.until)
    doors({ ...world, table: this.table, project, story: this.story }, this.story.until)
    const redeploy = () => {
      this.functions.redeploy()
      if (random.chance(0.6)) project.redeploy()
    }
    this.people = new People({ ...world, table: this.table, work: this.work, redeploy }, this.story.until)
    timeline.after(random.between(0, TICK), () => this.tick())
  }

  async run(): Promise<SeedResult> {
    const { timeline, options } = this
    while (!this.resting && timeline.steps < STEPS_MAX && this.violations.length === 0 && timeline.step()) {
      await settled()
      this.watch()
    }
    if (!this.resting && this.violations.length === 0)
      this.violate('everything comes to rest', this.leftOver())
    this.showItems()
    const { violations, ticks } = this
    return { seed: options.seed, violations, steps: timeline.steps, ticks, evidence: this.evidence() }
  }

  private showItems(): void {
    const { show, trace } = this.options
    if (show === undefined || !trace) return
    for (const item of this.table.items)
      if (`${item.PK} ${item.SK}`.includes(show)) trace(JSON.stringify(item))
  }

  private readonly trace: Trace = (what) => {
    const { trace } = this.options
    if (!trace) return
    const time = new Date(this.timeline.now).toISOString().slice(11, 23)
    trace(`${time} ${typeof what === 'string' ? what : what()}`)
  }

  /** The reconciler's clock: the faults end once the story is told, and it goes on until nothing is left. */
  private tick(): void {
    const { timeline, story, chance } = this
    this.ticks += 1
    if (timeline.now > Math.max(story.until, this.people.until) + 2 * TICK) chance.calm = true
    if (chance.calm) this.calmTicks += 1
    // Twice, so that what looks after incidents has seen the last end too; what looks every 15 minutes, once in calm.
    this.quietTicks = chance.calm && this.quiet() ? this.quietTicks + 1 : 0
    if (this.quietTicks > 1 && this.calmTicks > 3) {
      this.rest()
      return
    }
    for (const what of this.waits.look(this.table.items, timeline.now)) this.violate(Waits.rule, what)
    if (this.calmTicks > PASSES_MAX) this.violate('everything comes to rest', this.leftOver())
    this.bus.tick(((this.ticks - 1) * TICK) / 60_000)
    timeline.after(TICK, () => this.tick())
  }

  private quiet(): boolean {
    if (this.bus.underWay > 0 || this.functions.running > 0 || this.work.running().length > 0) return false
    return !this.table.items.some((item) => item.duePk !== undefined || item.SK.startsWith('WAIT#'))
  }

  private rest(): void {
    this.resting = true
    this.trace('at rest')
    this.check('rest')
  }

  private leftOver(): string {
    const due = this.table.items.filter((item) => item.duePk !== undefined || item.SK.startsWith('WAIT#'))
    const items = due.map(({ PK, SK, state }) => `${PK} ${SK} ${state ?? ''}`.trim())
    const counts = `${this.bus.underWay} deliveries, ${this.functions.running} invocations, ${this.work.running().length} jobs`
    return `after ${this.timeline.steps} steps: ${counts}; ${items.slice(0, 5).join(', ')}`
  }

  /** Judges the step that was just taken, if it changed the ledger or silver. */
  private watch(): void {
    const { table, storage } = this
    const { ledger, silver } = this.before
    if (table.items !== ledger) this.measures.look(this.timeline.now, this.get)
    if (table.items !== ledger || storage.silver !== silver) this.check('step')
    const goldPointers = table.items === ledger ? this.before.goldPointers : pointersIn(table)
    this.before = { ledger: table.items, silver: storage.silver, goldPointers }
  }

  private check(when: 'step' | 'rest'): void {
    const evidence = this.evidence()
    for (const { name, check } of this.invariants[when])
      for (const what of check(evidence)) this.violate(name, what)
  }

  private violate(invariant: string, what: string): void {
    this.trace(`VIOLATION ${invariant}: ${what}`)
    this.violations.push({ invariant, what })
  }

  /** The ledger's id of the newest version of a key, for what is measured only. */
  private fileId(key: string): string | undefined {
    const found = this.storage.landed.findLast((version) => version.key === key)
    return found && fileId(found)
  }

  private readonly get = (PK: string, SK: string) => this.table.get({ PK, SK })

  private newId(): string {
    this.ids += 1
    return `r${String(this.ids).padStart(25, '0')}`
  }

  private announce(job: Job, how: Told): void {
    if (how === 'over') this.measures.ended(job, this.timeline.now)
    this.bus.announceEnd(workOf(job), ...endTold(job, how))
  }

  private tell({ channel, incidentId, what }: Found): Effect {
    const apply = () => {
      if (what !== 'said') this.told.push({ channel, incidentId, what })
    }
    return { name: `Tell ${channel}`, faults: ['lost answer'], throttled: 'TransientError', apply }
  }

  evidence(): Evidence {
    const { timeline, storage, table, options, project } = this
    const { sources, entities, lanes } = project.declared
    return {
      seed: options.seed,
      now: timeline.now,
      step: timeline.steps,
      atRest: this.resting,
      ledger: table.items,
      project: { sources, entities: Object.keys(entities), lanes },
      landed: storage.landed,
      rowsOf: storage.rowsOf,
      jobs: this.work.jobs,
      silver: storage.silver,
      artifacts: storage.artifacts,
      quarantine: storage.quarantine,
      editions: this.work.editions,
      // Only at rest do the tables have to agree with anything.
      ...(this.resting ? tablesShown(this.goldTables) : NO_TABLES),
      events: this.bus.events,
      told: this.told,
      before: this.before,
    }
  }
}

import { type Effect, FAULTS, type Fault } from './effect.js'
import type { Random } from './random.js'

/** How often each cell, `<stage>|<effect>`, occurs in a seed on the average: rare ones are hit more often. */
export type Means = Readonly<Record<string, number>>

/**
 * How often each `<stage>|<effect>` occurred, weighed by the intensity of its seed (what occurs mostly where few faults
 * are asked for must be hit more often to reach the aim), and how often each `<stage>|<effect>|<fault>` was hit.
 */
export interface Coverage {
  occurred: Map<string, number>
  hit: Map<string, number>
  /** Of each call that occurred what may happen to it beside what may happen to all. */
  own: Map<string, readonly Fault[]>
}

/** Each fault of each cell shall be hit about this often in so many seeds. */
const AIM = { hits: 60, seeds: 1_500 }
/** A cell that was never seen before: hit now and then. */
const UNKNOWN = 0.05
/** The most that all faults of one effect may take of its occurrences. */
const MOST = 0.8
/** What begins the names of what happens to no stage: ends of jobs, what people do. */
export const WORLD = 'world|'
export const EVERYWHERE: readonly Fault[] = ['crash before', 'crash after', 'throttled', 'stall']

/** Of the faults that one thing is asked for, the one that counts it. */
const FIRST_ASKED: ReadonlySet<Fault> = new Set(['lost event', 'never ends'])
/** What a job does badly is rarer than its cell, or nothing would ever be published. */
const JOB_MOST = 0.2

/** A bad end is one of many, and each shall be hit as often as another fault. */
const BAD_ENDS = 3

/** Decides by the seed which fault happens where, and counts it. */
export class Chance {
  /** No faults any more, so that what is left can come to rest. */
  calm = false
  private readonly enabled: ReadonlySet<Fault>

  constructor(
    private readonly random: Random,
    private readonly means: Means,
    private readonly coverage: Coverage,
    /** 0: no faults at all; 1: as often as the aim asks for. */
    private readonly intensity: number,
    enabled: ReadonlySet<Fault>,
    /** A stage to which nothing happens in this seed. */
    private readonly spared: string | undefined,
  ) {
    this.enabled = intensity > 0 ? enabled : new Set()
  }

  /** The fault of one call of a service, if any. */
  effect(stage: string, effect: Effect): Fault | undefined {
    // What cannot fail any more is no occurrence: the rates are those of what can.
    if (this.calm || stage === this.spared) return undefined
    const cell = `${stage}|${effect.name}`
    count(this.coverage.occurred, cell, this.intensity)
    if (!this.coverage.own.has(cell)) this.coverage.own.set(cell, effect.faults)
    const faults = EVERYWHERE.length + effect.faults.length
    const each = Math.min(MOST / faults, this.rate(cell))
    let left = this.random.next()
    if (left >= each * faults) return undefined
    for (const fault of [...EVERYWHERE, ...effect.faults]) {
      left -= each
      if (left < 0) return this.allowed(fault) ? this.hit(cell, fault) : undefined
    }
    return undefined
  }

  /** Whether a fault of the world around the functions happens: to an event, a job, a tick. */
  of(stage: string, what: string, fault: Fault): boolean {
    if (this.calm) return false
    const cell = `${stage}|${what}`
    if (FIRST_ASKED.has(fault)) count(this.coverage.occurred, cell, this.intensity)
    const rate = this.rate(cell) * (fault === 'bad end' ? BAD_ENDS : 1)
    const happens = this.random.chance(Math.min(JOB_MOST, rate))
    return happens && this.allowed(fault) && this.hit(cell, fault) !== undefined
  }

  /** Counts what happened to the world around the functions, by its name. */
  happened(what: string): void {
    count(this.coverage.hit, `${WORLD}${what}`)
  }

  allowed(fault: Fault): boolean {
    return !this.calm && this.isOn(fault)
  }

  /** Whether a fault is one of this seed’s at all. */
  isOn(fault: Fault): boolean {
    return this.enabled.has(fault)
  }

  private rate(cell: string): number {
    const mean = this.means[cell]
    if (mean === undefined) return UNKNOWN * this.intensity
    return (this.intensity * AIM.hits) / (AIM.seeds * mean)
  }

  private hit(cell: string, fault: Fault): Fault {
    count(this.coverage.hit, `${cell}|${fault}`)
    return fault
  }
}

function count(counts: Map<string, number>, key: string, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by)
}

export const newCoverage = (): Coverage => ({ occurred: new Map(), hit: new Map(), own: new Map() })
export const allFaults = new Set(Object.keys(FAULTS) as Fault[])

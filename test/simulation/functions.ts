import type { Chance } from './chance.js'
import type { Effect, Gate } from './effect.js'
import type { Random } from './random.js'
import type { Timeline } from './timeline.js'
import type { Trace } from './trace.js'

export type Result = 'done' | 'crashed' | 'threw'
/** A function as Lambda runs it: an event in, an answer out. */
export type Handler = (event: unknown) => Promise<unknown>
/** Makes one instance of a stage's function, whose calls go through this gate and whose clock is off by so much. */
export type Deploy = (stage: string, gate: Gate, skew: number) => Handler

interface Instance {
  stage: string
  deployment: number
  handler: Handler
  current: Invocation | undefined
}

interface Invocation {
  number: number
  stage: string
  alive: boolean
  over(result: Result, answer?: unknown): void
}

/** serverless.yml and infra/functions.yml: how long a function may take. */
const TIME_OUT: Readonly<Record<string, number>> = {
  'finish-cleanse': 900_000,
  reconcile: 240_000,
}
const TIME_OUT_ELSE = 60_000
const SKEW_MAX = 8_000
/** How many answers are there with the effect: what comes in between the two is seen often enough in the others. */
const ANSWERED_AT_ONCE = 0.92
const LATENCY = { least: 3, most: 25 }

/**
 * Lambda: instances with a clock of their own, one event at a time each. Every call of a service is a point at which
 * the invocation waits, dies, or goes on; what is dead never hears its answer.
 */
export class Functions {
  running = 0
  deployment = 0
  private readonly idle = new Map<string, Instance[]>()
  private invocations = 0

  constructor(
    private readonly world: { timeline: Timeline; random: Random; chance: Chance; trace: Trace },
    private readonly deploy: Deploy,
  ) {}

  /** From now on new instances run the next deployment; invocations under way end on theirs. */
  redeploy(): void {
    this.deployment += 1
    this.idle.clear()
  }

  invoke(stage: string, event: unknown, over: (result: Result, answer?: unknown) => void): void {
    const { timeline, trace } = this.world
    const instance = this.idle.get(stage)?.pop() ?? this.start(stage)
    this.invocations += 1
    this.running += 1
    const invocation: Invocation = {
      number: this.invocations,
      stage,
      alive: true,
      over: (result, answer) => {
        invocation.alive = false
        this.running -= 1
        timeline.callOff(timeOut)
        trace(() => `${stage} #${invocation.number} ${result}`)
        over(result, answer)
      },
    }
    instance.current = invocation
    const timeOut = timeline.after(TIME_OUT[stage] ?? TIME_OUT_ELSE, () =>
      this.kill(invocation, 'it ran into its time-out'),
    )
    instance.handler(event).then(
      (answer) => this.end(instance, invocation, 'done', answer),
      (error) => this.end(instance, invocation, 'threw', error),
    )
  }

  private end(instance: Instance, invocation: Invocation, result: Result, answer: unknown): void {
    if (!invocation.alive) return
    if (result === 'threw') this.world.trace(`${invocation.stage} #${invocation.number} throws ${answer}`)
    const { stage, deployment } = instance
    const idle = this.idle.get(stage) ?? []
    if (deployment === this.deployment) this.idle.set(stage, [...idle, instance])
    invocation.over(result, answer)
  }

  private kill(invocation: Invocation, why: string): void {
    if (!invocation.alive) return
    this.world.trace(`${invocation.stage} #${invocation.number} dies: ${why}`)
    invocation.over('crashed')
  }

  private start(stage: string): Instance {
    const { random, chance } = this.world
    const isOff = chance.allowed('clock skew')
    if (isOff) chance.happened('a clock is off')
    const skew = isOff ? random.between(-SKEW_MAX, SKEW_MAX) : 0
    const instance = { stage, deployment: this.deployment, current: undefined } as Omit<Instance, 'handler'>
    const gate: Gate = (effect) => this.call((instance as Instance).current as Invocation, effect)
    return Object.assign(instance, { handler: this.deploy(stage, gate, skew) })
  }

  /** One call of a service: some milliseconds until it happens, some until its answer is there. */
  private call(invocation: Invocation, effect: Effect): Promise<unknown> {
    const { timeline, random, chance } = this.world
    const fault = chance.effect(invocation.stage, effect)
    const latency =
      fault === 'stall' ? random.between(2_000, 75_000) : random.between(LATENCY.least, LATENCY.most)
    return new Promise((resolve, reject) => {
      timeline.after(latency, () => {
        if (!invocation.alive) return
        this.tell(invocation, effect, fault)
        if (fault === 'crash before') return this.kill(invocation, `before ${effect.name}`)
        const answer = outcome(effect, fault)
        if (fault === 'crash after') return this.kill(invocation, `after ${effect.name}`)
        const answered = () => ('error' in answer ? reject(answer.error) : resolve(answer.value))
        if (random.chance(ANSWERED_AT_ONCE)) return answered()
        timeline.after(random.chance(0.1) ? random.between(200, 4_000) : random.between(1, 60), () => {
          if (invocation.alive) answered()
        })
      })
    })
  }

  private tell(invocation: Invocation, effect: Effect, fault: string | undefined): void {
    this.world.trace(
      () => `  ${invocation.stage} #${invocation.number}: ${effect.name}${fault ? `  !! ${fault}` : ''}`,
    )
  }
}

function outcome(
  effect: Effect,
  fault: Parameters<Effect['apply']>[0],
): { value: unknown } | { error: unknown } {
  if (fault === 'throttled') return { error: named(effect.throttled, 'throttled for now') }
  try {
    const value = effect.apply(fault)
    return fault === 'lost answer' ? { error: named('TimeoutError', 'no answer came') } : { value }
  } catch (error) {
    return { error }
  }
}

const named = (name: string, message: string) => Object.assign(new Error(message), { name })

import { SOURCE } from '../../events/catalog.js'
import { chain } from '../../events/chain.js'
import type { Trigger, Work } from '../../events/row.js'
import type { Chance } from './chance.js'
import { awsError, type Command, type Effect, type Fault } from './effect.js'
import type { Found, SimEvent } from './evidence.js'
import type { Functions, Result } from './functions.js'
import { Queue } from './queue.js'
import type { Random } from './random.js'
import type { Timeline } from './timeline.js'
import type { Trace } from './trace.js'

interface World {
  timeline: Timeline
  random: Random
  chance: Chance
  functions: Functions
  /** Stages that the clock leaves alone. */
  unclocked: readonly string[]
  trace: Trace
  /** An event that a listener will never hear, or that Lambda gave up. */
  lost(event: SimEvent, stage: string): void
  announced(event: SimEvent): void
}

type Told = { -readonly [K in keyof SimEvent]: SimEvent[K] } & {
  deliveries: { stage: string; result: Result | 'running' }[]
}

/** Lambda tries an asynchronous event again after one and after two minutes, then gives it up. */
const AGAIN_AFTER = [60_000, 120_000]
/** EventBridge, the queues and Lambda's asynchronous tries: who hears of what is read from the chain's rows. */
export class Bus {
  readonly events: Told[] = []
  /** Deliveries that are still to come, tries and messages included. */
  underWay = 0
  deadLetters = 0
  private readonly queues: Record<'landing' | 'queue', Queue<Told>>
  private readonly listeners = new Map<string, string[]>()

  constructor(private readonly world: World) {
    for (const { stage, on } of chain)
      for (const trigger of on) {
        const key = keyOf(trigger)
        this.listeners.set(key, [...(this.listeners.get(key) ?? []), stage])
      }
    this.queues = { landing: this.queueOf('landing'), queue: this.queueOf('queue') }
  }

  private queueOf(trigger: 'landing' | 'queue'): Queue<Told> {
    const { timeline, functions } = this.world
    const [stage] = this.listeners.get(trigger) as [string]
    return new Queue<Told>({
      timeline,
      functions,
      stage,
      took: (event) => event.deliveries.push({ stage, result: 'running' }),
      received: (event, result) => {
        const delivery = event.deliveries.findLast((one) => one.result === 'running')
        if (delivery) delivery.result = result
      },
      left: (event, givenUp) => {
        this.underWay -= 1
        if (givenUp) this.giveUp(event, stage)
      },
    })
  }

  /** SendMessage to the queue of what is put off. */
  laterEffectOf = ({ input }: Command): Effect => {
    const raw = JSON.parse(input.MessageBody) as Found
    const apply = () => this.putOff(raw, Number(input.DelaySeconds) * 1_000)
    return {
      name: `SendMessage ${raw['detail-type']}`,
      faults: ['lost answer'],
      throttled: 'ThrottlingException',
      apply,
    }
  }

  private putOff(raw: Found, delay: number) {
    if (delay > 900_000) throw awsError('InvalidParameterValue', 'a delay of more than 900 s')
    const event = this.record(`Later ${raw['detail-type']}`, raw.detail)
    for (const stage of this.listeners.get('queue') ?? [])
      this.copies(event, stage, (late) =>
        this.enqueue('queue', event, { ...raw, id: event.id }, delay + late),
      )
    return { MessageId: event.id }
  }

  /** PutEvents: entries can be refused one by one, with a 200. */
  effectOf = ({ input }: Command): Effect => {
    const names = (input.Entries as { DetailType: string }[]).map(({ DetailType }) => DetailType)
    const apply = (fault: Fault | undefined) => this.put(input.Entries, fault)
    const name = `PutEvents ${[...new Set(names)].join(' + ')}`
    return { name, faults: ['refused entry', 'lost answer'], throttled: 'ThrottlingException', apply }
  }

  private put(entries: { DetailType: string; Detail: string }[], fault: Fault | undefined) {
    if (entries.length > 10) throw awsError('ValidationException', 'more than 10 entries')
    const refused = fault === 'refused entry' ? this.world.random.between(0, entries.length - 1) : -1
    const Entries = entries.map((entry, place) => {
      if (place === refused) return { ErrorCode: 'InternalFailure' }
      return { EventId: this.announce(entry.DetailType, JSON.parse(entry.Detail)).id }
    })
    return { FailedEntryCount: refused < 0 ? 0 : 1, Entries }
  }

  /** One of our own events, to every stage that listens to it. */
  announce(name: string, detail: Found): Told {
    const event = this.record(name, detail)
    const raw = { ...this.header(event), source: SOURCE, detail }
    for (const stage of this.listeners.get(`event ${name}`) ?? []) this.spread(event, raw, stage)
    return event
  }

  /** An event of ECS or Glue about the end of this kind of work. */
  announceEnd(work: Work, name: string, detail: Found): Told {
    const event = this.record(name, detail)
    const raw = { ...this.header(event), source: work.endsWith(' job') ? 'aws.glue' : 'aws.ecs', detail }
    for (const stage of this.listeners.get(`ended ${work}`) ?? []) this.spread(event, raw, stage)
    return event
  }

  announceLanding(detail: Found): Told {
    const event = this.record('Object Created', detail)
    const raw = { ...this.header(event), source: 'aws.s3', detail }
    for (const stage of this.listeners.get('landing') ?? [])
      this.copies(event, stage, (delay) => this.enqueue('landing', event, raw, delay))
    return event
  }

  /** What the clock starts so many minutes after the first time, every stage in its own rhythm. */
  tick(minutes: number): void {
    const { unclocked } = this.world
    for (const [key, stages] of this.listeners)
      if (key.startsWith(RHYTHM) && minutes % Number(key.slice(RHYTHM.length)) === 0)
        for (const stage of stages.filter((one) => !unclocked.includes(one))) {
          const event = this.record('Scheduled Event', {})
          const raw = { ...this.header(event), source: 'aws.events', detail: {} }
          this.deliver(event, raw, stage, 0)
          const { chance, random } = this.world
          if (chance.of(stage, 'tick', 'two reconcilers'))
            this.deliver(event, raw, stage, random.between(0, 900))
        }
  }

  private record(name: string, detail: Found): Told {
    const { now } = this.world.timeline
    const id = `e-${this.events.length + 1}`
    const event: Told = {
      id,
      name,
      detail,
      at: now,
      copies: 0,
      lost: false,
      deadLettered: false,
      deliveries: [],
    }
    this.world.announced(event)
    this.events.push(event)
    this.world.trace(() => `${id} ${name} ${JSON.stringify(detail).slice(0, 120)}`)
    return event
  }

  private header(event: Told) {
    return { id: event.id, time: new Date(event.at).toISOString(), 'detail-type': event.name }
  }

  private spread(event: Told, raw: Found, stage: string): void {
    this.copies(event, stage, (delay) => this.deliver(event, raw, stage, delay))
  }

  /** Delivers an event to one listener: once, late, twice, or never. */
  private copies(event: Told, stage: string, deliver: (delay: number) => void): void {
    const { chance, random, trace, lost } = this.world
    const what = `on ${event.name}`
    if (chance.of(stage, what, 'lost event')) {
      event.lost = true
      trace(`${event.id} is lost on its way to ${stage}`)
      lost(event, stage)
      return
    }
    const late = chance.of(stage, what, 'late event')
    event.copies += 1
    deliver(late ? random.between(5_000, 150_000) : random.between(5, 400))
    if (!chance.of(stage, what, 'duplicate event')) return
    event.copies += 1
    deliver(random.chance(0.5) ? random.between(5, 400) : random.between(1_000, 240_000))
  }

  private deliver(event: Told, raw: Found, stage: string, delay: number, tries = 0): void {
    const { timeline, functions } = this.world
    this.underWay += 1
    timeline.after(delay, () => {
      const delivery = { stage, result: 'running' as Result | 'running' }
      event.deliveries.push(delivery)
      functions.invoke(stage, raw, (result) => {
        this.underWay -= 1
        delivery.result = result
        if (result === 'done') return
        const again = AGAIN_AFTER[tries]
        if (again === undefined) return this.giveUp(event, stage)
        this.deliver(event, raw, stage, again, tries + 1)
      })
    })
  }

  private giveUp(event: Told, stage: string): void {
    event.deadLettered = true
    this.deadLetters += 1
    this.world.trace(`${event.id} ${event.name} goes to the dead letters of ${stage}`)
    this.world.lost(event, stage)
  }

  private enqueue(queue: 'landing' | 'queue', event: Told, raw: Found, delay: number): void {
    this.underWay += 1
    this.queues[queue].put(event, raw, delay)
  }
}

const RHYTHM = 'every minutes '

function keyOf(trigger: Trigger): string {
  if ('event' in trigger) return `event ${trigger.event}`
  if ('ended' in trigger) return `ended ${trigger.ended}`
  if ('everyMinutes' in trigger) return `${RHYTHM}${trigger.everyMinutes}`
  return Object.keys(trigger)[0] as string
}

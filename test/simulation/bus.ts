import { SOURCE } from '../../events/catalog.js'
import { chain, type Trigger, type Work } from '../../events/chain.js'
import type { Chance } from './chance.js'
import { awsError, type Command, type Effect, type Fault } from './effect.js'
import type { Found, SimEvent } from './evidence.js'
import type { Functions, Result } from './functions.js'
import type { Random } from './random.js'
import type { Timeline } from './timeline.js'

interface World {
  timeline: Timeline
  random: Random
  chance: Chance
  functions: Functions
  trace(what: string): void
  /** An event that a listener will never hear, or that Lambda gave up. */
  lost(event: SimEvent, stage: string): void
  announced(event: SimEvent): void
}

type Told = { -readonly [K in keyof SimEvent]: SimEvent[K] } & {
  deliveries: { stage: string; result: Result | 'running' }[]
}

/** Lambda tries an asynchronous event again after one and after two minutes, then gives it up. */
const AGAIN_AFTER = [60_000, 120_000]
/** infra/bus.yml: how long SQS hides a message that was taken, and how often it gives it out. */
const HIDDEN = 360_000
const RECEIVES_MAX = 5
const BATCH_MAX = 10

interface Message {
  event: Told
  raw: Found
  visibleAt: number
  receives: number
}

/** EventBridge, the landing queue and Lambda's asynchronous tries: who hears of what is read from the chain's rows. */
export class Bus {
  readonly events: Told[] = []
  /** Deliveries that are still to come, tries and messages included. */
  underWay = 0
  deadLetters = 0
  private readonly queue: Message[] = []
  private readonly listeners = new Map<string, string[]>()

  constructor(private readonly world: World) {
    for (const { stage, on } of chain)
      for (const trigger of on) {
        const key = keyOf(trigger)
        this.listeners.set(key, [...(this.listeners.get(key) ?? []), stage])
      }
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
    const raw = { ...this.header(event), source: work === 'cleanse job' ? 'aws.glue' : 'aws.ecs', detail }
    for (const stage of this.listeners.get(`ended ${work}`) ?? []) this.spread(event, raw, stage)
    return event
  }

  announceLanding(detail: Found): Told {
    const event = this.record('Object Created', detail)
    const raw = { ...this.header(event), source: 'aws.s3', detail }
    for (const stage of this.listeners.get('landing') ?? [])
      this.copies(event, stage, (delay) => this.enqueue(event, raw, delay))
    return event
  }

  /** One tick of a schedule, to every stage that runs by one. */
  tick(): void {
    for (const [key, stages] of this.listeners)
      if (key.startsWith('everyMinutes'))
        for (const stage of stages) {
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
    this.world.trace(`${id} ${name} ${JSON.stringify(detail).slice(0, 120)}`)
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

  private enqueue(event: Told, raw: Found, delay: number): void {
    this.underWay += 1
    const { timeline } = this.world
    this.queue.push({ event, raw, visibleAt: timeline.now + delay, receives: 0 })
    timeline.after(delay + 20, () => this.poll())
  }

  /** Takes what is visible, a batch at a time. */
  private poll(): void {
    const { timeline, functions } = this.world
    const batch = this.queue.filter(({ visibleAt }) => visibleAt <= timeline.now).slice(0, BATCH_MAX)
    const [stage] = this.listeners.get('landing') ?? []
    if (batch.length === 0 || !stage) return
    const Records = batch.map(({ raw }, place) => ({ messageId: String(place), body: JSON.stringify(raw) }))
    for (const message of batch) {
      message.visibleAt = timeline.now + HIDDEN
      message.receives += 1
      message.event.deliveries.push({ stage, result: 'running' })
    }
    functions.invoke(stage, { Records }, (result, answer) => this.received(batch, stage, result, answer))
  }

  private received(batch: Message[], stage: string, result: Result, answer: Found): void {
    const items = (result === 'done' ? answer.batchItemFailures : []) as { itemIdentifier: string }[]
    const back = new Set(items.map(({ itemIdentifier }) => itemIdentifier))
    for (const [place, message] of batch.entries()) {
      const delivery = message.event.deliveries.findLast((one) => one.result === 'running')
      const failed = result === 'done' && back.has(String(place))
      if (delivery) delivery.result = failed ? 'threw' : result
      const again = failed || result !== 'done'
      if (again && message.receives < RECEIVES_MAX) {
        this.world.timeline.after(message.visibleAt - this.world.timeline.now + 10, () => this.poll())
        continue
      }
      this.underWay -= 1
      this.queue.splice(this.queue.indexOf(message), 1)
      if (again) this.giveUp(message.event, stage)
    }
  }
}

function keyOf(trigger: Trigger): string {
  if ('event' in trigger) return `event ${trigger.event}`
  if ('ended' in trigger) return `ended ${trigger.ended}`
  if ('everyMinutes' in trigger) return `everyMinutes ${trigger.everyMinutes}`
  return Object.keys(trigger)[0] as string
}

import { type Delayed, LATER_SECONDS_MAX, type Later } from '../../shared/later.js'
import type { FakeClock } from './clock.js'

/** The queue of what is put off: each message comes out after its own delay. */
export class FakeLater {
  readonly waiting: { event: Delayed; at: number }[] = []

  constructor(private readonly clock: FakeClock) {}

  readonly send: Later = async (event, seconds) => {
    const delay = Math.max(0, Math.min(LATER_SECONDS_MAX, Math.ceil(seconds)))
    this.waiting.push({ event, at: this.clock.now() + delay * 1_000 })
  }

  /** Takes out what is due, the earliest first. */
  due(): Delayed[] {
    const due = this.waiting.filter(({ at }) => at <= this.clock.now()).sort((a, b) => a.at - b.at)
    for (const one of due) this.waiting.splice(this.waiting.indexOf(one), 1)
    return due.map(({ event }) => event)
  }
}

import { catalog, type Outgoing, RunStarted } from '../../events/catalog.js'
import { announceReady } from '../../shared/bus.js'

/** The bus: takes events as their schemas want them, and keeps what nobody took yet. */
export class FakeBus {
  /** Every event that was put, in order. */
  readonly seen: Outgoing[] = []
  private readonly waiting: Outgoing[] = []

  readonly publish = async (events: Outgoing[]): Promise<void> => {
    for (const event of events) {
      const known = catalog.find(({ name }) => name === event.name)
      known?.detail.parse(event.detail)
      this.seen.push(event)
      // Only lineage hears of it, which the tests of lineage tell by themselves.
      if (event.name !== RunStarted.name) this.waiting.push(event)
    }
  }

  readonly announceReady = announceReady(this.publish)

  /** The next event to deliver. */
  take(): Outgoing | undefined {
    return this.waiting.shift()
  }

  /** The details of all events of one name. */
  details<N extends Outgoing['name']>(name: N) {
    const found = this.seen.filter((event) => event.name === name)
    return found.map((event) => event.detail) as Extract<Outgoing, { name: N }>['detail'][]
  }
}
